import CLibGit2
import Glibc

/// What is known of the files since they were last hashed, so that a commit per turn reads only what
/// may have changed.
struct StatCache {
  struct Known {
    var status: FileStatus
    var id: ObjectID
  }
  fileprivate(set) var known: [[UInt8]: Known] = [:]

  /// Remembers a file whose status was taken before its contents were read or written. One whose
  /// change time is too near to now is not trusted: a second write within the clock's tick would
  /// leave the same status.
  mutating func remember(_ path: [UInt8], _ status: FileStatus, _ id: ObjectID) {
    guard status.changed < StatCache.now() - 20_000_000 else { return }
    known[path] = Known(status: status, id: id)
  }

  /// Nanoseconds since 1970 on the clock that file systems stamp with.
  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }
}

/// Writes a work tree into an object store as raw git trees: bytes as they are (no filters, no line
/// endings, no attributes), links as links, the executable bit as the only permission.
///
/// Left out: the names of ``RecordingRules``, empty folders (git has none), FIFOs, sockets and
/// devices (never opened), anything deeper than 100 folders, files above 512 MiB. What can't be read
/// keeps its last recorded state.
enum TreeRecorder {
  static let maximumDepth = 100
  static let maximumFileBytes = 512 << 20

  /// Records the open folder; returns its tree. `previous` is the tree recorded before, if any.
  static func record(
    _ folder: borrowing Descriptor, into store: borrowing ObjectStore, cache: inout StatCache,
    skipped: inout [[UInt8]], previous: ObjectID?
  ) throws(ToolsError) -> ObjectID {
    var pass = Pass(old: cache)
    let previousTree = try previous.map { id throws(ToolsError) in try store.tree(id) }
    let tree = try pass.record(folder, at: [], depth: 0, previous: previousTree, store: store)
    cache = pass.cache
    skipped = pass.skipped
    return try store.write(tree ?? TreeObject([]))
  }
}

/// One walk over the work tree.
private struct Pass {
  let old: StatCache
  var cache = StatCache()
  var skipped: [[UInt8]] = []

  init(old: StatCache) { self.old = old }

  /// Nil for a folder with nothing to record in it.
  mutating func record(
    _ folder: borrowing Descriptor, at path: [UInt8], depth: Int, previous: TreeObject?,
    store: borrowing ObjectStore
  ) throws(ToolsError) -> TreeObject? {
    guard let names = folder.names() else { return keep(previous, at: path) }
    let before = previous.map { tree in
      Dictionary(tree.entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
    var entries: [TreeObject.Entry] = []
    for name in names where RecordingRules.isRecorded(name) {
      guard let status = folder.status(of: name) else { continue }
      let inside = path.isEmpty ? name : path + [0x2F] + name
      let last = before?[name]
      let entry: TreeObject.Entry?
      switch status.kind {
      case .folder:
        entry = try recordFolder(
          name, in: folder, at: inside, depth: depth + 1, last: last, store: store)
      case .file:
        entry = try recordFile(name, status, in: folder, at: inside, last: last, store: store)
      case .link:
        let id = try folder.target(of: name).map { target throws(ToolsError) in
          try store.write(target, as: GIT_OBJECT_BLOB)
        }
        entry = id.map { TreeObject.Entry(name: name, mode: .link, id: $0) }
      case .other:
        skipped.append(inside)
        entry = nil
      }
      if let entry { entries.append(entry) }
    }
    return entries.isEmpty && !path.isEmpty ? nil : TreeObject(entries)
  }

  private mutating func keep(_ previous: TreeObject?, at path: [UInt8]) -> TreeObject? {
    skipped.append(path)
    return previous
  }

  private mutating func recordFolder(
    _ name: [UInt8], in parent: borrowing Descriptor, at path: [UInt8], depth: Int,
    last: TreeObject.Entry?, store: borrowing ObjectStore
  ) throws(ToolsError) -> TreeObject.Entry? {
    guard depth <= TreeRecorder.maximumDepth, let folder = parent.openFolder(name) else {
      skipped.append(path)
      return last?.mode == .folder ? last : nil
    }
    var previous: TreeObject?
    if let last, last.mode == .folder { previous = try store.tree(last.id) }
    guard
      let tree = try record(folder, at: path, depth: depth, previous: previous, store: store)
    else { return nil }
    return TreeObject.Entry(name: name, mode: .folder, id: try store.write(tree))
  }

  private mutating func recordFile(
    _ name: [UInt8], _ status: FileStatus, in folder: borrowing Descriptor, at path: [UInt8],
    last: TreeObject.Entry?, store: borrowing ObjectStore
  ) throws(ToolsError) -> TreeObject.Entry? {
    let mode: TreeObject.Mode = status.isExecutable ? .executable : .file
    if let known = old.known[path], known.status == status {
      cache.known[path] = known
      return TreeObject.Entry(name: name, mode: mode, id: known.id)
    }
    guard status.size <= TreeRecorder.maximumFileBytes, let file = folder.openFile(name),
      let opened = file.status(), let bytes = file.read(limit: TreeRecorder.maximumFileBytes)
    else {
      skipped.append(path)
      return last.flatMap { $0.mode == .file || $0.mode == .executable ? $0 : nil }
    }
    let id = try store.write(bytes, as: GIT_OBJECT_BLOB)
    cache.remember(path, opened, id)
    return TreeObject.Entry(name: name, mode: mode, id: id)
  }
}
