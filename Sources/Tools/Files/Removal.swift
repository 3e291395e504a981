import Glibc

extension Descriptor {
  /// Deletes `name` in this folder with everything in it; links are deleted, not followed.
  ///
  /// A hostile tree may be deeper than there are file descriptors or stack, so a folder below
  /// `maximumDepth` is first moved up beside `name` and deleted from there.
  func removeAll(_ name: [UInt8]) throws(ToolsError) {
    var waiting = [name]
    while let next = waiting.popLast() {
      guard let status = status(of: next) else { continue }
      if status.kind == .folder {
        try removeFolder(next, in: self, depth: 0, top: self, waiting: &waiting)
      } else if next.withCName({ unlinkat(number, $0, 0) }) != 0 && errno != ENOENT {
        throw .file("can't delete \(String(decoding: next, as: UTF8.self))")
      }
    }
  }
}

private let maximumDepth = 64

private func removeFolder(
  _ name: [UInt8], in parent: borrowing Descriptor, depth: Int, top: borrowing Descriptor,
  waiting: inout [[UInt8]]
) throws(ToolsError) {
  var opened = parent.openFolder(name)
  if opened == nil && errno == EACCES {
    // The owner may have taken its own permissions away.
    _ = name.withCName { fchmodat(parent.number, $0, 0o700, 0) }
    opened = parent.openFolder(name)
  }
  guard let folder = opened else {
    throw .file("can't open the folder \(String(decoding: name, as: UTF8.self)) to delete it")
  }
  if let status = folder.status(), status.permissions & 0o700 != 0o700 {
    _ = fchmod(folder.number, 0o700)
  }
  for child in folder.names() ?? [] {
    let isFolder = folder.status(of: child)?.kind == .folder
    if isFolder && depth >= maximumDepth {
      let moved = Array(".removing-\(waiting.count)-\(UInt64.random(in: 0 ... .max))".utf8)
      let result = child.withCName { from in
        moved.withCName { to in renameat(folder.number, from, top.number, to) }
      }
      guard result == 0 else {
        throw .file("can't move \(String(decoding: child, as: UTF8.self)) to delete it")
      }
      waiting.append(moved)
    } else if isFolder {
      try removeFolder(child, in: folder, depth: depth + 1, top: top, waiting: &waiting)
    } else if child.withCName({ unlinkat(folder.number, $0, 0) }) != 0 && errno != ENOENT {
      throw .file("can't delete \(String(decoding: child, as: UTF8.self))")
    }
  }
  if name.withCName({ unlinkat(parent.number, $0, AT_REMOVEDIR) }) != 0 && errno != ENOENT {
    throw .file("can't delete the folder \(String(decoding: name, as: UTF8.self))")
  }
}
