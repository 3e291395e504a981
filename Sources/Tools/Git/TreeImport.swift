import CLibGit2

/// Copies a tree of another repository into the recorder.
///
/// What a work tree's recording would leave out is left out here too (submodules, names of
/// ``RecordingRules``), so that a check-out that nobody touched has the same tree again.
enum TreeImport {
  static func copy(
    _ id: ObjectID, from source: borrowing ObjectStore, to store: borrowing ObjectStore,
    at path: String = "", depth: Int = 0
  ) throws(ToolsError) -> ObjectID {
    guard depth <= TreeRecorder.maximumDepth else {
      throw ToolsError(.git, "\(path) is deeper than \(TreeRecorder.maximumDepth) folders")
    }
    var entries: [TreeObject.Entry] = []
    for entry in try source.tree(id).entries {
      let name = path + String(decoding: entry.name, as: UTF8.self)
      guard RecordingRules.isSafe(entry.name) else {
        throw ToolsError(.git, "the path \(name) of the repository can't be checked out safely")
      }
      guard RecordingRules.isRecorded(entry.name) else { continue }
      var copied = entry
      switch entry.mode {
      case .submodule: continue
      case .folder:
        copied.id = try copy(
          entry.id, from: source, to: store, at: name + "/", depth: depth + 1)
        if try store.tree(copied.id).entries.isEmpty { continue }
      case .file, .executable, .link:
        if !store.contains(entry.id) {
          _ = try store.write(source.blob(entry.id), as: GIT_OBJECT_BLOB)
        }
      }
      entries.append(copied)
    }
    return try store.write(TreeObject(entries))
  }
}
