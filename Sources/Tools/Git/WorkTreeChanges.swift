import CLibGit2

/// The work tree of a user's repository: read and, when asked, written; its index and references never.
public enum UserWorkTree {
  /// What the work tree changed since a revision, staged or not, with new files that aren't ignored: a patch
  /// in git's form. Submodules are left out.
  public static func changes(of repository: String, since revision: String)
    throws(ToolsError) -> [UInt8]
  {
    let store = try ObjectStore(opening: repository)
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
    var buffer = git_buf()
    defer { git_buf_dispose(&buffer) }
    try git("can't write the changes of \(repository)") {
      git_diff_to_buf(&buffer, diff.pointer, GIT_DIFF_FORMAT_PATCH)
    }
    return [UInt8](UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
  }

  /// Applies a patch to the work tree's files, all of it or nothing; the index stays.
  ///
  /// - Throws: an error of kind `patch` if it doesn't apply cleanly.
  public static func apply(_ patch: [UInt8], to repository: String) throws(ToolsError) {
    let store = try ObjectStore(opening: repository)
    let diff = try ObjectStore.parse(patch)
    for flag in [GIT_APPLY_CHECK.rawValue, 0] {
      var options = git_apply_options()
      git_apply_options_init(&options, UInt32(GIT_APPLY_OPTIONS_VERSION))
      options.flags = flag
      let pointer = store.repository.pointer
      do throws(ToolsError) {
        try git("it doesn't apply cleanly") {
          git_apply(pointer, diff.pointer, GIT_APPLY_LOCATION_WORKDIR, &options)
        }
      } catch { throw ToolsError(.patch, error.description) }
    }
  }
}
