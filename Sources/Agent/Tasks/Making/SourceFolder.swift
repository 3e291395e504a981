public import Foundation

/// A repository on this machine with a command that runs its tests, in any language.
public struct SourceFolder: Sendable {
  public var name: String
  public var path: URL
  public var testCommand: String
  public var language: RepairTask.Language
  public var split: RepairTask.Split
  /// Globs of the files in which bugs are made; all of the language that aren't tests if there are none.
  public var files: [String]
  /// Tasks taken from it at most.
  public var limit: Int
  /// A patch that makes the repository sound, for one that is a task's.
  var patch: URL?
  /// More tests, which the agent doesn't see: a folder that is laid over the repository, and their command.
  var hidden: (folder: URL, command: String)?
  /// Globs of its tests: paths that the agent's changes aren't taken from.
  var protected = ["tests/**", "test_*.*", "*_test.*", "test.sh", "t/*.t"]
  /// The folder of the tasks' repository that it becomes; nil for all of it.
  var place: String?

  public init(
    name: String, path: URL, testCommand: String, language: RepairTask.Language,
    split: RepairTask.Split = .train, files: [String] = [], limit: Int = 20
  ) {
    self.name = name
    self.path = path
    self.testCommand = testCommand
    self.language = language
    self.split = split
    self.files = files
    self.limit = limit
  }

  init(name: String, _ entry: inout TOMLReader, base: URL) throws(TaskError) {
    let path = try entry.required("path")
    let known: RepairTask.Language?
    do {
      known = try entry.choice("language", of: RepairTask.Language.self)
    } catch {
      throw TaskError(
        "\(error); for another language take the one whose text is most like it, and name the files "
          + "by files = [\"*.js\"]")
    }
    guard let language = known else {
      throw TaskError("\(entry.file): missing key folders.\(name).language")
    }
    self.init(
      name: name, path: URL(filePath: path, relativeTo: base).standardizedFileURL,
      testCommand: try entry.required("test_command"), language: language,
      split: try entry.choice("split", of: RepairTask.Split.self) ?? .train,
      files: try entry.strings("files") ?? [],
      limit: try entry.positiveInteger("limit", limit: 1_000_000) ?? 20)
    if let tests = try entry.strings("tests") { protected = tests }
    try entry.finish()
  }

  /// A package, for its own tests to notice the bugs; nil if it has none.
  init?(testsOf package: PackageStore.Placed) {
    let name = package.source.name
    // Others lie beside it, unless the folder is called after it.
    let own = package.isOwn && package.root.lastPathComponent != name ? name : nil
    guard let command = PythonTests.command(in: package.root, within: own) else { return nil }
    self.init(
      name: name, path: own.map { package.root.appending(path: $0) } ?? package.root,
      testCommand: command, language: .python, split: package.source.split,
      limit: package.source.limit ?? 20)
    place = own
  }

  /// The repositories of a folder of tasks, each as it is when its first task is solved, with that task's
  /// hidden tests.
  static func repositories(
    ofTasksIn folder: URL, limit: Int
  ) throws(TaskError) -> [SourceFolder] {
    var found: [String: SourceFolder] = [:]
    for task in try TaskSet.load(folder).tasks where found[task.repository] == nil {
      guard case .patch(let patch) = task.solution, let command = task.hiddenTestCommand else {
        continue
      }
      var source = SourceFolder(
        name: task.repository, path: task.environmentDirectory, testCommand: task.testCommand,
        language: task.language, split: task.split, limit: limit)
      source.patch = patch
      source.hidden = (task.testsDirectory, command)
      source.protected = ["tests/**", "hidden/**"] + (task.language == .c ? ["Makefile"] : [])
      found[task.repository] = source
    }
    return found.values.sorted { $0.name < $1.name }
  }
}
