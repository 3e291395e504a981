import Agent
import Foundation
import Testing

/// What digests make of texts that python3, pytest, GCC, Clang, ld, make, sanitizers and shells really printed.
struct FailureDigestTests {
  private func output(_ name: String) throws -> String {
    let file = TestReportTests.fixtures.appending(path: "reports/\(name).txt")
    return try String(contentsOf: file, encoding: .utf8)
  }

  private func digest(_ tests: [TestResult]) -> FailureDigest {
    var digest = FailureDigest()
    digest.failing = tests
    digest.total = tests.count
    digest.isTestCode = { $0.hasPrefix("hidden/") }
    return digest
  }

  private static let python: [(String, String)] = [
    ("cause", "error: KeyError: 'lost'\n  test: hidden/test_calc.py:30"),
    ("doc", "error: AssertionError: 0.0 is not true\n  test: hidden/test_calc.py:43"),
    (
      "error",
      "error: ZeroDivisionError: division by zero\n  at: calc.py:6, in mean: return sum(values) / len(values)"
    ),
    ("list", "got: [1.5]\n  expected: [2]\n"),
    ("literal_first", "got: 1.5\n  expected: 3\n"),
    ("note", "got: 1.5\n  expected: 2\n"),
    ("object", "error: AssertionError: <object object at 0x…> is not None\n"),
    ("raises", "error: AssertionError: ValueError not raised\n"),
    ("sub", "got: 0.0\n  expected: 1\n"),
    ("text", "got: 'a,b'\n  expected: 'a\\nb'\n"),
  ]

  @Test(arguments: ["unittest-3.8", "unittest-3.11", "unittest-3.13"], python)
  func unittest(name: String, test: (name: String, text: String)) throws {
    let report = try TestReportTests.report(name, .unittest)
    let result = report.result(of: "hidden.test_calc.CalcTests.test_\(test.name)")
    let text = digest([result]).text
    let word = result.outcome == .error ? "ERROR" : "FAIL"
    let start = "1 of 1 tests fail.\n\(word) \(result.id)\n  \(test.text)"
    #expect(text.hasPrefix(start), "\(text)")
  }

  @Test(arguments: python)
  func pytest(test: (name: String, text: String)) throws {
    let report = try TestReportTests.report("pytest", .pytest)
    let result = report.result(of: "hidden/test_calc.py::CalcTests::test_\(test.name)")
    let first = String(test.text.split(separator: "\n")[0])
    #expect(digest([result]).text.contains("  \(first)\n"), "\(digest([result]).text)")
  }

  @Test(arguments: [
    ("gcc", "compiler error: expected ‘,’ or ‘;’ before ‘return’\nat: a.c:4: return d;"),
    ("clang", "compiler error: expected ';' at end of declaration\nat: a.c:3: int c = a + b"),
    ("make", "compiler error: expected ‘,’ or ‘;’ before ‘return’\nat: a.c:4: return d;"),
    ("ld", "linker error: undefined reference to `foo'"),
    ("asan", "error: AddressSanitizer: heap-buffer-overflow\nat: asan.c:4, in get"),
    (
      "ubsan",
      "runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'"
        + "\nat: ub.c:2"
    ),
    ("assert", "error: Assertion `argc == 9' failed.\nat: asan.c:6"),
    ("make-missing", "error: make: No rule to make target 'nothing'.  Stop."),
    ("dash-syntax", "Syntax error: \"}\" unexpected (expecting \"fi\")\nat: s.sh:3"),
    ("bash-missing", "error: frobnicate: command not found\nat: t.sh:2"),
    ("python-syntax", "error: SyntaxError: '(' was never closed\nat: calc.py:9: def join(parts:"),
  ])
  func whatStopsAllTests(name: String, expected: String) throws {
    var digest = digest([TestResult(id: "m.T.test_a", outcome: .missing)])
    digest.output = try output(name)
    #expect(digest.text.hasPrefix("1 of 1 tests fail.\n" + expected + "\n"), "\(digest.text)")
    #expect(digest.text.hasSuffix("\nnot run: m.T.test_a"))
  }

  @Test func diagnosticsOfTAP() throws {
    let before = try TestReportTests.report("tap", .tap)
    #expect(
      digest([before.tests[1], before.tests[4]]).text == """
        2 of 2 tests fail.
        FAIL too high
          clamp.c:7: clamp(9, 2, 4) is 2, expected 4
        FAIL number # sign
          crashed by signal 11
        """)
    let after = try TestReportTests.report("tap-after", .tap)
    #expect(
      digest([after.tests[0], after.tests[2]]).text == """
        2 of 2 tests fail.
        FAIL greets
          got: Hello Ada
          expected: Hello, Ada!
        FAIL counts
          got: 3
          expected: 4
        """)
  }

  @Test func oneCauseIsToldOnce() throws {
    let report = try TestReportTests.report("unittest-syntax", .unittest)
    let ids = ["a", "b", "c"].map { "hidden.test_calc.CalcTests.test_\($0)" }
    let text = digest(ids.map(report.result(of:))).text
    #expect(
      text == """
        3 of 3 tests fail.
        ERROR hidden.test_calc.CalcTests.test_a (and 2 more, for the same reason)
          error: SyntaxError: '(' was never closed
          at: calc.py:9: def join(parts:
          test: hidden/test_calc.py:3: from calc import join, mean, parse
        """)
  }

  @Test func limits() {
    let tests = (0..<60).map { number in
      TestResult(
        id: "m.T.test_\(number)", outcome: .failed,
        detail: "AssertionError: \(number) \(String(repeating: "x", count: 4_000))\nmore\n")
    }
    var digest = digest(tests)
    digest.notes = [String(repeating: "n", count: 400)]
    let text = digest.text
    #expect(text.count <= FailureDigest.limit)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= FailureDigest.fieldLimit + 2 })
    #expect(text.contains("FAIL m.T.test_0\n"))
    #expect(text.hasSuffix("more failing tests not shown."))
  }

  @Test func nothingFails() {
    #expect(FailureDigest().text.isEmpty)
  }

  @Test func unknownOutput() {
    var digest = digest([TestResult(id: "a", outcome: .missing)])
    digest.output = "one\n\ntwo\nthree\nfour\n"
    #expect(digest.text == "1 of 1 tests fail.\noutput: two | three | four\nnot run: a")
  }
}
