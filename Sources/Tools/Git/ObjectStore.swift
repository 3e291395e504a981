import CLibGit2
import Foundation

/// The objects and references of one open repository. Not for two threads at once: ``Recorder`` holds
/// it under a lock.
struct ObjectStore: ~Copyable {
  let repository: GitHandle
  private let database: GitHandle
  let path: String

  /// Opens the repository at `path` itself (no parent folder is tried).
  init(opening path: String) throws(ToolsError) {
    try self.init(
      path,
      GitHandle(free: git_repository_free, "can't open the git repository \(path)") {
        git_repository_open_ext($0, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil)
      })
  }

  /// Creates an empty repository; `bare` or with a ".git" folder inside `path`.
  init(creating path: String, bare: Bool) throws(ToolsError) {
    try self.init(
      path,
      GitHandle(free: git_repository_free, "can't create a git repository at \(path)") { result in
        var options = git_repository_init_options()
        git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
        options.flags = GIT_REPOSITORY_INIT_MKDIR.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        if bare { options.flags |= GIT_REPOSITORY_INIT_BARE.rawValue }
        return "main".withCString {
          options.initial_head = $0
          return git_repository_init_ext(result, path, &options)
        }
      })
  }

  private init(_ path: String, _ repository: consuming GitHandle) throws(ToolsError) {
    self.path = path
    let pointer = repository.pointer
    database = try GitHandle(free: git_odb_free, "can't open the objects of \(path)") {
      git_repository_odb($0, pointer)
    }
    self.repository = repository
  }

  // MARK: Objects

  /// Finds the other repository's objects here too, as long as it is where it is now: nothing is copied.
  ///
  /// - known: one of them. False if it isn't found afterwards, then they have to be copied.
  func borrowObjects(
    of other: borrowing ObjectStore, such known: ObjectID
  ) throws(ToolsError) -> Bool {
    // One path a line, and no other bytes than text.
    guard let objects = try other.objects(), let own = try self.objects(),
      objects.hasPrefix("/"), !objects.utf8.contains(0x0A)
    else { return false }
    let file = own + "/info/alternates"
    var lines = ""
    if access(file, F_OK) == 0 {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return false }
      lines = text
    }
    if !lines.split(separator: "\n").contains(objects[...]) {
      lines += objects + "\n"
      guard (try? lines.write(toFile: file, atomically: true, encoding: .utf8)) != nil else {
        return false
      }
    }
    _ = git_odb_add_disk_alternate(database.pointer, objects)
    return contains(known)
  }

  /// The folder of the objects, without links; nil if its name is no text.
  private func objects() throws(ToolsError) -> String? {
    var buffer = git_buf()
    defer { git_buf_dispose(&buffer) }
    try git("can't find the objects of \(path)") {
      git_repository_item_path(&buffer, repository.pointer, GIT_REPOSITORY_ITEM_OBJECTS)
    }
    guard let pointer = buffer.ptr, let real = realpath(pointer, nil) else { return nil }
    defer { free(real) }
    return String(validatingCString: real)
  }

  func write(_ data: [UInt8], as type: git_object_t) throws(ToolsError) -> ObjectID {
    var id = git_oid()
    try git("can't write to \(path)") {
      data.withUnsafeBytes { git_odb_write(&id, database.pointer, $0.baseAddress, $0.count, type) }
    }
    return ObjectID(id)
  }

  func write(_ tree: TreeObject) throws(ToolsError) -> ObjectID {
    try write(tree.data, as: GIT_OBJECT_TREE)
  }

  func contains(_ id: ObjectID) -> Bool {
    var oid = id.oid
    return git_odb_exists(database.pointer, &oid) == 1
  }

  /// The number of an object's bytes; nil if it can't be told.
  func size(of id: ObjectID) -> Int? {
    var oid = id.oid
    var count = 0
    var type = GIT_OBJECT_INVALID
    return git_odb_read_header(&count, &type, database.pointer, &oid) == 0 ? count : nil
  }

  /// The bytes of an object that must have the given type.
  func read(_ id: ObjectID, as type: git_object_t) throws(ToolsError) -> [UInt8] {
    let object = try object(id)
    guard git_odb_object_type(object.pointer) == type else {
      throw ToolsError(.git, "\(path): object \(id) has another type than expected")
    }
    let count = git_odb_object_size(object.pointer)
    guard count > 0, let start = git_odb_object_data(object.pointer) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  private func object(_ id: ObjectID) throws(ToolsError) -> GitHandle {
    var oid = id.oid
    do throws(ToolsError) {
      return try GitHandle(free: git_odb_object_free, "has no object \(id)") {
        git_odb_read($0, database.pointer, &oid)
      }
    } catch {
      throw ToolsError(error.kind, "\(owner(of: id)) \(error.description)")
    }
  }

  /// Where an object is kept: the objects of another repository, if they are borrowed, or this one.
  private func owner(of id: ObjectID) -> String {
    guard let objects = try? self.objects(),
      let lenders = try? String(contentsOfFile: objects + "/info/alternates", encoding: .utf8)
    else { return path }
    var oid = id.oid
    let owner = lenders.split(separator: "\n").first { lender in
      var database: OpaquePointer?
      guard git_odb_open(&database, String(lender)) == 0 else { return false }
      defer { git_odb_free(database) }
      return git_odb_exists(database, &oid) == 1
    }
    return owner.map(String.init) ?? path
  }

  func blob(_ id: ObjectID) throws(ToolsError) -> [UInt8] { try read(id, as: GIT_OBJECT_BLOB) }

  func tree(_ id: ObjectID) throws(ToolsError) -> TreeObject {
    guard let tree = TreeObject(data: try read(id, as: GIT_OBJECT_TREE)) else {
      throw ToolsError(.git, "\(path): object \(id) is a damaged tree")
    }
    return tree
  }

  // MARK: Commits

  /// Writes a commit by the fixed author; `time` in seconds since 1970, UTC.
  func commit(tree: ObjectID, parent: ObjectID?, message: String, time: Int64) throws(ToolsError)
    -> Snapshot
  {
    let who = "hindsight <hindsight@localhost> \(time) +0000"
    var text = "tree \(tree)\n"
    if let parent { text += "parent \(parent)\n" }
    // git refuses a NUL inside a commit.
    let body = message.split(separator: "\0", omittingEmptySubsequences: false)
      .joined(separator: "\u{FFFD}")
    text += "author \(who)\ncommitter \(who)\n\n\(body)\n"
    let id = try write(Array(text.utf8), as: GIT_OBJECT_COMMIT)
    return Snapshot(commit: id, tree: tree)
  }

  /// The header lines and the message of a commit.
  func commitText(_ id: ObjectID) throws(ToolsError) -> (header: [String], message: String) {
    let text = String(decoding: try read(id, as: GIT_OBJECT_COMMIT), as: UTF8.self)
    guard let gap = text.utf8.indices(of: "\n\n") else { return ([text], "") }
    let header = text[..<gap].split(separator: "\n").map(String.init)
    return (header, String(text[text.utf8.index(gap, offsetBy: 2)...]))
  }

  func snapshot(_ commit: ObjectID) throws(ToolsError) -> Snapshot {
    let header = try commitText(commit).header
    guard let line = header.first, line.hasPrefix("tree "),
      let tree = ObjectID(hex: line.dropFirst(5))
    else { throw ToolsError(.git, "\(path): object \(commit) is a damaged commit") }
    return Snapshot(commit: commit, tree: tree)
  }

  // MARK: References

  func setReference(_ name: String, to id: ObjectID) throws(ToolsError) {
    var oid = id.oid
    _ = try GitHandle(free: git_reference_free, "can't set \(name) in \(path)") { result in
      func create() -> Int32 {
        git_reference_create(result, repository.pointer, name, &oid, 1, nil)
      }
      // A lock lives for one write. One that stays was left by a process that was killed there.
      for _ in 0..<10 {
        let code = create()
        if code != GIT_ELOCKED.rawValue { return code }
        usleep(20_000)
      }
      unlink("\(path)/\(name).lock")
      return create()
    }
  }

  func reference(_ name: String) -> ObjectID? {
    var oid = git_oid()
    return git_reference_name_to_id(&oid, repository.pointer, name) == 0 ? ObjectID(oid) : nil
  }

  func referenceNames(under prefix: String) throws(ToolsError) -> [String] {
    let iterator = try GitHandle(free: git_reference_iterator_free, "can't list \(path)") {
      git_reference_iterator_glob_new($0, repository.pointer, prefix + "*")
    }
    var names: [String] = []
    var name: UnsafePointer<CChar>?
    while git_reference_next_name(&name, iterator.pointer) == 0, let name {
      names.append(String(cString: name))
    }
    return names.sorted()
  }

  /// The commit that a revision such as "HEAD~1" or "v1.0" names.
  func resolve(_ revision: String) throws(ToolsError) -> ObjectID {
    if revision == "HEAD", git_repository_head_unborn(repository.pointer) == 1 {
      throw ToolsError(.git, "\(path) has no commit yet")
    }
    let object = try GitHandle(
      free: git_object_free, "\(path) has no revision \(revision)"
    ) { git_revparse_single($0, repository.pointer, revision) }
    let commit = try GitHandle(free: git_object_free, "\(revision) of \(path) is no commit") {
      git_object_peel($0, object.pointer, GIT_OBJECT_COMMIT)
    }
    guard let oid = git_object_id(commit.pointer) else {
      throw ToolsError(.git, "\(revision) of \(path) is no commit")
    }
    return ObjectID(oid.pointee)
  }

  // MARK: libgit2's own trees, for diffs

  func lookUpTree(_ id: ObjectID) throws(ToolsError) -> GitHandle {
    var oid = id.oid
    return try GitHandle(free: git_tree_free, "\(path) has no tree \(id)") {
      git_tree_lookup($0, repository.pointer, &oid)
    }
  }
}

extension String.UTF8View {
  /// Where `text` first begins, by bytes.
  func indices(of text: StaticString) -> Index? {
    let wanted = text.withUTF8Buffer { Array($0) }
    var index = startIndex
    while index != endIndex {
      if self[index...].starts(with: wanted) { return index }
      index = self.index(after: index)
    }
    return nil
  }
}

extension ObjectID {
  init?(hex: Substring) { self.init(String(hex)) }
}
