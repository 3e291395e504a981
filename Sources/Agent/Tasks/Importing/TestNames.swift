/// Names of tests as data sets write them, and the command that runs just those.
struct TestNames: Sendable {
  /// As the grader's report calls them.
  var failToPass: [String]
  var passToPass: [String]
  /// Files that hold them, relative to the repository's root, as far as the names say.
  var files: [String]
  /// Runs them, or all tests where none is named; nil where the names don't say how.
  var command: String?

  /// - hasPytest: whether pytest can be run; else its names are read as unittest's, where they can be.
  init(failToPass: [String], passToPass: [String], hasPytest: Bool) {
    let all = failToPass + passToPass
    guard !all.isEmpty else {
      (self.failToPass, self.passToPass, files) = ([], [], [])
      command = hasPytest ? "python3 -m pytest" : "python3 -m unittest discover -v"
      return
    }
    let isPytest = all.allSatisfy { $0.contains(".py::") }
    if isPytest, hasPytest {
      (self.failToPass, self.passToPass) = (failToPass, passToPass)
      files = Self.unique(all.map { String($0[..<$0.firstRange(of: "::")!.lowerBound]) })
      command = "python3 -m pytest " + files.map(ShellWords.quoted).joined(separator: " ")
      return
    }
    self.failToPass = Self.unique(failToPass.map(Self.unittest))
    self.passToPass = Self.unique(passToPass.map(Self.unittest))
    let modules = Self.unique(
      (self.failToPass + self.passToPass).compactMap { name in
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.allSatisfy(Self.isIdentifier) else { return nil }
        return parts.dropLast(2).joined(separator: ".")
      })
    files = modules.map { $0.replacing(".", with: "/") + ".py" }
    command =
      modules.isEmpty ? nil : "python3 -m unittest -v " + modules.joined(separator: " ")
  }

  /// `test_a (m.T)`, `test_a (m.T.test_a)` and `m.py::T::test_a` as `m.T.test_a`; others as they are.
  private static func unittest(_ name: String) -> String {
    if let match = name.wholeMatch(of: #/(\w+) \(([\w.]+)\)/#) {
      let (test, place) = (match.1, match.2)
      return place.hasSuffix("." + test) ? String(place) : "\(place).\(test)"
    }
    if let match = name.wholeMatch(of: #/([\w\/.-]+)\.py::(\w+)::(\w+)/#) {
      return "\(match.1.replacing("/", with: ".")).\(match.2).\(match.3)"
    }
    return name
  }

  private static func isIdentifier(_ part: Substring) -> Bool {
    guard let first = part.first, first.isLetter || first == "_" else { return false }
    return part.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
