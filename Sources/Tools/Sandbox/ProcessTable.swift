import Glibc

/// The processes of the machine at one moment, as /proc tells.
struct ProcessTable {
  struct Entry: Hashable {
    let pid: pid_t
    let parent: pid_t
    let session: pid_t
    let threads: Int
    /// Clock ticks after boot at which it began; with the pid it names a process for good.
    let start: UInt64
    let residentBytes: Int
    let isZombie: Bool
  }

  private(set) var entries: [pid_t: Entry] = [:]
  private var children: [pid_t: [pid_t]] = [:]

  init() {
    guard let folder = try? Descriptor.folder(at: "/proc") else { return }
    for name in folder.names() ?? [] {
      guard name.first.map({ (0x30...0x39).contains($0) }) == true,
        let pid = pid_t(String(decoding: name, as: UTF8.self)),
        let entry = ProcessTable.entry(pid)
      else { continue }
      entries[pid] = entry
      children[entry.parent, default: []].append(pid)
    }
  }

  /// All processes below `root`, without it, parents first.
  func descendants(of root: pid_t) -> [Entry] {
    var result: [Entry] = []
    var waiting = [root]
    var seen: Set<pid_t> = [root]
    while let next = waiting.popLast() {
      for child in children[next] ?? [] where seen.insert(child).inserted {
        if let entry = entries[child] { result.append(entry) }
        waiting.append(child)
      }
    }
    return result
  }

  static func entry(_ pid: pid_t) -> Entry? {
    guard let text = readSmallFile("/proc/\(pid)/stat"),
      // The name may hold spaces and brackets: what follows the last ")" is counted.
      let close = text.lastIndex(of: 0x29)
    else { return nil }
    let fields = text[(close + 1)...].split(separator: 0x20).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard fields.count > 21, let parent = pid_t(fields[1]), let session = pid_t(fields[3]),
      let threads = Int(fields[17]), let start = UInt64(fields[19]), let pages = Int(fields[21])
    else { return nil }
    return Entry(
      pid: pid, parent: parent, session: session, threads: threads, start: start,
      residentBytes: pages * Int(sysconf(Int32(_SC_PAGESIZE))),
      isZombie: fields[0] == "Z" || fields[0] == "X")
  }

  /// Memory of a process with shared pages counted in shares; its resident size where that is secret.
  static func proportionalBytes(_ entry: Entry) -> Int {
    guard let text = readSmallFile("/proc/\(entry.pid)/smaps_rollup") else {
      return entry.residentBytes
    }
    for line in text.split(separator: 0x0A) where line.starts(with: "Pss:".utf8) {
      let number = line.filter { (0x30...0x39).contains($0) }
      return (Int(String(decoding: number, as: UTF8.self)) ?? 0) * 1024
    }
    return entry.residentBytes
  }
}

/// The start of a file of /proc or of the cgroup file system.
func readSmallFile(_ path: String, limit: Int = 4096) -> [UInt8]? {
  let number = open(path, O_RDONLY | O_CLOEXEC)
  guard number >= 0 else { return nil }
  return Descriptor(owning: number).read(limit: limit)
}
