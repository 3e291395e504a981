import CLibGit2

extension ObjectStore {
  /// A tree of this store with what changed between two trees of a recorder. All that didn't change stays byte for
  /// byte, whatever its modes and names: libgit2's index wouldn't take each of them.
  func tree(
    _ id: ObjectID, changedFrom from: ObjectID, to: ObjectID, in recorder: borrowing ObjectStore
  ) throws(ToolsError) -> ObjectID {
    do throws(ToolsError) {
      let merged = try merge(id, from: from, to: to, in: recorder, at: "")
      if let merged { return merged }
      return try write(TreeObject([]))
    } catch {
      guard error.kind == .patch else { throw error }
      // Somebody else has changed the same since: as lines, both may fit.
      return try apply(recorder.patch(from: from, to: to, excluding: []), to: id)
    }
  }

  /// - own, from, to: folders; nil for one that isn't there.
  /// - Returns: nil if nothing is left in the folder.
  /// - Throws: an error of kind `patch` where what changed isn't here as it was before.
  private func merge(
    _ own: ObjectID?, from: ObjectID?, to: ObjectID?, in recorder: borrowing ObjectStore,
    at path: String
  ) throws(ToolsError) -> ObjectID? {
    guard from != to else { return own }
    let here = try entries(own)
    let before = try recorder.entries(from)
    let after = try recorder.entries(to)
    var gone: Set<[UInt8]> = []
    var added: [TreeObject.Entry] = []
    for name in Set(before.keys).union(after.keys) where before[name] != after[name] {
      let (old, new, current) = (before[name], after[name], here[name])
      let inside = path + String(decoding: name, as: UTF8.self)
      let moved = ToolsError(.patch, "\(inside) isn't what it was")
      guard current == old || current.folder != nil && (old ?? new).folder != nil else {
        throw moved
      }
      gone.insert(name)
      let folder = try merge(
        current.folder, from: old.folder, to: new.folder, in: recorder, at: inside + "/")
      if let folder {
        // No file can take the place of a folder that has more in it than the recorder knows.
        guard new == nil || new.folder != nil else { throw moved }
        added.append(TreeObject.Entry(name: name, mode: .folder, id: folder))
      } else if let new, new.mode != .folder {
        if !contains(new.id) { _ = try write(recorder.blob(new.id), as: GIT_OBJECT_BLOB) }
        added.append(new)
      }
    }
    let data = try own.map { id throws(ToolsError) in try read(id, as: GIT_OBJECT_TREE) } ?? []
    guard let merged = TreeObject.data(data, without: gone, with: added), !merged.isEmpty else {
      return nil
    }
    return try write(merged, as: GIT_OBJECT_TREE)
  }

  /// What a folder holds, by name; nothing for one that isn't there.
  func entries(_ folder: ObjectID?) throws(ToolsError) -> [[UInt8]: TreeObject.Entry] {
    guard let folder else { return [:] }
    return try tree(folder).byName
  }
}

extension TreeObject.Entry? {
  /// The tree of a folder.
  var folder: ObjectID? { self?.mode == .folder ? self?.id : nil }
}
