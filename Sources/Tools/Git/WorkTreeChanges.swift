import CLibGit2

/// The work tree of a user's repository: read and, when asked, written; its index and references never.
public enum UserWorkTree {
  /// git's own folder, which all work trees of the repository have in common: an absolute path.
  public static func commonFolder(of repository: String) throws(ToolsError) -> String {
    try LibGit2.start()
    let store = try ObjectStore(opening: repository)
    return String(cString: git_repository_commondir(store.repository.pointer))
  }

  /// What the work tree changed since a revision, staged or not, with new files that aren't ignored: a patch
  /// in git's form. Submodules are left out.
  public static func changes(of repository: String, since revision: String)
    throws(ToolsError) -> [UInt8]
  {
    let store = try open(repository)
    let tree = try store.lookUpTree(try store.snapshot(store.resolve(revision)).tree)
    var options = git_diff_options()
    git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION))
    options.flags =
      GIT_DIFF_SHOW_BINARY.rawValue | GIT_DIFF_INCLUDE_UNTRACKED.rawValue
      | GIT_DIFF_RECURSE_UNTRACKED_DIRS.rawValue | GIT_DIFF_SHOW_UNTRACKED_CONTENT.rawValue
      | GIT_DIFF_IGNORE_SUBMODULES.rawValue
    options.id_abbrev = 40
    let pointer = store.repository.pointer
    let diff = try GitHandle(free: git_diff_free, "can't compare the work tree of \(repository)") {
      git_diff_tree_to_workdir_with_index($0, pointer, tree.pointer, &options)
    }
    let staged = try GitHandle(free: git_index_free, "can't open the index of \(repository)") {
      git_repository_index($0, pointer)
    }
    var patch: [UInt8] = []
    for index in 0..<git_diff_num_deltas(diff.pointer) {
      let delta = git_diff_get_delta(diff.pointer, index)?.pointee
      // A sparse check-out hasn't deleted what it leaves out.
      if let delta, delta.status == GIT_DELTA_DELETED,
        let entry = git_index_get_bypath(staged.pointer, delta.old_file.path, 0)?.pointee,
        UInt32(entry.flags_extended) & GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue != 0
      {
        continue
      }
      // One whose folder is missing counts as deleted, whatever the flags say.
      let link = UInt16(GIT_FILEMODE_COMMIT.rawValue)
      if delta?.old_file.mode == link || delta?.new_file.mode == link { continue }
      let file = try GitHandle(free: git_patch_free, "can't read the changes of \(repository)") {
        git_patch_from_diff($0, diff.pointer, index)
      }
      var buffer = git_buf()
      defer { git_buf_dispose(&buffer) }
      try git("can't write the changes of \(repository)") {
        git_patch_to_buf(&buffer, file.pointer)
      }
      patch += UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size)
    }
    return patch
  }

  /// Applies a patch to the work tree's files, all of it or nothing; the index stays.
  ///
  /// libgit2's own way follows links, waits for FIFOs, and takes names for patterns.
  ///
  /// - Throws: an error of kind `patch` if it doesn't apply cleanly.
  public static func apply(_ patch: [UInt8], to repository: String) throws(ToolsError) {
    let store = try open(repository)
    let root = try Descriptor.folder(at: repository)
    let diff = try ObjectStore.parse(patch)
    let folder = try TemporaryFolder("apply")
    defer { folder.remove() }
    let objects = try ObjectStore(creating: folder.path("objects.git"), bare: true)
    let before = try TouchedFiles(diff).record(from: root, of: store, into: objects)
    let after = try objects.apply(diff, to: before, orSay: "it doesn't apply cleanly")
    try PartialCheckOut.run(from: before, to: after, of: objects, in: root) {
      (entry, path) throws(ToolsError) in
      entry.mode == .link
        ? try objects.blob(entry.id)
        : try store.filtered(entry.id, of: objects, at: path, GIT_FILTER_TO_WORKTREE)
    }
  }

  /// Opens the repository whose work tree is in this very folder: `core.worktree` may name another.
  private static func open(_ repository: String) throws(ToolsError) -> ObjectStore {
    try LibGit2.start()
    let store = try ObjectStore(opening: repository)
    guard let place = git_repository_workdir(store.repository.pointer) else {
      throw ToolsError(.input, "\(repository) has no work tree")
    }
    let path = String(cString: place)
    let (named, real) = (
      try Descriptor.folder(at: repository).status(), try Descriptor.folder(at: path).status()
    )
    guard named?.device == real?.device, named?.inode == real?.inode else {
      throw ToolsError(
        .input, "the work tree of \(repository) is another folder, \(path), which is left alone")
    }
    return store
  }
}
