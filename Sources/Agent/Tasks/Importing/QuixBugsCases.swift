internal import Foundation
internal import LanguageModel

/// The cases of one program, a line `[arguments, result]` each, as a unittest module.
struct QuixBugsCases: QuixBugsTests {
  let name: String
  /// Arguments and result as Python writes them.
  let cases: [(arguments: String, result: String)]

  init(_ text: String, of name: String) throws(ImportRefusal) {
    self.name = name
    var found: [(String, String)] = []
    for (index, line) in TextLines.split(text).enumerated()
    where line.contains(where: { !$0.isWhitespace }) {
      let place = "json_testcases/\(name).json:\(index + 1)"
      let value = try? JSONSerialization.jsonObject(
        with: Data(line.utf8), options: .fragmentsAllowed)
      guard let value else { throw ImportRefusal("\(place): \(Self.problem(line))") }
      guard let pair = value as? [Any], pair.count == 2 else {
        throw ImportRefusal("\(place) must be a list of arguments and result")
      }
      // A single argument may stand alone.
      let arguments = pair[0] as? [Any] ?? [pair[0]]
      found.append((arguments.map(Self.python).joined(separator: ", "), Self.python(pair[1])))
    }
    guard !found.isEmpty else { throw ImportRefusal("json_testcases/\(name).json has no case") }
    cases = found
  }

  /// Why a line can't be read.
  private static func problem(_ line: Substring) -> String {
    // Python writes these, and takes them again.
    let bare = line.replacing(#/"(?:[^"\\]|\\.)*"/#, with: "")
    if let word = bare.firstMatch(of: #/-?\b(?:NaN|Infinity)\b/#)?.output {
      return "JSON has no \(word); expected a number"
    }
    return JSONOverflow.first(in: line.utf8)?.problem ?? "not valid JSON"
  }

  var program: String { "\(name).py" }

  func command(_ folder: String) -> String { "python3 -m unittest discover -s \(folder) -t . -v" }

  func files(without ids: Set<String>) -> [String: String] {
    let kept = cases.indices.filter {
      !ids.contains("hidden.test_\(name).\(kind)Tests.\(test($0))")
    }
    return [
      "environment/tests/__init__.py": "",
      "environment/tests/test_\(name).py": module(Self.visible(of: kept)),
      "tests/hidden/__init__.py": "",
      "tests/hidden/test_\(name).py": module(kept),
    ]
  }

  private var kind: String {
    name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  private func test(_ index: Int) -> String { "test_\(name)_\(index + 1)" }

  private func module(_ indices: [Int]) -> String {
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
    for index in indices {
      let one = cases[index]
      text += """

            def \(test(index))(self):
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
    case let text as String: return JSONText.quoted(text)
    case let list as [Any]: return "[" + list.map(python).joined(separator: ", ") + "]"
    case let object as [String: Any]:
      let entries = object.sorted { $0.key < $1.key }
        .map { "\(JSONText.quoted($0.key)): \(python($0.value))" }
      return "{" + entries.joined(separator: ", ") + "}"
    default: return "None"
    }
  }

  /// True and false come as numbers of type "c".
  private static func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
  }
}
