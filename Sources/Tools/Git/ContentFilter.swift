import CLibGit2

extension ObjectStore {
  /// What this repository's attributes and configuration make of a file's contents on their way into git or out of it:
  /// line endings and `$Id$`. No program is run for it.
  ///
  /// - blob: the contents, in `store`.
  func filtered(
    _ blob: ObjectID, of store: borrowing ObjectStore, at path: [UInt8], _ way: git_filter_mode_t
  ) throws(ToolsError) -> [UInt8] {
    let name = String(decoding: path, as: UTF8.self)
    var oid = blob.oid
    let (source, repository) = (store.repository.pointer, self.repository.pointer)
    let contents = try GitHandle(free: git_blob_free, "\(store.path) has no contents of \(name)") {
      git_blob_lookup($0, source, &oid)
    }
    // None, if there is nothing to do.
    var filters: OpaquePointer?
    defer { git_filter_list_free(filters) }
    try git("can't find the attributes of \(name)") {
      path.withCName { path in
        git_filter_list_load(&filters, repository, contents.pointer, path, way, 0)
      }
    }
    var buffer = git_buf()
    defer { git_buf_dispose(&buffer) }
    try git("can't convert the contents of \(name)") {
      git_filter_list_apply_to_blob(&buffer, filters, contents.pointer)
    }
    return [UInt8](UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
  }
}
