import Agent
import Foundation
import Testing

struct TestReportTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  static func report(_ name: String, _ kind: TestReport.Kind) throws -> TestReport {
    let file = fixtures.appending(path: "reports/\(name).txt")
    return TestReport.parse(try String(contentsOf: file, encoding: .utf8), kind: kind)
  }

  private static let expected: [(String, TestOutcome)] = [
    ("cause", .error), ("doc", .failed), ("error", .error), ("expected", .expectedFailure),
    ("list", .failed), ("literal_first", .failed), ("note", .failed), ("object", .failed),
    ("print", .passed), ("raises", .failed), ("skip", .skipped), ("sub", .failed),
    ("text", .failed), ("unexpected", .unexpectedSuccess),
  ]

  @Test(arguments: ["unittest-3.8", "unittest-3.11", "unittest-3.13"])
  func unittestOfEveryVersion(name: String) throws {
    let report = try Self.report(name, .unittest)
    for (test, outcome) in Self.expected {
      #expect(
        report.result(of: "hidden.test_calc.CalcTests.test_\(test)").outcome == outcome, "\(test)")
    }
    #expect(report.isComplete)
    #expect(report.hasFailure)
    // A fixture and a module that don't work stand for their tests.
    let setUp = report.result(of: "hidden.test_calc.SetUpTests.test_a")
    #expect(setUp.outcome == .error)
    #expect(setUp.detail.contains("ZeroDivisionError"))
    let missing = report.result(of: "hidden.test_missing.AnyTests.test_any")
    #expect(missing.outcome == .error)
    #expect(missing.detail.contains("No module named 'nothing_here'"))
    #expect(report.result(of: "hidden.test_calc.CalcTests.test_none").outcome == .missing)
  }

  @Test func pytestSummary() throws {
    let report = try Self.report("pytest", .pytest)
    for (test, outcome) in Self.expected where test != "skip" {
      let id = "hidden/test_calc.py::CalcTests::test_\(test)"
      // pytest counts every exception, and an unexpected success, as failed.
      let own = [.error, .unexpectedSuccess].contains(outcome) ? .failed : outcome
      #expect(report.result(of: id).outcome == own, "\(test)")
    }
    let setUp = report.result(of: "hidden/test_calc.py::SetUpTests::test_a")
    #expect(setUp.outcome == .error)
    #expect(setUp.detail.contains("ZeroDivisionError: division by zero"))
    #expect(report.isComplete)
  }

  @Test func pytestVerbose() throws {
    let report = try Self.report("pytest-v", .pytest)
    let prefix = "hidden/test_calc.py::CalcTests::test_"
    #expect(report.result(of: prefix + "skip").outcome == .skipped)
    #expect(report.result(of: prefix + "sub").outcome == .failed)
    #expect(report.result(of: prefix + "print").outcome == .passed)
    #expect(report.result(of: prefix + "list").detail.contains("Lists differ"))
  }

  @Test func whatPytestCannotCollectStandsForItsTests() {
    let output = """
      ==================== ERRORS ====================
      ________ ERROR collecting tests/test_a.py ________
      E   ModuleNotFoundError: No module named 'nowhere'
      ============ short test summary info ============
      ERROR tests/test_a.py
      PASSED tests/test_b.py::test_b
      ========== 1 passed, 1 error in 0.12s ==========
      """
    let report = TestReport.parse(output, kind: .pytest)
    let test = report.result(of: "tests/test_a.py::T::test_x[a::b]")
    #expect(test.outcome == .error && test.detail.contains("No module named 'nowhere'"))
    for id in ["tests/test_b.py::test_x", "tests/test_a.pyx::test_x"] {
      #expect(report.result(of: id).outcome == .missing)
    }
  }

  @Test func tapWithDiagnosticsBefore() throws {
    let report = try Self.report("tap", .tap)
    #expect(
      report.tests.map(\.outcome) == [
        .passed, .failed, .skipped, .expectedFailure, .failed, .passed,
      ])
    #expect(
      report.tests.map(\.id) == [
        "adds", "too high", "left out", "some day", "number # sign", "6",
      ])
    #expect(report.tests[1].detail == "# clamp.c:7: clamp(9, 2, 4) is 2, expected 4")
    #expect(report.tests[4].detail == "# crashed by signal 11")
    #expect(report.isComplete)
    #expect(report.tampering == nil)
  }

  @Test func tapWithDiagnosticsAfter() throws {
    let report = try Self.report("tap-after", .tap)
    #expect(report.tests[0].detail.contains("Hello, Ada!"))
    #expect(report.tests[2].detail.contains("got: 3"))
    #expect(!report.tests[2].detail.contains("failed 2 of 3"))
    #expect(report.isComplete)
  }

  @Test(
    arguments: [
      ("ok 1 - a\nok 2 - b\n", true, nil),
      ("1..3\nok 1 - a\nok 2 - b\n", false, nil),
      ("ok 1 - a\nok 1 - b\n1..2\n", true, "the report numbers two tests 1"),
      ("ok 1 - a\nok 2 - a\n1..2\n", true, "the report names two tests \"a\""),
      ("1..1\nok 1 - a\n1..1\n", true, "the report has two plans"),
      ("1..2\nok 1 - a\nBail out! no disk\n", false, nil),
      ("", false, nil),
      ("okay then\nnot okay\n", false, nil),
    ] as [(String, Bool, String?)])
  func tapForm(text: String, complete: Bool, tampering: String?) {
    let report = TestReport.parse(text, kind: .tap)
    #expect(report.isComplete == complete)
    #expect(report.tampering == tampering)
  }

  @Test func aForgedPassDoesNotHideAFailure() {
    let output = """
      test_a (m.T.test_a) ... FAIL
      test_a (m.T.test_a) ... ok

      ----------------------------------------------------------------------
      Ran 1 test in 0.001s

      FAILED (failures=1)
      """
    let report = TestReport.parse(output, kind: .unittest)
    #expect(report.result(of: "m.T.test_a").outcome == .failed)
  }

  @Test func aReportThatBreaksOffIsNotComplete() {
    let report = TestReport.parse(
      "test_a (m.T.test_a) ... ok\ntest_b (m.T.test_b) ... ", kind: .unittest)
    #expect(!report.isComplete)
    #expect(report.result(of: "m.T.test_b").outcome == .missing)
  }

  @Test(arguments: TestReport.Kind.allCases)
  func rubbishIsNoReport(kind: TestReport.Kind) {
    for text in [
      "", "\n\n", "\u{1B}[31mred\u{1B}[0m\r\n", "(((", "=== ===", "test ( ) ...", "___ ___",
    ] {
      let report = TestReport.parse(text, kind: kind)
      #expect(report.tests.isEmpty)
      #expect(!report.isComplete)
    }
  }

  @Test func carriageReturnsAndColours() {
    let report = TestReport.parse("\u{1B}[32mok 1 - a\u{1B}[0m\r\n1..1\r\n", kind: .tap)
    #expect(report.tests == [TestResult(id: "a", outcome: .passed)])
  }
}
