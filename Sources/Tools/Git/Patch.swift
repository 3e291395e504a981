import CLibGit2
import Glibc

extension ObjectStore {
  /// The unified git patch between two trees, in order of path, without paths that match `excluding`.
  /// Binary files are binary patches, so `git apply` makes `to` of `from` exactly.
  func patch(from: ObjectID, to: ObjectID, excluding: [String]) throws(ToolsError) -> [UInt8] {
    let excluded = excluding.map(Glob.init)
    let diff = try difference(from, to, flags: GIT_DIFF_SHOW_BINARY.rawValue)
    var result: [UInt8] = []
    for index in 0..<git_diff_num_deltas(diff.pointer) {
      guard let delta = git_diff_get_delta(diff.pointer, index) else { continue }
      let path = [UInt8](cString: delta.pointee.new_file.path ?? delta.pointee.old_file.path)
      if excluded.contains(where: { $0.matches(path) }) { continue }
      result += try text(ofDelta: index, in: diff)
    }
    return result
  }

  /// How much differs between two trees.
  func size(from: ObjectID, to: ObjectID) throws(ToolsError) -> PatchSize {
    let diff = try difference(from, to, flags: GIT_DIFF_NORMAL.rawValue)
    let stats = try GitHandle(free: git_diff_stats_free, "can't count what two snapshots change") {
      git_diff_get_stats($0, diff.pointer)
    }
    return PatchSize(
      files: git_diff_stats_files_changed(stats.pointer),
      added: git_diff_stats_insertions(stats.pointer),
      removed: git_diff_stats_deletions(stats.pointer))
  }

  private func difference(
    _ from: ObjectID, _ to: ObjectID, flags: UInt32
  ) throws(ToolsError) -> GitHandle {
    let before = try lookUpTree(from)
    let after = try lookUpTree(to)
    var options = git_diff_options()
    git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION))
    options.flags = flags
    options.id_abbrev = 40
    let repository = repository.pointer
    return try GitHandle(free: git_diff_free, "can't compare two snapshots") {
      git_diff_tree_to_tree($0, repository, before.pointer, after.pointer, &options)
    }
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
    return try apply(Self.parse(patch), to: tree, orSay: "the patch doesn't apply")
  }

  func apply(
    _ diff: borrowing GitHandle, to tree: ObjectID, orSay failure: String
  ) throws(ToolsError) -> ObjectID {
    let before = try lookUpTree(tree)
    let repository = repository.pointer
    let changes = diff.pointer
    let index = try Self.rewordPatchError { () throws(ToolsError) in
      try GitHandle(free: git_index_free, failure) {
        git_apply_to_tree($0, repository, before.pointer, changes, nil)
      }
    }
    try Self.keepModes(of: diff, from: before, in: index)
    var id = git_oid()
    try git("the patched files can't be written") {
      git_index_write_tree_to(&id, index.pointer, repository)
    }
    return ObjectID(id)
  }

  /// A file that is renamed as it is has no mode in a patch, and libgit2 makes a plain one of it.
  private static func keepModes(
    of diff: borrowing GitHandle, from tree: borrowing GitHandle, in index: borrowing GitHandle
  ) throws(ToolsError) {
    for number in 0..<git_diff_num_deltas(diff.pointer) {
      guard let delta = git_diff_get_delta(diff.pointer, number)?.pointee,
        delta.status == GIT_DELTA_RENAMED || delta.status == GIT_DELTA_COPIED,
        delta.new_file.mode == 0,
        var renamed = git_index_get_bypath(index.pointer, delta.new_file.path, 0)?.pointee
      else { continue }
      let (root, files) = (tree.pointer, index.pointer)
      let old = try GitHandle(free: git_tree_entry_free, "a renamed file can't be found") {
        git_tree_entry_bypath($0, root, delta.old_file.path)
      }
      renamed.mode = git_tree_entry_filemode(old.pointer).rawValue
      try git("a renamed file can't be written") { git_index_add(files, &renamed) }
    }
  }

  /// A patch as libgit2 has it; one that names a path outside a work tree is refused.
  static func parse(_ patch: [UInt8]) throws(ToolsError) -> GitHandle {
    let patch = PatchHeaders.completed(patch)
    let diff = try rewordPatchError { () throws(ToolsError) in
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
    for number in 0..<git_diff_num_deltas(diff.pointer) {
      guard let delta = git_diff_get_delta(diff.pointer, number)?.pointee else { continue }
      for path in [delta.old_file.path, delta.new_file.path].map([UInt8].init(cString:)) {
        let names = path.split(separator: 0x2F, omittingEmptySubsequences: false)
        guard path.isEmpty || names.allSatisfy({ RecordingRules.isSafe(Array($0)) }) else {
          let name = String(decoding: path, as: UTF8.self)
          throw ToolsError(.patch, "the patch changes \(name), which isn't inside the work tree")
        }
      }
    }
    return diff
  }

  private static func rewordPatchError(
    _ body: () throws(ToolsError) -> GitHandle
  ) throws(ToolsError) -> GitHandle {
    do { return try body() } catch { throw ToolsError(.patch, error.description) }
  }

  /// `to` with what it changed at excluded paths taken back to what `from` has there.
  func tree(from: ObjectID?, to: ObjectID?, excluding: [Glob], at path: [UInt8] = [])
    throws(ToolsError) -> ObjectID
  {
    var merged: [[UInt8]: TreeObject.Entry] = [:]
    let old = try from.map { id throws(ToolsError) in try tree(id).entries } ?? []
    let new = try to.map { id throws(ToolsError) in try tree(id).entries } ?? []
    let before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(new.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for name in Set(before.keys).union(after.keys) {
      let inside = path + name
      let (left, right) = (before[name], after[name])
      if left == right {
        merged[name] = left
      } else if excluding.contains(where: { $0.matches(inside) }) {
        merged[name] = left
      } else if left?.mode == .folder || right?.mode == .folder {
        let id = try tree(
          from: left?.mode == .folder ? left?.id : nil,
          to: right?.mode == .folder ? right?.id : nil, excluding: excluding, at: inside + [0x2F])
        if try tree(id).entries.isEmpty {
          merged[name] = right?.mode == .folder ? nil : right
        } else {
          // A folder that still holds an excluded file stays, even where a file took its place.
          merged[name] = TreeObject.Entry(name: name, mode: .folder, id: id)
        }
      } else {
        merged[name] = right
      }
    }
    return try write(TreeObject(Array(merged.values)))
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

/// How much a patch changes, as `git diff --shortstat` counts: binary files have no lines.
public struct PatchSize: Sendable, Equatable, CustomStringConvertible {
  public var files, added, removed: Int

  public var description: String {
    "\(files) \(files == 1 ? "file" : "files") changed, +\(added) −\(removed)"
  }
}
