import CLibGit2
import Glibc

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
    var patch: [UInt8] = []
    for index in 0..<git_diff_num_deltas(diff.pointer) {
      let delta = git_diff_get_delta(diff.pointer, index)?.pointee
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
  /// - Throws: an error of kind `patch` if it doesn't apply cleanly.
  public static func apply(_ patch: [UInt8], to repository: String) throws(ToolsError) {
    let store = try ObjectStore(opening: repository)
    let diff = try ObjectStore.parse(patch)
    if let link = store.linkAbove(diff) {
      throw ToolsError(.patch, "it doesn't apply cleanly: \(link) is a symbolic link")
    }
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

extension ObjectStore {
  /// The first folder on the way to one of a patch's files that is a symbolic link in the work tree: libgit2 would
  /// follow it, out of the repository even, where git refuses.
  fileprivate func linkAbove(_ diff: borrowing GitHandle) -> String? {
    guard let root = git_repository_workdir(repository.pointer).map({ String(cString: $0) }) else {
      return nil
    }
    for index in 0..<git_diff_num_deltas(diff.pointer) {
      guard let delta = git_diff_get_delta(diff.pointer, index)?.pointee else { continue }
      for path in [delta.old_file.path, delta.new_file.path].compactMap({ $0 }) {
        var folder = ""
        for part in String(cString: path).split(separator: "/").dropLast() {
          folder += (folder.isEmpty ? "" : "/") + part
          var status = stat()
          if lstat(root + folder, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
            return folder
          }
        }
      }
    }
    return nil
  }
}
