import Agent
import Foundation
import Testing

struct SignedReportTests {
  private static let key = Array("0123456789abcdef0123456789abcdef".utf8)

  private func line(_ json: String, key: [UInt8] = key) -> String {
    "\(SignedReport.authenticationCode(Data(json.utf8), key: key)) \(json)\n"
  }

  private func read(_ lines: [String]) -> TestReport {
    SignedReport.read(Data(lines.joined().utf8), key: Self.key)
  }

  private let begin = #"{"n":0,"event":"begin"}"#
  private let start = #"{"n":1,"event":"start","id":"m.T.a"}"#
  private let test = #"{"n":2,"event":"test","id":"m.T.a","outcome":"passed","detail":""}"#
  private let end = #"{"n":3,"event":"end","ran":1}"#

  /// RFC 4231, test case 2.
  @Test func knownCode() {
    #expect(
      SignedReport.authenticationCode(
        Data("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func aWholeReport() {
    let report = read([begin, start, test, end].map { line($0) })
    #expect(report.tests == [TestResult(id: "m.T.a", outcome: .passed)])
    #expect(report.isComplete)
    #expect(report.tampering == nil)
  }

  @Test func linesFollowTheEnd() {
    let lines = #"{"n":4,"event":"lines","failed":1,"passed":2,"lines":[["a.py",3,1,0]]}"#
    let report = read([begin, start, test, end, lines].map { line($0) })
    #expect(report.isComplete)
    #expect(
      report.lines
        == ExecutedLines(
          failing: 1, passing: 2,
          lines: [ExecutedLines.Line(path: "a.py", number: 3, failing: 1, passing: 0)]))
    #expect(read([begin, start, test, end].map { line($0) }).lines == nil)
  }

  @Test func aProcessThatEndsDuringATest() {
    let report = read([begin, start].map { line($0) })
    #expect(report.result(of: "m.T.a").outcome == .error)
    #expect(!report.isComplete)
    #expect(report.tampering == nil)
  }

  @Test func aLineCutOffIsNoForgery() {
    let report = read([line(begin), String(line(start).dropLast(9))])
    #expect(report.tampering == nil)
    #expect(report.tests.isEmpty)
  }

  @Test func whatIsForged() {
    let forged = [
      [line(begin), line(test)],  // a gap
      [line(begin), line(begin)],  // a repetition
      [line(begin), line(start), line(test, key: Array("other".utf8)), line(end)],
      [line(begin), test + "\n"],
      [line(begin), "\n"],
      [line(begin), line(start).replacing("m.T.a", with: "m.T.b"), line(test)],
      [line("[]")],
    ]
    for lines in forged {
      let report = read(lines)
      #expect(report.tampering != nil, "\(lines)")
      #expect(!report.isComplete)
    }
    #expect(read([]).tests.isEmpty)
  }
}

struct ShellWordsTests {
  @Test(
    arguments: [
      ("a b  c", ["a", "b", "c"]), ("a 'b c' \"d\"", ["a", "b c", "d"]), ("a\\ b", ["a b"]),
      ("a ''", ["a", ""]), ("", []), ("a; b", nil), ("a | b", nil), ("a $x", nil),
      ("a \"$x\"", nil),
      ("a `b`", nil), ("a > b", nil), ("a 'b", nil), ("a &", nil), ("a *.py", nil), ("a\nb", nil),
    ] as [(String, [String]?)])
  func splitting(command: String, words: [String]?) {
    #expect(ShellWords.split(command) == words)
  }

  @Test func quoting() {
    #expect(ShellWords.quoted("it's") == "'it'\\''s'")
  }

  @Test(
    arguments: [
      (
        "python3 -m unittest discover -s hidden -t . -v",
        ["discover", "-s", "hidden", "-t", ".", "-v"]
      ),
      ("python3 -B -m unittest", []), ("A=1 python -m unittest x", ["x"]),
      ("/usr/bin/python3.11 -m unittest x", ["x"]), ("python3 -m pytest -q a", ["-q", "a"]),
      ("pytest tests/a.py", ["tests/a.py"]), ("/usr/bin/pytest", []), ("venv/bin/pytest", nil),
      ("cd a && python3 -m unittest", nil), ("make test", nil), ("python3 -c 'x' -m unittest", nil),
      ("pythonic -m unittest", nil), ("python3 -m pytestx", nil), ("", nil), ("A=1", nil),
    ] as [(String, [String]?)])
  func callsOfPythonsTests(command: String, arguments: [String]?) {
    #expect(PythonTestCall(command)?.arguments == arguments)
  }

  @Test(
    arguments: [
      ("0.5", 0.5), ("{\"reward\": 1}", 1), ("{\"score\": 0.25}", 0.25),
      ("{\"a\": 1, \"b\": 0}", nil),
      ("2", nil), ("-0.1", nil), ("\"1\"", nil), ("", nil), ("{\"reward\": 0, \"other\": 1}", 0),
    ] as [(String, Double?)])
  func rewards(json: String, reward: Double?) {
    #expect(TestRunner.reward(json: Data(json.utf8)) == reward)
  }
}
