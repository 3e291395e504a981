import CLibGit2

/// Takes a tree of one repository over into another.
///
/// What a work tree's recording would leave out is left out here too (submodules, names of
/// ``RecordingRules``), so that a check-out that nobody touched has the same tree again.
enum TreeImport {
  /// Copies all that the tree holds, and nothing else of `source`.
  static func copy(
    _ id: ObjectID, from source: borrowing ObjectStore, to store: borrowing ObjectStore
  ) throws(ToolsError) -> ObjectID {
    try take(id, from: source, to: store, isShared: false, at: "", depth: 0).id
  }

  /// Has all of the source's objects found in `store`, if that is possible, and copies nothing.
  static func share(
    _ id: ObjectID, from source: borrowing ObjectStore, with store: borrowing ObjectStore
  ) throws(ToolsError) -> ObjectID {
    let isShared = try store.borrowObjects(of: source, such: id)
    return try take(id, from: source, to: store, isShared: isShared, at: "", depth: 0).id
  }

  /// The paths of the tree's submodules.
  static func submodules(
    in id: ObjectID, of source: borrowing ObjectStore, at path: String = ""
  ) throws(ToolsError) -> [String] {
    var found: [String] = []
    for entry in TreeObject(data: try source.read(id, as: GIT_OBJECT_TREE))?.entries ?? [] {
      let name = path + String(decoding: entry.name, as: UTF8.self)
      switch entry.mode {
      case .submodule: found.append(name)
      case .folder: found += try submodules(in: entry.id, of: source, at: name + "/")
      case .file, .executable, .link: break
      }
    }
    return found
  }

  private static func take(
    _ id: ObjectID, from source: borrowing ObjectStore, to store: borrowing ObjectStore,
    isShared: Bool, at path: String, depth: Int
  ) throws(ToolsError) -> (id: ObjectID, isEmpty: Bool) {
    guard depth <= TreeRecorder.maximumDepth else {
      throw ToolsError(.git, "\(path) is deeper than \(TreeRecorder.maximumDepth) folders")
    }
    let original: [UInt8]
    do throws(ToolsError) {
      original = try source.read(id, as: GIT_OBJECT_TREE)
    } catch {
      throw source.contains(id) ? error : missing(path, from: source)
    }
    guard let tree = TreeObject(data: original) else {
      throw ToolsError(.git, "the tree \(id) of the repository is damaged")
    }
    var entries: [TreeObject.Entry] = []
    for entry in tree.entries {
      let name = path + String(decoding: entry.name, as: UTF8.self)
      guard RecordingRules.isSafe(entry.name) else {
        throw ToolsError(.git, "the path \(name) of the repository can't be checked out safely")
      }
      guard RecordingRules.isRecorded(entry.name) else { continue }
      var taken = entry
      switch entry.mode {
      case .submodule: continue
      case .folder:
        let folder = try take(
          entry.id, from: source, to: store, isShared: isShared, at: name + "/", depth: depth + 1)
        if folder.isEmpty { continue }
        taken.id = folder.id
      case .file, .executable, .link:
        guard source.contains(entry.id) else { throw missing(name, from: source) }
        if !isShared, !store.contains(entry.id) {
          _ = try store.write(source.blob(entry.id), as: GIT_OBJECT_BLOB)
        }
      }
      entries.append(taken)
    }
    // Some trees have modes that nothing writes any more: those are written anew.
    let taken = TreeObject(entries)
    let isKnown = isShared && taken.data == original
    return (isKnown ? id : try store.write(taken), entries.isEmpty)
  }

  private static func missing(_ path: String, from source: borrowing ObjectStore) -> ToolsError {
    let what = path.isEmpty ? "the revision's files" : "the revision's \(path.debugDescription)"
    return ToolsError(
      .git,
      "\(source.path) lacks \(what), as a partial clone does; `git fetch --refetch --no-filter` there fetches"
        + " all that is missing")
  }
}
