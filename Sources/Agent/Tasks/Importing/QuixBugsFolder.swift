internal import Foundation

/// Programs in QuixBugs' form: `python_programs/NAME.py` with a bug, `correct_python_programs/NAME.py`
/// without it, and `json_testcases/NAME.json`, a line `[arguments, result]` for each case.
struct QuixBugsFolder: Sendable {
  let folder: URL

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
    let buggy = try text("python_programs/\(name).py")
    let sound = try text("correct_python_programs/\(name).py")
    let cases = try QuixBugsCases(try text("json_testcases/\(name).json"), of: name)
    // Every other case is visible.
    let files = [
      "environment/\(name).py": buggy,
      "environment/tests/__init__.py": "",
      "environment/tests/test_\(name).py": cases.tests { $0 % 2 == 0 },
      "tests/hidden/__init__.py": "",
      "tests/hidden/test_\(name).py": cases.tests { _ in true },
    ]
    for (path, text) in files {
      let file = directory.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let environment = directory.appending(path: "environment")
    try ImportedTask.writeSolution(
      of: environment, changing: ["\(name).py": sound], in: directory)
    return ImportedTask(
      id: ImportedTask.identifier(name), repository: ImportedTask.identifier(name),
      language: .python, summary: "\(name) gives wrong results.", bug: "quixbugs",
      instruction: nil, testCommand: "python3 -m unittest discover -s tests -t . -v",
      hiddenTestCommand: "python3 -m unittest discover -s hidden -t . -v", failToPass: [],
      passToPass: [], protected: ["tests/**", "hidden/**"], directory: directory)
  }

  private func text(_ path: String) throws(ImportRefusal) -> String {
    guard let data = try? Data(contentsOf: folder.appending(path: path)) else {
      throw ImportRefusal("there is no \(path)")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ImportRefusal("\(path) is not UTF-8 text")
    }
    return text
  }
}

/// The cases of one program as a unittest module.
private struct QuixBugsCases {
  let name: String
  /// Arguments and result as Python writes them.
  let cases: [(arguments: String, result: String)]

  init(_ text: String, of name: String) throws(ImportRefusal) {
    guard name.wholeMatch(of: #/[A-Za-z_]\w*/#) != nil else {
      throw ImportRefusal("\(name) is no name of a Python function")
    }
    self.name = name
    var found: [(String, String)] = []
    for (index, line) in TextLines.split(text).enumerated()
    where line.contains(where: { !$0.isWhitespace }) {
      let value = try? JSONSerialization.jsonObject(with: Data(line.utf8))
      guard let pair = value as? [Any], pair.count == 2 else {
        throw ImportRefusal(
          "json_testcases/\(name).json:\(index + 1) must be a list of arguments and result")
      }
      // A single argument may stand alone.
      let arguments = pair[0] as? [Any] ?? [pair[0]]
      found.append((arguments.map(Self.python).joined(separator: ", "), Self.python(pair[1])))
    }
    guard !found.isEmpty else { throw ImportRefusal("json_testcases/\(name).json has no case") }
    cases = found
  }

  func tests(where isWanted: (Int) -> Bool) -> String {
    let kind = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined()
    var text = """
      import json
      import signal
      import types
      import unittest

      from \(name) import \(name)


      def plain(value):
          \"\"\"The value as JSON can write it.\"\"\"
          if isinstance(value, types.GeneratorType):
              value = list(value)
          return json.loads(json.dumps(value))


      def give_up(*_):
          raise TimeoutError("the call takes too long")


      class \(kind)Tests(unittest.TestCase):
          def setUp(self):
              signal.signal(signal.SIGALRM, give_up)
              signal.alarm(3)
              self.addCleanup(signal.alarm, 0)

      """
    for (index, one) in cases.enumerated() where isWanted(index) {
      text += """

            def test_\(name)_\(index + 1)(self):
                self.assertEqual(plain(\(name)(\(one.arguments))), \(one.result))

        """
    }
    return text
  }

  /// A value of JSON as a literal of Python.
  private static func python(_ value: Any) -> String {
    switch value {
    case is NSNull: return "None"
    case let number as NSNumber where isBoolean(number): return number.boolValue ? "True" : "False"
    case let number as NSNumber: return "\(number)"
    case let text as String: return TaskLayout.quoted(text)
    case let list as [Any]: return "[" + list.map(python).joined(separator: ", ") + "]"
    case let object as [String: Any]:
      let entries = object.sorted { $0.key < $1.key }
        .map { "\(TaskLayout.quoted($0.key)): \(python($0.value))" }
      return "{" + entries.joined(separator: ", ") + "}"
    default: return "None"
    }
  }

  /// True and false come as numbers of type "c".
  private static func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
  }
}
