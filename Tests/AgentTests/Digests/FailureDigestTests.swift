import Agent
import Foundation
import Testing

/// What digests make of texts that tools really printed, and of what the world does to such texts.
struct FailureDigestTests {
  static let all = UnittestDigests.all + PytestDigests.all + ToolDigests.all

  @Test(arguments: all)
  func table(fixture: DigestFixture) throws {
    let digest = try fixture.digest()
    #expect(DigestFixture.body(digest.text) == fixture.text)
    #expect(digest.tight() == fixture.tight)
  }

  /// Python's versions differ in how they mark columns and in how much of a statement they quote.
  @Test(arguments: ["unittest-3.8", "unittest-3.13"])
  func versionsOfPython(name: String) throws {
    for var fixture in UnittestDigests.all where fixture.name == "unittest" {
      // 3.8 had no exception groups, and names the last line of a `with` statement.
      let isOther = fixture.text.contains("test_group") || fixture.text.contains("test_raises")
      if name == "unittest-3.8", isOther { continue }
      let expected = fixture
      fixture.name = name
      let digest = try fixture.digest()
      #expect(DigestFixture.body(digest.text) == expected.text, "\(fixture.testDescription)")
    }
  }

  /// With colours and in pytest's short form the same is said; the short form names functions.
  @Test(arguments: ["pytest-color", "pytest-short"])
  func formsOfPytest(name: String) throws {
    for var fixture in PytestDigests.all where fixture.name == "pytest" {
      let expected = fixture
      fixture.name = name
      let text = DigestFixture.body(try fixture.digest().text)
      let bare = { (text: String) in text.replacing(/, in (\w+|<lambda>)/, with: "") }
      #expect(bare(text) == bare(expected.text), "\(fixture.testDescription)")
    }
  }

  /// Line ends of Windows, colours at every line, and bytes that are no UTF-8 change nothing.
  @Test(arguments: all)
  func noise(fixture: DigestFixture) throws {
    let output = try DigestFixture.read(fixture.name)
    let windows = output.replacing("\n", with: "\r\n")
    let colours = output.split(separator: "\n", omittingEmptySubsequences: false)
      .map { "\u{1B}[31;1m\u{1B}]0;title\u{7}" + $0 + "\u{1B}[0m\u{1B}[K" }
      .joined(separator: "\n")
    let broken = String(decoding: [0xFF, 0xC3, 0x0A] + Array(output.utf8), as: UTF8.self)
    // Output in no known form is quoted as it is, what is broken in it included.
    let isKnown =
      !["c-status", "c-timeout", "unittest-timeout"].contains(fixture.name)
      && !fixture.text.contains("output: ")
    for changed in [windows, colours] + (isKnown ? [broken] : []) {
      #expect(DigestFixture.body(fixture.digest(of: changed).text) == fixture.text)
    }
  }

  /// A traceback of 97,000 characters, its middle left out by the sandbox or by the runner.
  @Test(arguments: ["\n[93000 bytes left out]\n", "\n[...]\n"], [400, 1_001, 2_502, 3_003])
  func cutInTheMiddle(mark: String, kept: Int) throws {
    let fixture = try #require(UnittestDigests.all.first { $0.name == "unittest-deep" })
    let output = try DigestFixture.read(fixture.name)
    let cut = output.prefix(kept) + mark + output.suffix(kept)
    #expect(DigestFixture.body(fixture.digest(of: String(cut)).text) == fixture.text)
  }

  /// Every beginning and every end of a text gives a digest within its bounds, and none is a crash.
  @Test(arguments: Set(all.map(\.name)).sorted())
  func anyPartOfAText(name: String) throws {
    let output = try DigestFixture.read(name)
    let kind = Self.all.first { $0.name == name }?.kind
    for part in 1..<6 {
      let place = output.count * part / 6
      for text in [output.prefix(place), output.dropFirst(place)] {
        let fixture = DigestFixture(name: name, kind: kind)
        let digest = fixture.digest(of: String(text.prefix(20_000)))
        #expect(digest.text.count <= FailureDigest.limit)
        for limit in [0, 1, 20, 60, 160, 400] { #expect(digest.tight(limit).count <= limit) }
      }
    }
  }

  @Test func tightKeepsWhatMattersMost() throws {
    let fixture = try #require(
      UnittestDigests.all.first { $0.test?.hasSuffix("test_error") == true })
    let digest = try fixture.digest()
    #expect(
      digest.tight(80) == """
        call: calc.mean([])
        expected: 0
        error: ZeroDivisionError: division by zero
        """)
    #expect(digest.tight(40) == "call: calc.mean([])\nexpected: 0")
    // Where long values differ is shown, not where they begin.
    let dictionary = try #require(UnittestDigests.all.first { $0.test?.hasSuffix("_dict") == true })
    #expect(try dictionary.digest().tight(100).contains("'retries': 5"))
  }

  /// Ten megabytes, of lines, of one line, of failing tests: within a second in all.
  @Test func hugeOutputs() throws {
    let traceback = """
      Traceback (most recent call last):
        File "/workspace/calc.py", line 16, in mean
          return sum(values) / len(values)
      ZeroDivisionError: division by zero

      """
    let lines = String(
      repeating: "# not ok: E   File \"x\", line 1 != 2 error: \(1)\n", count: 230_000)
    let line = String(repeating: "not == ok # error: (\"[{", count: 430_000)
    let clock = ContinuousClock()
    for noise in [lines, line] {
      for output in [noise + "\n" + traceback, traceback + "\n" + noise] {
        var digest = FailureDigest()
        digest.failing = [TestResult(id: "a", outcome: .failed, detail: output)]
        digest.total = 1
        digest.output = output
        var text = ("", "")
        let seconds = clock.measure { text = (digest.text, digest.tight()) }
        #expect(text.0.count <= FailureDigest.limit)
        #expect(text.1.contains("ZeroDivisionError"))
        #expect(seconds < .seconds(1), "\(seconds)")
      }
    }
    var digest = FailureDigest()
    digest.failing = (0..<5_000).map {
      TestResult(
        id: "t\($0)", outcome: .error, detail: "\($0)\n" + String(traceback + lines.prefix(1_900)))
    }
    digest.total = 5_000
    var text = ""
    let seconds = clock.measure { text = digest.text }
    #expect(text.contains("ZeroDivisionError"))
    #expect(seconds < .seconds(1), "\(seconds)")
  }

  @Test(arguments: [
    ("report.table(load(path))", "table"), ("Money(50).times(\"0.25\")", "times"),
    ("[queue.pop(), queue.pop()]", "pop"), ("print(load(1))", "load"), ("value", nil),
  ])
  func theCalledNameIsLookedUp(call: String, name: String?) {
    var digest = FailureDigest()
    digest.failing = [
      TestResult(
        id: "a", outcome: .failed, detail: "# t.c:1: \(call) is 1, expected 2")
    ]
    digest.repository.isTest = { $0 == "t.c" }
    // Python's own functions are defined nowhere in a repository.
    digest.repository.definition = { name in
      name == "print" ? nil : Definition(path: "a.c", line: 7, source: name)
    }
    #expect(digest.tight().hasSuffix(name.map { "code: a.c:7: \($0)" } ?? "got: 1"))
  }

  /// Two runs of the same tests have the same digest, or a resumed training run would differ.
  @Test func whatDiffersFromRunToRunIsLeftOut() {
    var digest = FailureDigest()
    digest.failing = [
      TestResult(
        id: "a", outcome: .error,
        detail: "Traceback (most recent call last):\n  File \"/workspace/a.py\", line 1, in f\n"
          + "Locked: /tmp/tmptiqf8bpk/x is held by <b.Lock object at 0x7fc45944b100>\n")
    ]
    digest.total = 1
    #expect(
      digest.tight()
        == "error: Locked: /tmp/tmp…/x is held by <b.Lock object at 0x…>\nat: a.py:1, in f")
  }

  /// A path that a test compares is not the repository's root, whatever it begins with.
  @Test func comparedPathsStayWhole() {
    var digest = FailureDigest()
    digest.failing = [
      TestResult(
        id: "a", outcome: .failed,
        detail:
          "Traceback (most recent call last):\n  File \"/workspace/test_a.py\", line 1, in f\n"
          + "    self.assertEqual(root(), '/a')\nAssertionError: '/workspace/a' != '/a'\n")
    ]
    digest.total = 1
    #expect(
      digest.tight()
        == "call: root()\nexpected: '/a'\ngot: '/workspace/a'\nat: test_a.py:1, in f: self.assertEqual(root(), '/a')"
    )
  }

  @Test func oneCauseIsToldOnce() throws {
    let report = try TestReportTests.report("unittest-syntax", .unittest)
    let ids = ["a", "b", "c"].map { "hidden.test_calc.CalcTests.test_\($0)" }
    var digest = FailureDigest()
    digest.failing = ids.map(report.result(of:))
    digest.total = 3
    digest.repository.isTest = { $0.hasPrefix("hidden/") }
    #expect(
      digest.text == """
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
    var digest = FailureDigest()
    digest.failing = tests
    digest.total = 60
    digest.notes = [String(repeating: "n", count: 400)]
    let text = digest.text
    #expect(text.count <= FailureDigest.limit)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= FailureDigest.fieldLimit + 2 })
    #expect(text.contains("FAIL m.T.test_0\n"))
    #expect(text.hasSuffix("more failing tests not shown."))
  }

  @Test func nothingFails() {
    #expect(FailureDigest().text.isEmpty)
    #expect(FailureDigest().tight().isEmpty)
  }

  @Test func unknownOutput() {
    var digest = FailureDigest()
    digest.failing = [TestResult(id: "a", outcome: .missing)]
    digest.total = 1
    digest.output = "one\n\ntwo\nthree\nfour\n"
    #expect(digest.text == "1 of 1 tests fail.\noutput: two | three | four\nnot run: a")
  }
}
