import CLibGit2
import Glibc

/// The files that a patch is about, looked for in a work tree before anything is written to it.
///
/// No link is followed, and contents are as git would store them. Refused is what `git apply` refuses: a file that is
/// in the way, that is missing or of another kind, or that is to be deleted and isn't what the patch says; and all that
/// is behind a symbolic link.
struct TouchedFiles {
  /// What the patch says of a file that it finds.
  private struct Old {
    var mode: UInt32
    var isDeleted: Bool
    /// The first digits of its name as an object.
    var digits: Substring
  }

  private var old: [[UInt8]: Old] = [:]
  /// Those that are deleted or renamed.
  private var removed: Set<[UInt8]> = []
  private var added: Set<[UInt8]> = []

  init(_ diff: borrowing GitHandle) {
    for number in 0..<git_diff_num_deltas(diff.pointer) {
      guard let delta = git_diff_get_delta(diff.pointer, number)?.pointee else { continue }
      let isDeleted = delta.status == GIT_DELTA_DELETED
      let isRenamed = delta.status == GIT_DELTA_RENAMED
      let isAdded = delta.status == GIT_DELTA_ADDED
      let path = [UInt8](cString: delta.old_file.path)
      if !isAdded {
        let id = ObjectID(delta.old_file.id).description
        old[path] = Old(
          mode: UInt32(delta.old_file.mode), isDeleted: isDeleted,
          digits: id.prefix(Int(delta.old_file.id_abbrev)))
      }
      if isDeleted || isRenamed { removed.insert(path) }
      if isAdded || isRenamed || delta.status == GIT_DELTA_COPIED {
        added.insert([UInt8](cString: delta.new_file.path))
      }
    }
  }

  /// Records those that are there in `store`, as a tree of nothing else.
  func record(
    from root: borrowing Descriptor, of repository: borrowing ObjectStore,
    into store: borrowing ObjectStore
  ) throws(ToolsError) -> ObjectID {
    var found: [[[UInt8]]: TreeObject.Entry] = [:]
    let paths = Set(old.keys).union(added).sorted { $0.lexicographicallyPrecedes($1) }
    for path in paths {
      let names = path.split(separator: 0x2F).map { Array($0) }
      found[names] = try look(at: path, names, from: root, of: repository, into: store)
    }
    return try store.write(found)
  }

  /// Nil for one that comes.
  private func look(
    at path: [UInt8], _ names: [[UInt8]], from root: borrowing Descriptor,
    of repository: borrowing ObjectStore, into store: borrowing ObjectStore
  ) throws(ToolsError) -> TreeObject.Entry? {
    var folder = try root.duplicate()
    var inside: [UInt8] = []
    for name in names.dropLast() {
      inside += inside.isEmpty ? name : [0x2F] + name
      guard let status = folder.status(of: name) else { return try nothing(at: path) }
      if status.kind != .folder && removed.contains(inside) { return try nothing(at: path) }
      guard status.kind == .folder else {
        throw Self.refusal(inside, status.kind == .link ? "is a symbolic link" : "is no folder")
      }
      guard let next = folder.openFolder(name) else {
        throw Self.refusal(inside, "can't be opened")
      }
      folder = next
    }
    guard let name = names.last, let status = folder.status(of: name) else {
      return try nothing(at: path)
    }
    if added.contains(path) && !removed.contains(path) {
      guard status.kind == .folder, isEmptied(path, name, in: folder) else {
        throw Self.refusal(path, "is there already")
      }
      return nil
    }
    guard let old = old[path] else { return nil }
    return try record(name, status, of: old, in: folder, at: path, of: repository, into: store)
  }

  private func nothing(at path: [UInt8]) throws(ToolsError) -> TreeObject.Entry? {
    guard old[path] == nil else { throw Self.refusal(path, "is missing") }
    return nil
  }

  /// Whether nothing is left in a folder when the patch's files are gone.
  private func isEmptied(
    _ path: [UInt8], _ name: [UInt8], in parent: borrowing Descriptor
  ) -> Bool {
    guard let folder = parent.openFolder(name), let names = folder.names() else { return false }
    for name in names {
      let inside = path + [0x2F] + name
      if removed.contains(inside) { continue }
      let isOnTheWay = removed.contains { $0.starts(with: inside + [0x2F]) }
      guard isOnTheWay, isEmptied(inside, name, in: folder) else { return false }
    }
    return true
  }

  private func record(
    _ name: [UInt8], _ status: FileStatus, of old: Old, in folder: borrowing Descriptor,
    at path: [UInt8], of repository: borrowing ObjectStore, into store: borrowing ObjectStore
  ) throws(ToolsError) -> TreeObject.Entry {
    let isLink = status.kind == .link
    guard isLink || status.kind == .file else { throw Self.refusal(path, "is no file") }
    guard old.mode == 0 || (old.mode & S_IFMT == S_IFLNK) == isLink else {
      throw Self.refusal(path, isLink ? "is a symbolic link" : "is no symbolic link")
    }
    let bytes =
      isLink
      ? folder.target(of: name)
      : status.size <= TreeRecorder.maximumFileBytes
        ? folder.openFile(name)?.read(limit: TreeRecorder.maximumFileBytes) : nil
    guard let bytes else { throw Self.refusal(path, "can't be read") }
    var id = try store.write(bytes, as: GIT_OBJECT_BLOB)
    if !isLink {
      let stored = try repository.filtered(id, of: store, at: path, GIT_FILTER_TO_ODB)
      id = try store.write(stored, as: GIT_OBJECT_BLOB)
    }
    guard !old.isDeleted || id.description.hasPrefix(old.digits) else {
      throw Self.refusal(path, "isn't what is to be deleted")
    }
    // The mode that the patch knows, so that only one that it changes is changed.
    let isExecutable = old.mode == 0 ? status.isExecutable : old.mode & 0o100 != 0
    return TreeObject.Entry(
      name: name, mode: isLink ? .link : isExecutable ? .executable : .file, id: id)
  }

  private static func refusal(_ path: [UInt8], _ what: String) -> ToolsError {
    ToolsError(
      .patch, "it doesn't apply cleanly: \(String(decoding: path, as: UTF8.self)) \(what)")
  }
}

extension ObjectStore {
  /// The tree of some files, by the names on the way to each.
  fileprivate func write(_ files: [[[UInt8]]: TreeObject.Entry]) throws(ToolsError) -> ObjectID {
    var entries: [TreeObject.Entry] = []
    for (name, group) in Dictionary(grouping: files, by: { $0.key.first ?? [] }) {
      if let file = group.first, file.key.count == 1 {
        entries.append(file.value)
        continue
      }
      let below = group.map { (Array($0.key.dropFirst()), $0.value) }
      let folder = try write(Dictionary(uniqueKeysWithValues: below))
      entries.append(TreeObject.Entry(name: name, mode: .folder, id: folder))
    }
    return try write(TreeObject(entries))
  }
}
