import CLibGit2

/// Takes a tree of one repository over into another.
///
/// What a work tree's recording would leave out is left out here too (submodules, names of
/// ``RecordingRules``), so that a check-out that nobody touched has the same tree again.
enum TreeImport {
  /// No repository has as many. A few objects can stand for more paths than a disk holds.
  static let maximumEntries = 1_000_000

  /// Copies all that the tree holds, and nothing else of `source`.
  static func copy(
    _ id: ObjectID, from source: borrowing ObjectStore, to store: borrowing ObjectStore
  ) throws(ToolsError) -> ObjectID {
    var pass = Pass(isShared: false)
    return try pass.take(id, from: source, to: store, at: "", depth: 0).id
  }

  /// Has all of the source's objects found in `store`, if that is possible, and copies nothing.
  static func share(
    _ id: ObjectID, from source: borrowing ObjectStore, with store: borrowing ObjectStore
  ) throws(ToolsError) -> (id: ObjectID, leftAlone: LeftAlone) {
    var pass = Pass(isShared: try store.borrowObjects(of: source, such: id))
    let taken = try pass.take(id, from: source, to: store, at: "", depth: 0)
    return (taken.id, LeftAlone(submodules: taken.submodules, hasLFS: pass.hasLFS))
  }
}

/// What of a revision's files is not recorded, or not as it is for who works with them.
package struct LeftAlone: Sendable {
  /// The paths of the submodules.
  package let submodules: [String]
  /// Whether there are pointers in the place of files that are in LFS.
  package let hasLFS: Bool
}

/// One walk over a tree.
private struct Pass {
  let isShared: Bool
  private(set) var hasLFS = false
  /// Each tree is walked through once, however often it is there.
  private var known: [ObjectID: Taken] = [:]

  init(isShared: Bool) { self.isShared = isShared }

  struct Taken {
    var id: ObjectID
    var isEmpty = true
    /// How many names and how many folders on top of each other are below it.
    var entries = 0
    var height = 0
    /// Their paths from here.
    var submodules: [String] = []
  }

  mutating func take(
    _ id: ObjectID, from source: borrowing ObjectStore, to store: borrowing ObjectStore,
    at path: String, depth: Int
  ) throws(ToolsError) -> Taken {
    let before = known[id]
    guard depth + (before?.height ?? 0) <= TreeRecorder.maximumDepth else {
      throw ToolsError(.git, "\(path) is deeper than \(TreeRecorder.maximumDepth) folders")
    }
    if let before { return before }
    let original: [UInt8]
    do throws(ToolsError) {
      original = try source.read(id, as: GIT_OBJECT_TREE)
    } catch {
      throw source.contains(id) ? error : Self.missing(path, from: source)
    }
    guard let tree = TreeObject(data: original) else {
      throw ToolsError(.git, "the tree \(id) of the repository is damaged")
    }
    var result = Taken(id: id)
    var entries: [[UInt8]: TreeObject.Entry] = [:]
    for entry in tree.entries {
      let own = String(decoding: entry.name, as: UTF8.self)
      let name = path + own
      guard RecordingRules.isSafe(entry.name) else {
        throw ToolsError(.git, "the path \(name) of the repository can't be checked out safely")
      }
      guard RecordingRules.isRecorded(entry.name) else { continue }
      var taken: TreeObject.Entry? = entry
      result.entries += 1
      switch entry.mode {
      case .submodule:
        result.submodules.append(own)
        taken = nil
      case .folder:
        let folder = try take(
          entry.id, from: source, to: store, at: name + "/", depth: depth + 1)
        result.entries += folder.entries
        result.height = max(result.height, folder.height + 1)
        result.submodules += folder.submodules.map { own + "/" + $0 }
        taken?.id = folder.id
        if folder.isEmpty { taken = nil }
      case .file, .executable, .link:
        guard source.contains(entry.id) else { throw Self.missing(name, from: source) }
        if !isShared, !store.contains(entry.id) {
          _ = try store.write(source.blob(entry.id), as: GIT_OBJECT_BLOB)
        }
        if own == ".gitattributes", entry.mode != .link { try lookForLFS(entry.id, in: source) }
      }
      guard result.entries <= TreeImport.maximumEntries else {
        throw ToolsError(
          .git,
          "\(source.path) has more than \(TreeImport.maximumEntries) files and folders, too many to check out"
        )
      }
      entries[entry.name] = taken
    }
    // Some trees have modes that nothing writes any more, or two entries of one name: those are written anew.
    let taken = TreeObject(Array(entries.values))
    if !isShared || taken.data != original { result.id = try store.write(taken) }
    result.isEmpty = entries.isEmpty
    known[id] = result
    return result
  }

  /// What names files of LFS is short.
  private mutating func lookForLFS(
    _ attributes: ObjectID, in source: borrowing ObjectStore
  ) throws(ToolsError) {
    guard !hasLFS, let size = source.size(of: attributes), size <= 64 << 10 else { return }
    let text = String(decoding: try source.blob(attributes), as: UTF8.self)
    hasLFS = text.utf8.indices(of: "filter=lfs") != nil
  }

  private static func missing(_ path: String, from source: borrowing ObjectStore) -> ToolsError {
    let what = path.isEmpty ? "the revision's files" : "the revision's \(path.debugDescription)"
    return ToolsError(
      .git,
      "\(source.path) lacks \(what), as a partial clone does; `git fetch --refetch --no-filter` there fetches"
        + " all that is missing")
  }
}
