internal import Foundation

/// Programs in QuixBugs' form: `python_programs/NAME.py` with a bug, `correct_python_programs/NAME.py`
/// without it, and `json_testcases/NAME.json` or, where arguments are no JSON, `python_testcases/test_NAME.py`.
struct QuixBugsFolder: Sendable {
  let folder: URL
  var hasPytest = true

  /// - Throws: ``TaskError`` if the folder has no such programs.
  func names() throws(TaskError) -> [String] {
    let programs = folder.appending(path: "python_programs")
    let files = try? FileManager.default.contentsOfDirectory(atPath: programs.plainPath)
    guard let files else {
      throw TaskError("\(folder.plainPath) has no folder python_programs, as QuixBugs does")
    }
    let names = files.filter { $0.hasSuffix(".py") && !$0.hasSuffix("_test.py") }
      .map { String($0.dropLast(3)) }
      .filter { $0 != "__init__" && $0 != "node" }.sorted()
    guard !names.isEmpty else { throw TaskError("\(programs.plainPath) holds no program") }
    return names
  }

  func lay(out name: String, in directory: URL) throws -> ImportedTask {
    guard name.wholeMatch(of: #/[A-Za-z_]\w*/#) != nil else {
      throw ImportRefusal("\(name) is no name of a Python function")
    }
    let buggy = try text("python_programs/\(name).py")
    let sound = try text("correct_python_programs/\(name).py")
    let tests = try tests(of: name)
    try Self.write(["environment/\(tests.program)": buggy], in: directory)
    try Self.write(tests.files(without: []), in: directory)
    let environment = directory.appending(path: "environment")
    try ImportedTask.writeSolution(
      of: environment, changing: [tests.program: sound], in: directory)
    return ImportedTask(
      id: ImportedTask.identifier(name), repository: ImportedTask.identifier(name),
      language: .python, summary: "\(name) gives wrong results.", bug: "quixbugs",
      instruction: nil, testCommand: tests.command("tests"),
      hiddenTestCommand: tests.command("hidden"), failToPass: [], passToPass: [],
      protected: ["tests/**", "hidden/**"], directory: directory,
      leaveOut: { try Self.write(tests.files(without: $0), in: directory) })
  }

  private func tests(of name: String) throws(ImportRefusal) -> any QuixBugsTests {
    let (json, module) = ("json_testcases/\(name).json", "python_testcases/test_\(name).py")
    if has(json) { return try QuixBugsCases(try text(json), of: name) }
    guard has(module) else { throw ImportRefusal("there is neither \(json) nor \(module)") }
    guard hasPytest else {
      throw ImportRefusal(ImportedTask.needsPytest)
    }
    // What the tests and the programs may import besides.
    let node = ["python_testcases/node.py", "python_programs/node.py"].first(where: has)
    let loader = "python_testcases/load_testdata.py"
    var beside: [String: String] = [:]
    if let node { beside["node.py"] = try text(node) }
    if has(loader) { beside["load_testdata.py"] = try text(loader) }
    var package: [String: String] = [:]
    for file in ["__init__.py", "node.py"] where has("python_programs/\(file)") {
      package[file] = try text("python_programs/\(file)")
    }
    return QuixBugsModule(
      name: name, module: TestModule(try text(module)), beside: beside, package: package)
  }

  private func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).plainPath)
  }

  private func text(_ path: String) throws(ImportRefusal) -> String {
    guard has(path) else { throw ImportRefusal("there is no \(path)") }
    let file = folder.appending(path: path).plainPath
    guard TaskFolder.leads(file, below: folder.plainPath) == true,
      let data = RegularFile.contents(of: file)
    else { throw ImportRefusal("\(path) can't be read; expected a file of the folder's own") }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ImportRefusal("\(path) is not UTF-8 text")
    }
    return text
  }

  private static func write(_ files: [String: String], in directory: URL) throws {
    for (path, text) in files {
      let file = directory.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }
}

/// The tests of one program, as a task's files.
protocol QuixBugsTests: Sendable {
  /// Where the program lies in the repository.
  var program: String { get }

  /// Runs the tests of one of the repository's folders.
  func command(_ folder: String) -> String

  /// The files by their paths in the task's folder, without the hidden tests with these ids.
  func files(without ids: Set<String>) -> [String: String]
}

extension QuixBugsTests {
  /// Of the hidden tests, every other one.
  static func visible<Test>(of hidden: [Test]) -> [Test] {
    hidden.enumerated().filter { $0.offset % 2 == 0 }.map { $0.element }
  }
}
