import CLibGit2
import Glibc

extension ObjectStore {
  /// The unified git patch between two trees, in order of path, without paths that match `excluding`.
  /// Binary files are binary patches, so `git apply` makes `to` of `from` exactly.
  func patch(from: ObjectID, to: ObjectID, excluding: [String]) throws(ToolsError) -> [UInt8] {
    let excluded = excluding.map(Glob.init)
    let before = try lookUpTree(from)
    let after = try lookUpTree(to)
    var options = git_diff_options()
    git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION))
    options.flags = GIT_DIFF_SHOW_BINARY.rawValue
    options.id_abbrev = 40
    let repository = repository.pointer
    let diff = try GitHandle(free: git_diff_free, "can't compare two snapshots") {
      git_diff_tree_to_tree($0, repository, before.pointer, after.pointer, &options)
    }
    var result: [UInt8] = []
    for index in 0..<git_diff_num_deltas(diff.pointer) {
      guard let delta = git_diff_get_delta(diff.pointer, index) else { continue }
      let path = [UInt8](cString: delta.pointee.new_file.path ?? delta.pointee.old_file.path)
      if excluded.contains(where: { $0.matches(path) }) { continue }
      result += try text(ofDelta: index, in: diff)
    }
    return result
  }

  private func text(ofDelta index: Int, in diff: borrowing GitHandle) throws(ToolsError) -> [UInt8]
  {
    let diff = diff.pointer
    let patch = try GitHandle(free: git_patch_free, "can't compare a file") {
      git_patch_from_diff($0, diff, index)
    }
    var buffer = git_buf()
    defer { git_buf_dispose(&buffer) }
    try git("can't write a patch") { git_patch_to_buf(&buffer, patch.pointer) }
    return [UInt8](UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
  }

  /// The tree that a patch makes of `tree`; a hunk that doesn't fit is an error and nothing is kept.
  func apply(_ patch: [UInt8], to tree: ObjectID) throws(ToolsError) -> ObjectID {
    guard patch.contains(where: { $0 > 0x20 }) else { return tree }
    let diff = try Self.rewordPatchError { () throws(ToolsError) in
      try GitHandle(free: git_diff_free, "the patch can't be read") { result in
        patch.withUnsafeBytes {
          git_diff_from_buffer(
            result, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
      }
    }
    guard git_diff_num_deltas(diff.pointer) > 0 else {
      throw ToolsError(.patch, "the patch holds no change of a file in unified git form")
    }
    let before = try lookUpTree(tree)
    let repository = repository.pointer
    let index = try Self.rewordPatchError { () throws(ToolsError) in
      try GitHandle(free: git_index_free, "the patch doesn't apply") {
        git_apply_to_tree($0, repository, before.pointer, diff.pointer, nil)
      }
    }
    var id = git_oid()
    try git("the patched files can't be written") {
      git_index_write_tree_to(&id, index.pointer, repository)
    }
    return ObjectID(id)
  }

  private static func rewordPatchError(
    _ body: () throws(ToolsError) -> GitHandle
  ) throws(ToolsError) -> GitHandle {
    do { return try body() } catch { throw ToolsError(.patch, error.description) }
  }

  /// What differs between two trees, in order of path.
  func changes(from: ObjectID, to: ObjectID, at path: [UInt8] = []) throws(ToolsError)
    -> [ChangedPath]
  {
    guard from != to else { return [] }
    var before: [[UInt8]: TreeObject.Entry] = [:]
    for entry in try tree(from).entries { before[entry.name] = entry }
    var after: [[UInt8]: TreeObject.Entry] = [:]
    for entry in try tree(to).entries { after[entry.name] = entry }
    let names = Set(before.keys).union(after.keys)
    var result: [ChangedPath] = []
    for name in names where before[name] != after[name] {
      let inside = path + name
      let old = before[name]
      let new = after[name]
      if old?.mode == .folder || new?.mode == .folder {
        let empty = try write(TreeObject([]))
        result += try changes(
          from: old?.mode == .folder ? old!.id : empty, to: new?.mode == .folder ? new!.id : empty,
          at: inside + [0x2F])
      }
      let oldFile = old?.mode == .folder ? nil : old
      let newFile = new?.mode == .folder ? nil : new
      switch (oldFile, newFile) {
      case (nil, nil): break
      case (nil, _): result.append(ChangedPath(bytes: inside, change: .added))
      case (_, nil): result.append(ChangedPath(bytes: inside, change: .deleted))
      case (let old?, let new?):
        let typeChanged = (old.mode == .link) != (new.mode == .link)
        result.append(ChangedPath(bytes: inside, change: typeChanged ? .typeChanged : .modified))
      }
    }
    return result.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}

extension [UInt8] {
  init(cString: UnsafePointer<CChar>?) {
    guard let cString else {
      self = []
      return
    }
    self = cString.withMemoryRebound(to: UInt8.self, capacity: strlen(cString)) {
      Array(UnsafeBufferPointer(start: $0, count: strlen(cString)))
    }
  }
}
