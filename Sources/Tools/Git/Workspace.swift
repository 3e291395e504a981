import Glibc
import Synchronization

/// A work tree on disk that an agent works in, and the trajectory of its states in a ``Recorder``.
///
/// Recorded are all files with their bytes, links, executable bits and whatever names; .gitignore is
/// not asked. Left out: ".git" at any depth (the files of a nested repository are recorded),
/// "__pycache__", "*.pyc", ".pytest_cache", ".mypy_cache", empty folders, FIFOs, sockets and devices.
public final class Workspace: Sendable {
  /// The folder of the host; inside the sandbox it is ``Sandbox/workspacePath``.
  public let path: String
  /// The trajectory's name.
  public let name: String
  public let recorder: Recorder
  /// The state the trajectory began with; a fork has the one of its origin.
  public let base: Snapshot

  private struct State {
    var head: Snapshot
    var cache = StatCache()
    var skipped: [[UInt8]] = []
  }
  private let state: Mutex<State>

  private init(path: String, name: String, recorder: Recorder, base: Snapshot, head: Snapshot) {
    self.path = path
    self.name = name
    self.recorder = recorder
    self.base = base
    state = Mutex(State(head: head))
  }

  /// The last recorded snapshot.
  public var head: Snapshot { state.withLock { $0.head } }

  /// Paths that the last commit could not record as they are: special files, unreadable or huge ones.
  public var skippedPaths: [String] {
    state.withLock { $0.skipped.map { String(decoding: $0, as: UTF8.self) } }
  }

  // MARK: Making one

  /// Records the source as the trajectory's first commit and writes it out at `path`, which must not
  /// exist or be an empty folder. A trajectory that had the name begins anew.
  ///
  /// With `agentRepository` the work tree is also a git repository of its own, of one commit, with
  /// no history and no remote. `time`: seconds since 1970, now if nil.
  public static func materialize(
    _ source: TreeSource, recorder: Recorder, name: String, at path: String,
    agentRepository: Bool = false, time: Int64? = nil
  ) throws(ToolsError) -> Workspace {
    let reference = try Recorder.reference(name)
    let recorded = try recorder.record(source, message: "base of \(name)", time: time)
    try recorder.withStore { (store) throws(ToolsError) in
      try store.setReference(reference, to: recorded.commit)
    }
    let workspace = Workspace(
      path: path, name: name, recorder: recorder, base: recorded, head: recorded)
    try workspace.fillNewFolder(with: recorded, agentRepository: agentRepository)
    return workspace
  }

  /// A second work tree with a trajectory of its own that continues from `snapshot`.
  public func fork(
    from snapshot: Snapshot, name: String, at path: String, agentRepository: Bool = false
  ) throws(ToolsError) -> Workspace {
    let reference = try Recorder.reference(name)
    try recorder.withStore { (store) throws(ToolsError) in
      try store.setReference(reference, to: snapshot.commit)
    }
    let workspace = Workspace(
      path: path, name: name, recorder: recorder, base: base, head: snapshot)
    try workspace.fillNewFolder(with: snapshot, agentRepository: agentRepository)
    return workspace
  }

  private func fillNewFolder(with snapshot: Snapshot, agentRepository: Bool) throws(ToolsError) {
    try makeFolders(path)
    let folder = try Descriptor.folder(at: path)
    guard let names = folder.names() else { throw .file("can't list \(path)") }
    guard names.isEmpty else {
      throw ToolsError(.file, "\(path) isn't empty; a workspace needs a new or an empty folder")
    }
    try checkOut(snapshot, into: folder)
    if agentRepository { try AgentRepository.make(at: path, tree: base.tree, from: recorder) }
  }

  private func checkOut(_ snapshot: Snapshot, into folder: borrowing Descriptor) throws(ToolsError)
  {
    try state.withLock { (state) throws(ToolsError) in
      var cache = state.cache
      try recorder.withStore { (store) throws(ToolsError) in
        try CheckOut.run(snapshot.tree, of: store, into: folder, cache: &cache)
      }
      state.cache = cache
    }
  }

  // MARK: Recording and going back

  /// Records the work tree as the trajectory's next commit, whether or not anything changed.
  @discardableResult
  public func commit(_ message: String, time: Int64? = nil) throws(ToolsError) -> Snapshot {
    let reference = try Recorder.reference(name)
    let folder = try Descriptor.folder(at: path)
    return try state.withLock { (state) throws(ToolsError) -> Snapshot in
      var cache = state.cache
      var skipped: [[UInt8]] = []
      let head = state.head
      let snapshot = try recorder.withStore { (store) throws(ToolsError) -> Snapshot in
        let tree = try TreeRecorder.record(
          folder, into: store, cache: &cache, skipped: &skipped, previous: head.tree)
        let snapshot = try store.commit(
          tree: tree, parent: head.commit, message: message, time: time ?? Recorder.now)
        try store.setReference(reference, to: snapshot.commit)
        return snapshot
      }
      state.cache = cache
      state.skipped = skipped
      state.head = snapshot
      return snapshot
    }
  }

  /// Makes the work tree equal to a snapshot: files that it doesn't have are deleted, recorded or not
  /// (the agent's own ".git" at the top stays). The trajectory goes on from its last commit.
  public func restore(_ snapshot: Snapshot) throws(ToolsError) {
    try checkOut(snapshot, into: Descriptor.folder(at: path))
  }

  /// Applies a unified git patch (binary patches too) to the work tree, all of it or nothing. Throws
  /// an error of kind `patch` if it doesn't apply. Commits nothing to the trajectory.
  public func apply(_ patch: [UInt8]) throws(ToolsError) {
    let folder = try Descriptor.folder(at: path)
    try state.withLock { (state) throws(ToolsError) in
      var cache = state.cache
      let previous = state.head.tree
      try recorder.withStore { (store) throws(ToolsError) in
        var skipped: [[UInt8]] = []
        let tree = try TreeRecorder.record(
          folder, into: store, cache: &cache, skipped: &skipped, previous: previous)
        let patched = try store.apply(patch, to: tree)
        try CheckOut.run(patched, of: store, into: folder, cache: &cache)
      }
      state.cache = cache
    }
  }

  /// Deletes the work tree; what was recorded stays.
  public func remove() throws(ToolsError) {
    let parts = path.utf8.split(separator: 0x2F, omittingEmptySubsequences: true).map { Array($0) }
    guard let last = parts.last, last != [0x2E], last != [0x2E, 0x2E] else {
      throw ToolsError(.input, "\(path) is no folder that can be deleted")
    }
    let parent = String(decoding: path.utf8.trimmed.dropLast(last.count), as: UTF8.self)
    try Descriptor.folder(at: parent.isEmpty ? "." : parent).removeAll(last)
  }

  // MARK: Differences

  /// The patch from a snapshot to the last recorded one.
  public func diff(since: Snapshot, excluding: [String] = []) throws(ToolsError) -> [UInt8] {
    try recorder.diff(from: since, to: head, excluding: excluding)
  }

  /// See ``Recorder/diff(from:to:excluding:)``.
  public func diff(from: Snapshot, to: Snapshot, excluding: [String] = []) throws(ToolsError)
    -> [UInt8]
  {
    try recorder.diff(from: from, to: to, excluding: excluding)
  }

  /// See ``Recorder/changedPaths(from:to:)``.
  public func changedPaths(from: Snapshot, to: Snapshot) throws(ToolsError) -> [ChangedPath] {
    try recorder.changedPaths(from: from, to: to)
  }
}

extension String.UTF8View {
  /// Without slashes at the end.
  fileprivate var trimmed: Substring.UTF8View {
    var rest = self[...]
    while rest.last == 0x2F { rest = rest.dropLast() }
    return rest
  }
}

/// `mkdir -p`.
func makeFolders(_ path: String) throws(ToolsError) {
  var prefix = path.hasPrefix("/") ? "/" : ""
  for part in path.split(separator: "/") {
    prefix += part
    if mkdir(prefix, 0o755) != 0 && errno != EEXIST {
      throw .file("can't make the folder \(prefix)")
    }
    prefix += "/"
  }
}
