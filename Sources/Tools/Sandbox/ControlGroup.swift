import Glibc
import Synchronization

/// The kernel's control group of one command: no matter how late our own threads get their turn, it
/// never has more processes than its limit, and whatever is in it can be found and killed.
struct ControlGroup: Sendable {
  /// One folder with cgroup v2; with v1 one for each controller.
  let folders: [String]
  let isUnified: Bool

  private static let number = Atomic<Int>(0)
  private static let prefix = "hindsight-"

  /// Makes the group in each of `places`; nil with errno, and nothing left, if one refuses.
  init?(in places: [ControlGroupPlace], limits: SandboxLimits) {
    let number = Self.number.wrappingAdd(1, ordering: .relaxed).newValue
    let name = "\(Self.prefix)\(getpid())-\(number)"
    folders = places.map { "\($0.folder)/\(name)" }
    isUnified = places.contains { $0.isUnified }
    for (place, folder) in zip(places, folders) {
      guard mkdir(folder, 0o755) == 0, Self.limit(folder, of: place, limits) else {
        let code = errno
        for folder in folders { rmdir(folder) }
        errno = code
        return nil
      }
    }
  }

  private static func limit(
    _ folder: String, of place: ControlGroupPlace, _ limits: SandboxLimits
  ) -> Bool {
    if place.controllers.contains(.pids) {
      // One more for the program that was started itself (bwrap, or the shell that sets the limits):
      // the watch doesn't count it either.
      let most = min(max(limits.processes, 1), 1 << 21) + 1
      guard write("\(most)", to: folder + "/pids.max") else { return false }
    }
    if place.controllers.contains(.memory) {
      // The watch, which counts the processes' memory only, speaks first. The kernel counts files in
      // /tmp and /dev/shm too, which have bounds of their own.
      let most = min(limits.memoryBytes, 1 << 52) + 2 * min(limits.temporaryBytes, 1 << 52)
      let files =
        place.isUnified
        ? ["memory.max", "memory.swap.max"]
        : ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
      guard write("\(max(most, 1 << 24))", to: "\(folder)/\(files[0])") else { return false }
      // Without accounting of swap there is no second file.
      _ = write(place.isUnified ? "0" : "\(max(most, 1 << 24))", to: "\(folder)/\(files[1])")
    }
    return true
  }

  /// Arguments of sh that put the shell itself into the group and only then become the program.
  func entering(_ program: String, _ arguments: [String]) -> [String] {
    let script = """
      while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 125; shift; done
      shift; exec "$@"
      """
    return ["-c", script, "sh"] + folders + ["--", program] + arguments
  }

  /// The limit at which the kernel refused a new process or killed one for its memory. A command
  /// may go on after that, but not in the way that it would have gone without the limit.
  var limitHit: Watch.Reason? {
    for folder in folders {
      if Self.counter("max", in: folder + "/pids.events") > 0 { return .processes }
      let memory = isUnified ? "/memory.events" : "/memory.oom_control"
      if Self.counter("oom_kill", in: folder + memory) > 0 { return .memory }
    }
    return nil
  }

  /// Kills what is in the group now, which can't have children any more.
  func killAll() {
    for folder in folders {
      _ = Self.write("0", to: folder + "/pids.max")
      if isUnified { _ = Self.write("1", to: folder + "/cgroup.kill") }
      // A number of 0 is a process that can't be seen from here.
      for process in Self.processes(in: folder) where process > 0 { kill(process, SIGKILL) }
    }
  }

  /// Kills what is left and removes the group. False if a process can't be killed for seconds: then
  /// the next run removes it.
  @discardableResult
  func remove() -> Bool {
    for _ in 0..<5000 {
      if folders.allSatisfy({ rmdir($0) == 0 || errno == ENOENT }) { return true }
      killAll()
      usleep(1000)
    }
    return false
  }

  /// The group called `name` in `place` if a run made it that was killed: its name tells a process
  /// that isn't there now.
  init?(leftover name: String, in place: ControlGroupPlace) {
    guard name.hasPrefix(Self.prefix),
      let owner = name.dropFirst(Self.prefix.count).split(separator: "-").first
        .flatMap({ pid_t($0) }), owner > 0, kill(owner, 0) != 0, errno == ESRCH
    else { return nil }
    folders = ["\(place.folder)/\(name)"]
    isUnified = place.isUnified
  }

  private static func processes(in folder: String) -> [pid_t] {
    let text = readSmallFile(folder + "/cgroup.procs", limit: 1 << 20) ?? []
    return text.split(separator: 0x0A).compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
  }

  /// The number after `key` in a file of such lines; 0 if there is none.
  private static func counter(_ key: String, in path: String) -> Int {
    for line in (readSmallFile(path) ?? []).split(separator: 0x0A) {
      let words = line.split(separator: 0x20)
      if words.count == 2, words[0].elementsEqual(key.utf8) {
        return Int(String(decoding: words[1], as: UTF8.self)) ?? 0
      }
    }
    return 0
  }

  private static func write(_ text: String, to path: String) -> Bool {
    let number = open(path, O_WRONLY | O_CLOEXEC)
    return number >= 0 && Descriptor(owning: number).write(Array(text.utf8))
  }
}
