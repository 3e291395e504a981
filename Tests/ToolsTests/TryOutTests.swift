import Foundation
import Testing
import Tools

/// Edits that tests judge at once, through the real runner in the real sandbox.
@Suite struct TryOutTests {
  private let folder: TemporaryFolder

  private static let source = """
    def total(values):
        result = 1
        for value in values:
            result -= value
        return result

    def half(value):
        return value / 3

    """

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("calc.py", Self.source)
    try folder.write("notes", "text\n")
    try folder.write(
      "test_calc.py",
      """
      import unittest
      import calc

      class T(unittest.TestCase):
          def test_none(self):
              self.assertEqual(calc.total([]), 0)

          def test_some(self):
              self.assertEqual(calc.total([1, 2]), 3)

          def test_half(self):
              self.assertEqual(calc.half(4), 2)

          def test_good(self):
              self.assertTrue(callable(calc.half))

      """)
  }

  private func box(
    _ test: String? = "python3 -B -m unittest", digest: (@Sendable (String) -> String?)? = nil
  ) -> Toolbox {
    Toolbox(
      root: folder.path,
      sandbox: FileManager.default.isExecutableFile(atPath: "/usr/bin/bwrap") ? .bubblewrap : .none,
      testCommand: test, testDigest: digest)
  }

  private func source() throws -> String { try folder.text("calc.py") }

  @Test func whatHelpsIsKeptAndTheRestTakenBack() async throws {
    let box = box(digest: { _ in "the digest" })
    func attempt(_ lines: String...) async throws -> ToolResult {
      try await box.run(.tryOut(lines: lines))
    }
    #expect(try await attempt("    result = 0").text == "No file was viewed yet: view one.")
    _ = try await box.run(.view(path: "calc.py"))
    let wrong = try await attempt("    result = 2")
    #expect(wrong.text == "Line 2: 3 of 4 tests fail, as before. Taken back.")
    #expect(wrong.isError && wrong.exitCode == 1)
    #expect(try source() == Self.source)
    let again = try await attempt("    result = 2")
    #expect(again.text == "You did this before: try something else." && again.isError)
    // Also when it comes a third time, and with another indentation.
    #expect(try await attempt("    result = 2").text == again.text)
    #expect(try await attempt("  result = 2").text == again.text)

    let first = try await attempt("result = 0")
    #expect(first.text == "Line 2: kept. the digest" && first.isError)
    #expect(try source().contains("    result = 0\n"))
  }

  @Test(arguments: [
    // Cut off, crashed, or told in so many words that some are lost.
    "printf '1..3\\nok 1\\nok 2\\n'; kill -SEGV $$",
    "printf 'ok 1\\nok 2\\nok 3\\nnot ok 4\\n'; head -c 200000 /dev/zero | tr '\\0' x; exit 1",
    "printf 'ok 1\\nok 2\\nok 3\\n'; while :; do :; done",
  ])
  func whatIsNotWholeIsNoBetter(_ broken: String) async throws {
    let box = box(
      """
      if grep -q 'result = 5' calc.py; then \(broken); fi
      printf '1..3\\nok 1 - a\\nnot ok 2 - b\\nnot ok 3 - c\\n'; exit 1
      """)
    _ = try await box.run(.view(path: "calc.py"))
    let result = try await box.run(.tryOut(lines: ["result = 5"]))
    #expect(result.text.hasSuffix(" Taken back."), "\(result.text)")
    #expect(try source() == Self.source)
  }

  @Test func whatCantBeLoadedFailsOnceAndIsNoBetter() async throws {
    let tap = """
      if grep -q 'result = 5' calc.py; then printf '1..1\\nnot ok 1 - load\\n'; exit 1; fi
      if grep -q 'result = 6' calc.py; then
        printf '1..3\\nok 1 - a\\nok 2 - b\\nnot ok 3 - c\\n'; exit 1; fi
      printf '1..3\\nok 1 - a\\nnot ok 2 - b\\nnot ok 3 - c\\n'; exit 1
      """
    let box = box(tap)
    _ = try await box.run(.view(path: "calc.py"))
    #expect(
      try await box.run(.tryOut(lines: ["result = 5"])).text
        == "Line 2: 1 of 1 test fails. Taken back.")
    #expect(
      try await box.run(.tryOut(lines: ["result = 6"])).text == "Line 2: 1 of 3 tests fail. Kept.")
    #expect(try source().contains("    result = 6\n"))
  }

  @Test func theLastOneIsKeptWithAllTestsPassing() async throws {
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    #expect(
      try await box.run(.tryOut(firstLine: 2, lines: ["    result = 0"])).text
        == "Line 2: 2 of 4 tests fail. Kept.")
    #expect(
      try await box.run(.tryOut(lines: ["result += value"])).text
        == "Line 4: 1 of 4 tests fail. Kept.")
    let last = try await box.run(.tryOut(lines: ["    return value / 2"]))
    #expect(last.text == "Line 8: all 4 tests pass. Kept." && !last.isError && last.exitCode == 0)
    #expect(
      try source()
        == Self.source.replacing("= 1", with: "= 0").replacing("-=", with: "+=")
        .replacing("/ 3", with: "/ 2"))
    #expect(
      try await box.run(.tryOut(lines: ["    return value / 5"])).text
        == "All visible tests pass as it stands: submit, or edit instead.")
    // Each is an edit like others, and what was undone untested or after it helped can be tried again.
    #expect(try await box.run(.undo).text == "Undone.")
    #expect(try source().contains("value / 3") && source().contains("+= value"))
    #expect(
      try await box.run(.tryOut(lines: ["    return value / 2"])).text.hasSuffix("pass. Kept."))
  }

  @Test func itSaysWhyItCantBeTried() async throws {
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    func attempt(_ first: Int?, _ lines: String...) async throws -> String {
      let result = try await box.run(.tryOut(firstLine: first, lines: lines))
      #expect(result.isError)
      return result.text
    }
    #expect(try await attempt(nil, "for value in values:").contains("nothing would change"))
    #expect(try await attempt(nil, "class Sub(object): pass").hasPrefix("No line of calc.py is"))
    #expect(try await attempt(nil, "  ").hasPrefix("Expected the new line"))
    #expect(try await attempt(99, "x").contains("no line 99"))
    #expect(try await attempt(0, "x").contains("no lines"))
    #expect(try await attempt(nil, "    return (result").hasPrefix("Edit refused"))
    let same = "\ndef other(value):\n    return value / 3\n"
    try folder.write("calc.py", Self.source + String(repeating: same, count: 4))
    #expect(
      try await attempt(nil, "    return value / 2")
        == "Lines 8, 11, 14, 17, 20 are alike it: give the number.")
    #expect(try await attempt(nil, "return value / 3").contains("nothing would change"))
    #expect(
      try await self.box(nil).run(.tryOut(lines: ["x"])).text
        == "There are no visible tests to try it with: edit instead.")
    // Nothing of all that was written.
    #expect(try source().hasPrefix(Self.source))
  }

  @Test func whereLinesAreAlikeEachIsTriedUntilOneHelps() async throws {
    let twin = "def other(value):\n    return value / 3\n\n"
    let source = twin + Self.source
    try folder.write("calc.py", source)
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    let none = try await box.run(.tryOut(lines: ["return value / 5"]))
    #expect(
      none.text == """
        Lines 2, 11: 3 of 4 tests fail, as before. Taken back.
        """)
    #expect(none.isError)
    #expect(try self.source() == source)
    #expect(
      try await box.run(.tryOut(lines: ["return value / 5"])).text
        == "You did this before: try something else.")
    // What was tried at one of them isn't tried there again.
    _ = try await box.run(.tryOut(firstLine: 2, lines: ["    return value / 2"]))
    #expect(
      try await box.run(.tryOut(lines: ["return value / 2"])).text
        == "Line 11: 2 of 4 tests fail. Kept.")
    #expect(
      try self.source() == twin + Self.source.replacing("value / 3", with: "value / 2"))
  }

  @Test func numberedLinesAreTriedEachByItselfUntilOneHelps() async throws {
    let box = box()
    func attempt(_ lines: String...) async throws -> ToolResult {
      try await box.run(.tryOut(lines: lines))
    }
    _ = try await box.run(.view(path: "calc.py"))
    let none = try await attempt(
      "2|    result = 2", "4|        result -= value", "4|        result -= result",
      "5|    return (result", "8|    pass", "8|    return value / 4", "90|zzz")
    #expect(
      none.text == """
        Line 4: That is what stands there; nothing would change.
        Line 5: Edit refused, it would add a syntax error.
        Line 90: calc.py has only 8 lines; there is no line 90.
        Lines 2, 4, 8, 8: 3 of 4 tests fail, as before. Taken back.
        """)
    #expect(none.isError && none.exitCode == 1 && none.isTakenBack)
    #expect(try source() == Self.source)

    // What comes after the one that helps isn't tried; a line without a number goes with the one before.
    let kept = try await attempt(
      "8|    return value / 4", "2|    result = 2", "    result = 0", "8|    return value / 2")
    #expect(
      kept.text == """
        Line 8: You did this before: try something else.
        Line 2: 2 of 4 tests fail. Kept.
        """)
    #expect(kept.isError && !kept.isTakenBack)
    #expect(
      try source()
        == Self.source.replacing("    result = 1\n", with: "    result = 2\n    result = 0\n"))
    #expect(try await attempt("9|    return value / 2", "5|    x").text.hasPrefix("Line 9: 1 of 4"))
  }

  @Test func numberedLinesThatAreAllRefusedSayWhy() async throws {
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    let one = try await box.run(.tryOut(lines: ["5|    return (result"]))
    #expect(one.text.hasPrefix("Edit refused, it would add a syntax error:\n") && one.isError)
    let two = try await box.run(
      .tryOut(lines: ["5|    return result", "5|    return (result"]))
    #expect(
      two.text == """
        Line 5: That is what stands there; nothing would change.
        Line 5: Edit refused, it would add a syntax error.
        """)
    #expect(two.isError && two.exitCode == nil)
    let many = try await box.run(
      .tryOut(lines: (1...14).map { "8|    return value / \($0 + 2)" }))
    #expect(
      many.text == """
        Line 8: That is what stands there; nothing would change.
        Lines 8, 8: Only 12 are tried at once.
        Lines \(Array(repeating: "8", count: 11).joined(separator: ", ")): 3 of 4 tests fail, as before. Taken back.
        """)
  }

  @Test func aNumberBelongsToALineOnlyUnderATryWithoutOne() throws {
    #expect(
      ToolCall.tryOut(lines: ["12|    a", "b", "13|"]).trials
        == [Trial(firstLine: 12, lines: ["    a", "b"]), Trial(firstLine: 13, lines: [""])])
    for lines in [["x", "12|a"], ["|a"], ["1 |a"], ["+1|a"], []] {
      #expect(ToolCall.tryOut(lines: lines).trials == [Trial(lines: lines)])
    }
    #expect(
      ToolCall.tryOut(firstLine: 3, lastLine: 4, lines: ["12|a"]).trials
        == [Trial(firstLine: 3, lastLine: 4, lines: ["12|a"])])
    #expect(ToolCall.test.trials == [])
    for trial in [
      Trial(firstLine: 3, lines: ["a"]), Trial(firstLine: 3, lines: ["a", "", "1 |"]),
    ] {
      let lines = try #require(trial.numbered)
      #expect(ToolCall.tryOut(lines: lines).trials == [trial])
    }
    // What wouldn't be read back as it is.
    for trial in [
      Trial(firstLine: 3, lastLine: 4, lines: ["a"]), Trial(firstLine: 3, lines: []),
      Trial(lines: ["a"]), Trial(firstLine: 3, lines: ["a", "4|b"]),
    ] {
      #expect(trial.numbered == nil)
    }
  }

  /// Else a call could use up its limit several times.
  @Test func whatHadToBeStoppedEndsTheCall() async throws {
    try folder.write("calc.py", "def other(value):\n    return value / 3\n\n" + Self.source)
    let box = box(
      """
      if grep -q 'value / 5' calc.py; then while :; do :; done; fi
      printf '1..2\\nok 1 - a\\nnot ok 2 - b\\n'; exit 1
      """)
    _ = try await box.run(.view(path: "calc.py"))
    for line in [2, 11] {
      let result = try await box.run(.tryOut(lines: ["return value / 5"]))
      #expect(result.text == "Line \(line): the tests had to be stopped. Taken back.")
      #expect(result.timedOut)
    }
  }

  @Test func aNumberThatCantBeMeantIsLeftAside() async throws {
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    func attempt(_ number: Int, _ line: String) async throws -> String {
      try await box.run(.tryOut(firstLine: number, lines: [line])).text
    }
    // Behind a colon there must be an indented line; there are eight lines; with another indentation it goes there.
    #expect(try await attempt(8, "return value / 5").hasPrefix("Line 8: 3 of 4 tests fail"))
    #expect(try await attempt(3, "    result = 2").hasPrefix("Line 2: 3 of 4"))
    #expect(try await attempt(40, "    result = 3").hasPrefix("Line 2: 3 of 4"))
    #expect(try await attempt(3, "    result = 1").contains("nothing would change"))
    // Where it can be meant, or nothing else is like it, the number holds.
    #expect(try await attempt(5, "    result = 4").hasPrefix("Line 5: "))
    #expect(try await attempt(3, "???").hasPrefix("Edit refused"))
    #expect(try source() == Self.source)
  }

  @Test func whatNeverEndsIsStopped() async throws {
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    let endless = try await box.run(.tryOut(firstLine: 5, lines: ["    while True: pass"]))
    #expect(endless.text == "Line 5: the tests had to be stopped. Taken back.")
    #expect(endless.isError && endless.timedOut && endless.exitCode == nil)
    #expect(try source() == Self.source)
  }

  /// A program that ends the tests early ends them with success.
  @Test func whatTakesTestsAwayHelpsNothing() async throws {
    let box = box()
    _ = try await box.run(.view(path: "calc.py"))
    for line in ["    import os; os._exit(0)", "    __import__('os')._exit(0)"] {
      let quit = try await box.run(.tryOut(firstLine: 2, lines: [line]))
      #expect(
        quit.text == "Line 2: the tests pass, but only 0 of 4 tests ran. Taken back.")
      #expect(quit.isError)
      #expect(try source() == Self.source)
    }
    let right = try await box.run(.tryOut(firstLine: 2, lines: ["    result = 0"]))
    #expect(right.text.hasSuffix("Kept."), "\(right.text)")
  }

  @Test func testsOfAnyKindDecide() async throws {
    let box = box("grep -q 'result = 0' calc.py || exit 3")
    _ = try await box.run(.view(path: "calc.py"))
    #expect(
      try await box.run(.tryOut(lines: ["    result = 7"])).text
        == "Line 2: the tests end with exit code 3, as before. Taken back.")
    #expect(
      try await box.run(.tryOut(lines: ["    result = 0"])).text == "Line 2: the tests pass. Kept.")
  }

  @Test func testsThatChangeTheFileLeaveItAsItIs() async throws {
    let box = box("echo '# seen' >> calc.py; exit 1")
    _ = try await box.run(.view(path: "calc.py"))
    let result = try await box.run(.tryOut(lines: ["    result = 7"]))
    #expect(result.text.contains("has changed since its last edit"))
    // What the tests wrote before stays, too.
    #expect(try source().contains("result = 7") && source().ranges(of: "# seen").count == 2)
  }

  @Test(arguments: [
    ("b = f(2, 1)", LikeLine.line(2)), ("    return  a", .several([3, 5])), ("zzz", .none),
    ("", .none), ("a = f(1, 3)", .line(1)), ("return a", .several([3, 5])),
    ("if a and not b:", .line(4)),
  ])
  func theLineMostLikeIt(line: String, place: LikeLine) {
    let text = "a = f(1, 2)\nb = f(1, 2)\n  return a\nif a or not b:\n\treturn a\n\n"
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Array($0.utf8)[...] }
    #expect(LikeLine.find(Array(line.utf8)[...], in: lines) == place)
    let likeness = LikeLine.likeness(of: line, in: text)
    #expect(place == .none ? likeness < 0.5 : (0.5...1).contains(likeness))
  }
}
