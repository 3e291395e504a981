/// Names of tests as data sets write them, and what a runner is told to run just those.
struct TestNames: Sendable {
  enum Runner: Sendable { case pytest, unittest }

  /// As the grader's report calls them, as far as that can be said before a run.
  let failToPass: [String]
  let passToPass: [String]
  let runner: Runner
  /// What holds them, as far as the names say: paths for pytest, modules for unittest.
  let targets: [String]
  /// Those of the targets that hold doctests.
  let doctested: Set<String>
  /// Whether some are written as pytest does.
  let nameFiles: Bool

  /// - hasPytest: whether pytest can be run; else its names are read as unittest's, where they can be.
  /// - Throws: ``ImportRefusal`` if a name has a path that is no plain one.
  init(failToPass: [String], passToPass: [String], hasPytest: Bool) throws(ImportRefusal) {
    let all = failToPass + passToPass
    if let name = all.first(where: { Self.path(of: $0).map(Self.isPlain) == false }) {
      throw ImportRefusal(
        "its test \"\(Printable.line(name))\" has no plain path; expected one such as "
          + "tests/test_a.py")
    }
    let paths = Self.unique(all.compactMap(Self.path))
    nameFiles = !paths.isEmpty
    // Lists that were read from logs hold other words as well.
    if hasPytest, nameFiles {
      (self.failToPass, self.passToPass) = (failToPass, passToPass)
      runner = .pytest
      targets = paths
      doctested = Set(all.filter(Self.isDoctest).compactMap(Self.path))
      return
    }
    self.failToPass = Self.unique(failToPass.map(Self.unittest))
    self.passToPass = Self.unique(passToPass.map(Self.unittest))
    targets = Self.unique(
      (self.failToPass + self.passToPass).compactMap { name in
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.allSatisfy(Self.isIdentifier) else { return nil }
        return parts.dropLast(2).joined(separator: ".")
      })
    runner = hasPytest && targets.isEmpty ? .pytest : .unittest
    doctested = []
  }

  static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  /// That of `m.py::T::test_a`; nil for other names.
  private static func path(of name: String) -> String? {
    guard let colons = name.firstRange(of: "::") else { return nil }
    let path = name[..<colons.lowerBound]
    return path.hasSuffix(".py") ? String(path) : nil
  }

  private static func isPlain(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.hasPrefix("-") && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// `m.py::m.f`: neither functions nor classes have a dot in their names.
  private static func isDoctest(_ name: String) -> Bool {
    guard let colons = name.firstRange(of: "::") else { return false }
    return name[colons.upperBound...].prefix { $0 != "[" }.contains(".")
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
}
