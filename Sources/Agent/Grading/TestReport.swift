/// What a test runner reported: each test once, in the order of first appearance.
public struct TestReport: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// `python3 -m unittest -v`, of any version.
    case unittest
    /// pytest with `-rA` or `-v`.
    case pytest
    /// The Test Anything Protocol.
    case tap
  }

  public private(set) var tests: [TestResult] = []
  /// Where each test stands in ``tests``: a suite can have ten thousand.
  private var places: [String: Int] = [:]
  /// The runner came to its end: its closing line is there, and no announced test is lacking.
  public var isComplete = false
  /// Why the report can't be believed, if it can't.
  public var tampering: String?
  /// What the runner said outside any test, such as the traceback of a module that doesn't load.
  public var remark = ""
  /// The test that had begun and not ended when the report broke off.
  public var unfinished: String?
  /// Which lines the tests ran, if the runner counted them.
  package var lines: ExecutedLines?

  public init() {}

  /// Reads the outcomes from what a runner printed.
  ///
  /// The program under test prints to the same stream, so this is only as good as the runner's form
  /// makes it: a line that imitates a pass never outweighs a failure of the same test, and a report
  /// without its closing line is not complete, but a program that knows a test's name and leaves early can
  /// imitate the whole. Where it can, the grader uses a signed report instead.
  public static func parse(_ output: String, kind: Kind) -> TestReport {
    let lines = TextLines.split(TextLines.withoutEscapes(output))
    return switch kind {
    case .unittest: UnittestText.parse(lines)
    case .pytest: PytestText.parse(lines)
    case .tap: TAPText.parse(lines)
    }
  }

  /// Whether any test failed, unexpectedly passed, or couldn't run.
  public var hasFailure: Bool {
    tests.contains { [.failed, .error, .unexpectedSuccess].contains($0.outcome) }
  }

  /// The result of one test: its own, or that of the module or class whose loading or set-up failed in its
  /// stead, or `missing`.
  public func result(of id: String) -> TestResult {
    if let place = places[id] { return tests[place] }
    for test in tests where test.outcome != .passed && Self.stands(test.id, for: id) {
      return TestResult(id: id, outcome: test.outcome, detail: test.detail)
    }
    return resultOfCutID(id) ?? TestResult(id: id, outcome: .missing)
  }

  /// Whether a failure is that of a module or class which the test is in.
  private static func stands(_ failed: String, for id: String) -> Bool {
    if let scope = Self.scope(of: failed) { return id.hasPrefix(scope + ".") || id == scope }
    // pytest names a file or class that can't be collected as it begins its tests' ids.
    return id.hasPrefix(failed) && id.dropFirst(failed.count).hasPrefix("::")
  }

  /// SWE-bench's lists have pytest's ids up to their first space; several tests can have one beginning.
  private func resultOfCutID(_ id: String) -> TestResult? {
    guard let bracket = id.firstIndex(of: "["), id.last != "]", id[..<bracket].contains("::") else {
      return nil
    }
    let meant = tests.filter { $0.id.hasPrefix(id + " ") }
    guard var worst = meant.first else { return nil }
    for test in meant where worst.outcome.worse(test.outcome) != worst.outcome { worst = test }
    worst.id = id
    return worst
  }

  /// The dotted prefix of the tests that a failed import or fixture stands for.
  private static func scope(of id: String) -> String? {
    let failedImport = "unittest.loader._FailedTest."
    if id.hasPrefix(failedImport) { return String(id.dropFirst(failedImport.count)) }
    for fixture in ["setUpClass (", "setUpModule ("] where id.hasPrefix(fixture) {
      return String(id.dropFirst(fixture.count).dropLast())
    }
    return nil
  }

  /// Adds a result; of two on the same test the worse stays.
  package mutating func add(_ test: TestResult) {
    guard let place = places[test.id] else {
      places[test.id] = tests.count
      tests.append(test)
      return
    }
    let old = tests[place]
    let outcome = old.outcome.worse(test.outcome)
    let detail = outcome == old.outcome && !old.detail.isEmpty ? old.detail : test.detail
    tests[place] = TestResult(id: test.id, outcome: outcome, detail: detail)
  }

  /// Whether the test has a result of its own.
  func has(_ id: String) -> Bool { places[id] != nil }

  /// Puts what is said elsewhere in the report in the place of a test's detail.
  mutating func explain(_ id: String, _ detail: String) {
    if let place = places[id] { tests[place].detail = detail }
  }

  /// Both reports as one; complete if both are.
  func merged(with other: TestReport) -> TestReport {
    var both = self
    for test in other.tests { both.add(test) }
    both.isComplete = isComplete && other.isComplete
    both.tampering = tampering ?? other.tampering
    both.remark = remark.isEmpty ? other.remark : remark
    both.unfinished = unfinished ?? other.unfinished
    both.lines = lines ?? other.lines
    return both
  }
}

/// Lines of tools' output; on bytes, because "\r\n" is one Character.
enum TextLines {
  static func split(_ text: String) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      let line = $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0
      return Substring(line)
    }
  }

  /// The text without terminal colour, cursor and title sequences.
  static func withoutEscapes(_ text: String) -> String {
    guard text.utf8.contains(0x1B) else { return text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == 0x1B else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "["):
        while let code = rest.popFirst(), !(0x40...0x7E).contains(code) {}
      case UInt8(ascii: "]"):
        // A title or link, up to BEL or ESC \; never over a line's end, in case it was cut.
        while let code = rest.first, code != 0x07, code != 0x1B, code != 0x0A { rest.removeFirst() }
        if rest.first == 0x07 { rest.removeFirst() }
      default: break
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
