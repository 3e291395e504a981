import CLibGit2
import Glibc
import Synchronization

/// The git repository that holds every state of every work tree of a run: one object store, bare,
/// outside the sandbox, a reference `refs/heads/trajectories/<name>` for each trajectory.
///
/// `git -C <path> log -p trajectories/<name>` reads an episode. Safe to use from many tasks: calls
/// take turns.
public final class Recorder: Sendable {
  /// The repository's folder.
  public let path: String
  private let store: Mutex<ObjectStore>

  /// Opens the repository at `path`, or creates it.
  public init(at path: String) throws(ToolsError) {
    try LibGit2.start()
    self.path = path
    let isThere = access(path + "/HEAD", F_OK) == 0
    store = Mutex(
      isThere
        ? try ObjectStore(opening: path) : try ObjectStore(creating: path, bare: true))
  }

  func withStore<Result: Sendable>(
    _ body: (borrowing ObjectStore) throws(ToolsError) -> Result
  ) throws(ToolsError) -> Result {
    try store.withLock { (store) throws(ToolsError) -> Result in try body(store) }
  }

  // MARK: Trajectories

  private static let prefix = "refs/heads/trajectories/"

  static func reference(_ name: String) throws(ToolsError) -> String {
    let reference = prefix + name
    guard git_reference_is_valid_name(reference) == 1, !name.isEmpty else {
      throw ToolsError(
        .input, "\"\(name)\" can't name a trajectory: git refuses it as a branch name")
    }
    return reference
  }

  /// Sorted names of the trajectories.
  public func trajectories() throws(ToolsError) -> [String] {
    try withStore { (store) throws(ToolsError) in
      try store.referenceNames(under: Self.prefix).map { String($0.dropFirst(Self.prefix.count)) }
    }
  }

  /// The last snapshot of a trajectory; nil if there is none of that name.
  public func head(of name: String) throws(ToolsError) -> Snapshot? {
    let reference = try Self.reference(name)
    return try withStore { (store) throws(ToolsError) -> Snapshot? in
      guard let id = store.reference(reference) else { return nil }
      return try store.snapshot(id)
    }
  }

  // MARK: Snapshots

  /// The snapshot of a commit that was recorded here.
  public func snapshot(_ commit: ObjectID) throws(ToolsError) -> Snapshot {
    try withStore { (store) throws(ToolsError) in try store.snapshot(commit) }
  }

  /// The message of a commit, as given to ``Workspace/commit(_:time:)``.
  public func message(of commit: ObjectID) throws(ToolsError) -> String {
    let message = try withStore { (store) throws(ToolsError) in
      try store.commitText(commit).message
    }
    return message.hasSuffix("\n") ? String(message.dropLast()) : message
  }

  /// The snapshot before, or nil for a first commit.
  public func parent(of commit: ObjectID) throws(ToolsError) -> Snapshot? {
    try withStore { (store) throws(ToolsError) -> Snapshot? in
      let line = try store.commitText(commit).header.first { $0.hasPrefix("parent ") }
      guard let line, let id = ObjectID(hex: line.dropFirst(7)) else { return nil }
      return try store.snapshot(id)
    }
  }

  /// A unified git patch between two snapshots (binary patches included), in order of path, without
  /// changes to paths that match one of the ``Glob`` patterns of `excluding`.
  public func diff(from: Snapshot, to: Snapshot, excluding: [String] = []) throws(ToolsError)
    -> [UInt8]
  {
    try withStore { (store) throws(ToolsError) in
      try store.patch(from: from.tree, to: to.tree, excluding: excluding)
    }
  }

  public func size(from: Snapshot, to: Snapshot) throws(ToolsError) -> PatchSize {
    try withStore { (store) throws(ToolsError) in try store.size(from: from.tree, to: to.tree) }
  }

  /// Records `to` with its changes at excluded paths undone: what ``diff(from:to:excluding:)`` makes of
  /// `from`, without the detour over a patch. A grader starts from it. Child of `from`.
  public func snapshot(
    from: Snapshot, to: Snapshot, excluding: [String], time: Int64? = nil
  ) throws(ToolsError) -> Snapshot {
    let globs = excluding.map(Glob.init)
    return try withStore { (store) throws(ToolsError) in
      let tree = try store.tree(from: from.tree, to: to.tree, excluding: globs)
      return try store.commit(
        tree: tree, parent: from.commit, message: "changes outside protected paths",
        time: time ?? Self.now)
    }
  }

  /// The paths that differ, in order of their bytes.
  public func changedPaths(from: Snapshot, to: Snapshot) throws(ToolsError) -> [ChangedPath] {
    try withStore { (store) throws(ToolsError) in try store.changes(from: from.tree, to: to.tree) }
  }

  /// The contents of a file of a snapshot; nil if there is none at that path or it is no file.
  public func contents(of path: String, in snapshot: Snapshot) throws(ToolsError) -> [UInt8]? {
    let names = path.utf8.split(separator: 0x2F).map { Array($0) }
    return try withStore { (store) throws(ToolsError) -> [UInt8]? in
      var tree = snapshot.tree
      for (index, name) in names.enumerated() {
        guard let entry = try store.tree(tree).entries.first(where: { $0.name == name }) else {
          return nil
        }
        if entry.mode == .folder {
          tree = entry.id
        } else {
          let isFile = entry.mode == .file || entry.mode == .executable
          return index == names.count - 1 && isFile ? try store.blob(entry.id) : nil
        }
      }
      return nil
    }
  }

  /// Records what a patch makes of a state; child of it. Throws an error of kind `patch` if it doesn't apply.
  public func record(_ patch: [UInt8], onto base: Snapshot, message: String, time: Int64? = nil)
    throws(ToolsError) -> Snapshot
  {
    try withStore { (store) throws(ToolsError) in
      try store.commit(
        tree: store.apply(patch, to: base.tree), parent: base.commit, message: message,
        time: time ?? Self.now)
    }
  }

  // MARK: Sources

  /// Records a source as a commit without a parent. The objects of a git repository are read where they are, not
  /// copied: it must stay there as long as they are wanted.
  public func record(_ source: TreeSource, message: String = "base", time: Int64? = nil)
    throws(ToolsError) -> Snapshot
  {
    let time = time ?? Self.now
    switch source {
    case .snapshot(let snapshot): return snapshot
    case .folder(let path):
      let folder = try Descriptor.folder(at: path)
      return try withStore { (store) throws(ToolsError) in
        var cache = StatCache()
        var skipped: [[UInt8]] = []
        let tree = try TreeRecorder.record(
          folder, into: store, cache: &cache, skipped: &skipped, previous: nil)
        return try store.commit(tree: tree, parent: nil, message: message, time: time)
      }
    case .repository(let path, let revision):
      return try record(revision, of: path, message: message, time: time).snapshot
    }
  }

  /// Records a revision of a git repository, and says what of it isn't there, and which commit of the repository's own
  /// it is now.
  package func record(
    _ revision: String, of repository: String, message: String = "base", time: Int64? = nil
  ) throws(ToolsError) -> (snapshot: Snapshot, leftAlone: LeftAlone, commit: ObjectID) {
    let source = try ObjectStore(opening: repository)
    let original = try source.snapshot(source.resolve(revision))
    let (snapshot, leftAlone) = try withStore {
      (store) throws(ToolsError) -> (Snapshot, LeftAlone) in
      let (tree, leftAlone) = try TreeImport.share(original.tree, from: source, with: store)
      let snapshot = try store.commit(
        tree: tree, parent: nil, message: message, time: time ?? Self.now)
      return (snapshot, leftAlone)
    }
    return (snapshot, leftAlone, original.commit)
  }

  /// Seconds since 1970.
  static var now: Int64 { Int64(StatCache.now() / 1_000_000_000) }
}

/// Where a workspace's first state comes from.
public enum TreeSource: Sendable, Hashable {
  /// All files of a folder of the host, but the names that are never recorded (".git",
  /// "__pycache__", "*.pyc", ".pytest_cache", ".mypy_cache").
  case folder(String)
  /// The committed tree of a git repository at a revision; its work tree and history stay out.
  case repository(String, revision: String = "HEAD")
  /// A state recorded earlier by this recorder.
  case snapshot(Snapshot)
}
