import Glibc

/// Makes of the files of one tree in an open folder those of another, and touches no other file there.
///
/// All or nothing: everything new is first written beside its place, where a full disk does no harm, and then put there.
/// As in ``CheckOut`` no link is followed.
struct PartialCheckOut {
  private var steps: [PartialCheckOutStep] = []

  /// - contents: what a file is to hold, of its entry and path.
  static func run(
    from before: ObjectID, to after: ObjectID, of store: borrowing ObjectStore,
    in root: borrowing Descriptor,
    contents: (TreeObject.Entry, [UInt8]) throws(ToolsError) -> [UInt8]
  ) throws(ToolsError) {
    var pass = PartialCheckOut()
    try pass.compare(before, after, at: [], of: store)
    defer { for step in pass.steps { step.discard(in: root) } }
    for index in pass.steps.indices { try pass.steps[index].prepare(in: root, contents) }
    for step in pass.steps { try step.carryOut(in: root) }
  }

  /// What is to be done, in its order.
  private mutating func compare(
    _ before: ObjectID?, _ after: ObjectID?, at path: [[UInt8]], of store: borrowing ObjectStore
  ) throws(ToolsError) {
    guard before != after else { return }
    let old = try store.entries(before)
    let new = try store.entries(after)
    let names = Set(old.keys).union(new.keys).sorted { $0.lexicographicallyPrecedes($1) }
    for name in names where old[name] != new[name] {
      let inside = path + [name]
      let (left, right) = (old[name], new[name])
      let (leftFolder, rightFolder) = (left.folder, right.folder)
      if left != nil, leftFolder == nil, right == nil || rightFolder != nil {
        steps.append(PartialCheckOutStep(inside, .delete))
      }
      if leftFolder == nil, rightFolder != nil {
        steps.append(PartialCheckOutStep(inside, .makeFolder))
      }
      try compare(leftFolder, rightFolder, at: inside, of: store)
      if leftFolder != nil, rightFolder == nil {
        steps.append(PartialCheckOutStep(inside, .deleteFolder))
      }
      if let right, rightFolder == nil {
        let keeps = left?.mode == right.mode
        steps.append(PartialCheckOutStep(inside, .put(right, keepsPermissions: keeps)))
      }
    }
  }
}

/// What is done at one path.
private struct PartialCheckOutStep {
  enum Action {
    case delete, deleteFolder, makeFolder
    /// With the permissions of the file that is there, if they stay.
    case put(TreeObject.Entry, keepsPermissions: Bool)
  }
  private let path: [[UInt8]]
  private let action: Action
  /// What is put waits under this name, in the last folder on the way that was there: so many folders down.
  private let name = Array(".hindsight-\(UInt64.random(in: 0 ... .max))".utf8)
  private var depth = 0

  init(_ path: [[UInt8]], _ action: Action) {
    self.path = path
    self.action = action
  }

  mutating func prepare(
    in root: borrowing Descriptor,
    _ contents: (TreeObject.Entry, [UInt8]) throws(ToolsError) -> [UInt8]
  ) throws(ToolsError) {
    var folder = try root.duplicate()
    for name in path.dropLast() {
      guard let next = folder.openFolder(name) else { break }
      folder = next
      depth += 1
    }
    guard faccessat(folder.number, ".", W_OK | X_OK, 0) == 0 else {
      throw .file("can't change \(text)")
    }
    guard case .put(let entry, keepsPermissions: let keepsPermissions) = action else { return }
    var permissions: UInt32?
    if keepsPermissions, depth == path.count - 1, let status = folder.status(of: path[depth]) {
      permissions = status.permissions & 0o777
    }
    let bytes = try contents(entry, Array(path.joined(separator: [0x2F])))
    guard write(bytes, as: entry.mode, permissions, in: folder) else {
      throw .file("can't write \(text)")
    }
  }

  private func write(
    _ bytes: [UInt8], as mode: TreeObject.Mode, _ permissions: UInt32?,
    in folder: borrowing Descriptor
  ) -> Bool {
    if mode == .link {
      let result = bytes.withCName { target in
        name.withCName { name in symlinkat(target, folder.number, name) }
      }
      return result == 0
    }
    let number = name.withCName {
      openat(
        folder.number, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        mode == .executable ? 0o755 : 0o644)
    }
    guard number >= 0 else { return false }
    let file = Descriptor(owning: number)
    if let permissions, fchmod(number, permissions) != 0 { return false }
    return file.write(bytes)
  }

  func carryOut(in root: borrowing Descriptor) throws(ToolsError) {
    guard let last = path.last else { return }
    let folder = try open(path.dropLast(), in: root)
    let result: Int32
    switch action {
    case .delete: result = last.withCName { unlinkat(folder.number, $0, 0) }
    case .deleteFolder:
      // One with other files in it stays.
      _ = last.withCName { unlinkat(folder.number, $0, AT_REMOVEDIR) }
      return
    case .makeFolder:
      let made = last.withCName { mkdirat(folder.number, $0, 0o777) }
      result = made != 0 && errno == EEXIST ? 0 : made
    case .put:
      if folder.status(of: last)?.kind == .folder {
        _ = last.withCName { unlinkat(folder.number, $0, AT_REMOVEDIR) }
      }
      let place = try open(path.prefix(depth), in: root)
      result = name.withCName { from in
        last.withCName { to in renameat(place.number, from, folder.number, to) }
      }
    }
    guard result == 0 else { throw .file("can't change \(text)") }
  }

  /// Deletes what waits, if it still does.
  func discard(in root: borrowing Descriptor) {
    guard let folder = try? open(path.prefix(depth), in: root) else { return }
    _ = name.withCName { unlinkat(folder.number, $0, 0) }
  }

  private func open(
    _ folders: ArraySlice<[UInt8]>, in root: borrowing Descriptor
  ) throws(ToolsError) -> Descriptor {
    var current = try root.duplicate()
    for name in folders {
      guard let next = current.openFolder(name) else { throw .file("can't open \(text)") }
      current = next
    }
    return current
  }

  private var text: String {
    String(decoding: Array(path.joined(separator: [0x2F])), as: UTF8.self)
  }
}
