public import Foundation

/// What tasks are made from: a TOML file that names packages with their versions and digests, repositories of
/// one's own, and what is held out.
///
/// ```toml
/// held_out_operators = ["wrong-variable"]
///
/// [packages.toolz]
/// version = "1.2.0"
/// sha256 = "…"        # of the wheel
/// split = "train"
/// limit = 100         # tasks at most
///
/// [folders.calc]
/// path = "../calc"    # relative to this file
/// test_command = "make test"
/// language = "c"
/// files = ["src/*.c"] # where bugs are made; all of the language that aren't tests if it's left out
/// tests = ["check"]   # where the tests are, if their names don't say so
///
/// [repositories]
/// tasks = "../tasks"  # the repositories of a folder of tasks
/// limit = 3           # tasks from each at most
/// ```
public struct SourceList: Sendable {
  /// A package whose functions become small repositories.
  public struct Package: Sendable {
    public var name: String
    public var split: RepairTask.Split
    public var origin: Origin
    /// Tasks taken from it at most.
    public var limit: Int?

    public enum Origin: Sendable {
      /// The wheel of this version from the package index; its SHA-256 is checked if it's given.
      case index(version: String, sha256: String?)
      /// A folder that holds the package's own folder or module.
      case folder(URL)
    }

    public var version: String {
      if case .index(let version, _) = origin { version } else { "" }
    }

    public init(name: String, split: RepairTask.Split, origin: Origin, limit: Int? = nil) {
      self.name = name
      self.split = split
      self.origin = origin
      self.limit = limit
    }
  }

  public var packages: [Package]
  public var folders: [SourceFolder]
  /// Operators whose bugs are for the held-out split alone; the others are for training alone.
  public var heldOutOperators: Set<String>

  public init(
    packages: [Package] = [], folders: [SourceFolder] = [], heldOutOperators: Set<String> = []
  ) {
    self.packages = packages
    self.folders = folders
    self.heldOutOperators = heldOutOperators
  }

  /// - Throws: ``TaskError`` naming file and key if something is missing, unknown or of the wrong type.
  public init(contentsOf file: URL) throws(TaskError) {
    let shown = file.plainPath
    guard let data = try? Data(contentsOf: file), let text = String(validating: data, as: UTF8.self)
    else { throw TaskError("the list of sources \(shown) can't be read as text") }
    var root = try TOMLReader(text: text, file: shown)
    heldOutOperators = Set(try root.strings("held_out_operators") ?? [])
    let base = file.deletingLastPathComponent()
    var table = try root.table("packages")
    packages = []
    for name in table.keys {
      var entry = try table.table(name)
      packages.append(try Package(name: name, &entry, base: base))
    }
    var others = try root.table("folders")
    folders = []
    for name in others.keys {
      var entry = try others.table(name)
      folders.append(try SourceFolder(name: name, &entry, base: base))
    }
    var repositories = try root.table("repositories")
    if repositories.exists {
      let tasks = URL(filePath: try repositories.required("tasks"), relativeTo: base)
      folders += try SourceFolder.repositories(
        ofTasksIn: tasks.standardizedFileURL,
        limit: try repositories.positiveInteger("limit", limit: 1000) ?? 3)
      try repositories.finish()
    }
    try root.finish()
    guard !packages.isEmpty || !folders.isEmpty else {
      throw TaskError(
        "\(shown) names no source; expected [packages.NAME], [folders.NAME] or [repositories]")
    }
    let names = packages.map(\.name) + folders.map(\.name)
    for name in names where names.count(where: { $0 == name }) > 1 {
      throw TaskError("\(shown): two sources are called \"\(name)\"")
    }
  }
}

extension SourceList.Package {
  fileprivate init(name: String, _ entry: inout TOMLReader, base: URL) throws(TaskError) {
    guard Self.isName(name) else {
      throw TaskError("\(entry.file): \"\(name)\" is no package's name")
    }
    self.name = name
    split = try entry.choice("split", of: RepairTask.Split.self) ?? .train
    limit = try entry.positiveInteger("limit", limit: 1_000_000)
    if let path = try entry.string("path") {
      origin = .folder(URL(filePath: path, relativeTo: base).standardizedFileURL)
    } else {
      let version = try entry.required("version")
      guard Self.isVersion(version) else {
        throw TaskError("\(entry.file): packages.\(name).version is \"\(version)\", no version")
      }
      origin = .index(version: version, sha256: try entry.string("sha256"))
    }
    try entry.finish()
  }

  /// A word of a command line: "toolz==1.2.0", or a folder's path.
  public init(argument: String, split: RepairTask.Split) throws(TaskError) {
    self.split = split
    let parts = argument.components(separatedBy: "==")
    if parts.count == 2, Self.isName(parts[0]), Self.isVersion(parts[1]) {
      name = parts[0]
      origin = .index(version: parts[1], sha256: nil)
      return
    }
    let folder = URL(filePath: argument).standardizedFileURL
    var isFolder: ObjCBool = false
    // An empty path would be the current folder.
    guard !argument.isEmpty,
      FileManager.default.fileExists(atPath: folder.plainPath, isDirectory: &isFolder),
      isFolder.boolValue
    else {
      throw TaskError(
        "\"\(argument)\" is neither a package with its version (toolz==1.2.0) nor a folder")
    }
    // A package's own folder, or one that holds packages.
    let inside = FileManager.default.fileExists(
      atPath: folder.appending(path: "__init__.py").plainPath)
    name = folder.lastPathComponent
    origin = .folder(inside ? folder.deletingLastPathComponent() : folder)
  }

  /// As the index has them; nothing that pip could take for an option or a path.
  private static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?/) != nil
  }

  private static func isVersion(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9.+!-]*/) != nil
  }
}
