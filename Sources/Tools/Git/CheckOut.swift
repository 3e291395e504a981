import CLibGit2
import Glibc

/// Makes an open folder equal to a tree: writes what differs, deletes what the tree doesn't have
/// (only ".git" at the top is left alone).
///
/// Everything is done relative to open folders without following links, and an entry that is no
/// plain name is refused, so nothing outside the folder can be touched whatever the tree holds.
struct CheckOut {
  private var cache: StatCache

  /// Fills the folder and leaves in `cache` what is known of the files afterwards.
  static func run(
    _ tree: ObjectID, of store: borrowing ObjectStore, into folder: borrowing Descriptor,
    cache: inout StatCache
  ) throws(ToolsError) {
    var pass = CheckOut(cache: cache)
    try pass.fill(folder, with: store.tree(tree), at: [], depth: 0, store: store)
    cache = pass.cache
  }

  private mutating func fill(
    _ folder: borrowing Descriptor, with tree: TreeObject, at path: [UInt8], depth: Int,
    store: borrowing ObjectStore
  ) throws(ToolsError) {
    guard depth <= TreeRecorder.maximumDepth else {
      throw ToolsError(.file, "a tree is deeper than \(TreeRecorder.maximumDepth) folders")
    }
    let wanted = Set(tree.entries.map(\.name))
    guard let names = folder.names() else { throw .file("can't list a folder of the work tree") }
    for name in names where !wanted.contains(name) && !(depth == 0 && name == Array(".git".utf8)) {
      try folder.removeAll(name)
    }
    for entry in tree.entries {
      let inside = path.isEmpty ? entry.name : path + [0x2F] + entry.name
      guard RecordingRules.isSafe(entry.name) else {
        throw ToolsError(
          .file, "the path \(String(decoding: inside, as: UTF8.self)) can't be checked out safely")
      }
      switch entry.mode {
      case .folder:
        let child = try openOrMake(entry.name, in: folder)
        try fill(child, with: store.tree(entry.id), at: inside, depth: depth + 1, store: store)
      case .file, .executable: try writeFile(entry, in: folder, at: inside, store: store)
      case .link: try writeLink(entry, in: folder, store: store)
      case .submodule: try folder.removeAll(entry.name)
      }
    }
  }

  private func openOrMake(_ name: [UInt8], in parent: borrowing Descriptor) throws(ToolsError)
    -> Descriptor
  {
    if let status = parent.status(of: name) {
      if status.kind == .folder && status.permissions & 0o700 == 0o700,
        let folder = parent.openFolder(name)
      {
        return folder
      }
      try parent.removeAll(name)
    }
    guard name.withCName({ mkdirat(parent.number, $0, 0o755) }) == 0,
      let folder = parent.openFolder(name)
    else { throw .file("can't make the folder \(String(decoding: name, as: UTF8.self))") }
    return folder
  }

  private mutating func writeFile(
    _ entry: TreeObject.Entry, in folder: borrowing Descriptor, at path: [UInt8],
    store: borrowing ObjectStore
  ) throws(ToolsError) {
    let permissions: mode_t = entry.mode == .executable ? 0o755 : 0o644
    if let status = folder.status(of: entry.name) {
      if let known = cache.known[path], known.status == status, known.id == entry.id,
        status.permissions == permissions
      {
        return
      }
      try folder.removeAll(entry.name)
    }
    let number = entry.name.withCName {
      openat(
        folder.number, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions)
    }
    let name = String(decoding: path, as: UTF8.self)
    guard number >= 0 else { throw .file("can't write \(name)") }
    let file = Descriptor(owning: number)
    // The process's umask may have taken bits away.
    guard file.write(try store.blob(entry.id)), fchmod(number, permissions) == 0,
      let status = file.status()
    else { throw .file("can't write \(name)") }
    cache.remember(path, status, entry.id)
  }

  private func writeLink(
    _ entry: TreeObject.Entry, in folder: borrowing Descriptor, store: borrowing ObjectStore
  ) throws(ToolsError) {
    let target = try store.blob(entry.id)
    if folder.status(of: entry.name) != nil {
      if folder.target(of: entry.name) == target { return }
      try folder.removeAll(entry.name)
    }
    let result = target.withCName { target in
      entry.name.withCName { name in symlinkat(target, folder.number, name) }
    }
    guard result == 0 else {
      throw .file("can't make the link \(String(decoding: entry.name, as: UTF8.self))")
    }
  }
}
