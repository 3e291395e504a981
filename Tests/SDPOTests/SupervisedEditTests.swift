import LanguageModel
import SDPO
import Testing

@Suite struct SupervisedEditTests {
  /// Few different lines, so that most occur more than once.
  private static func text(_ random: inout SplitMix64, lines: Int) -> String {
    let words = ["a", "b", "}", "", "    return x", "é", "e\u{301}", "x"]
    var text = (0..<lines).map { _ in words[random.index(below: words.count)] }
      .joined(separator: "\n")
    if random.index(below: 3) > 0 { text += "\n" }
    return text
  }

  private static func changed(_ text: String, _ random: inout SplitMix64) -> String {
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0) }
    for _ in 0...random.index(below: 4) {
      let at = random.index(below: lines.count + 1)
      switch random.index(below: 3) {
      case 0: lines.insert(["new", "a", "}"][random.index(below: 3)], at: at)
      case 1 where at < lines.count: lines[at] += "!"
      default: if at < lines.count && lines.count > 1 { lines.remove(at: at) }
      }
    }
    return lines.joined(separator: "\n")
  }

  /// As the tool carries them out.
  private static func apply(_ edit: NumberedEdit, to text: String) -> String {
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0) }
    lines.replaceSubrange((edit.old.lowerBound - 1)..<edit.old.upperBound, with: edit.lines)
    return lines.joined(separator: "\n")
  }

  @Test(arguments: 0..<400)
  func numberedEditsReproduceTheText(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let before = Self.text(&random, lines: 1 + random.index(below: 14)) + "\n"
    let after = Self.changed(before, &random)
    guard after.utf8.last == 0x0A else {
      #expect(LineEdits.numbered(before, after) == nil || after.isEmpty)
      return
    }
    var current = before
    for edit in try #require(LineEdits.numbered(before, after)) {
      current = Self.apply(edit, to: current)
    }
    #expect(Array(current.utf8) == Array(after.utf8))
  }

  @Test func newLinesAreToldWithTheLineTheyFollow() {
    #expect(
      LineEdits.numbered("a\nc\n", "a\nb\nc\n") == [NumberedEdit(old: 1...1, lines: ["a", "b"])])
    #expect(
      LineEdits.numbered("c\n", "b\nc\n") == [NumberedEdit(old: 1...1, lines: ["b", "c"])])
    #expect(
      LineEdits.numbered("a\nb\nc\nd\n", "A\nb\nd\n")
        == [NumberedEdit(old: 3...3, lines: []), NumberedEdit(old: 1...1, lines: ["A"])])
    #expect(LineEdits.numbered("", "a\n") == nil)
    #expect(LineEdits.numbered("a\r\n", "b\r\n") == nil)
  }

  @Test func aMistakeElsewhereIsAwayFromTheRepair() throws {
    let text = "import re\n\ndef f(a, b):\n    if a < b:\n        return a + 1\n    return b\n"
    var lines: Set<Int> = []
    for seed in 0..<50 {
      var random = SplitMix64(seed: UInt64(seed))
      guard let edit = WrongEdit.elsewhere(in: text, not: [4...4], random: &random) else {
        continue
      }
      lines.insert(edit.old.lowerBound)
      #expect(Self.apply(edit, to: text) != text)
    }
    #expect(lines == [3, 5])
  }

  @Test func changedLinesAreCountedFromOne() {
    #expect(LineEdits.changedLines("a\nb\na\nb\n", "a\nb\na\nB\n") == 4...4)
    #expect(LineEdits.changedLines("a\nb\n", "a\nnew\nb\n") == 2...2)
    #expect(LineEdits.changedLines("a\n", "a\n") == nil)
  }

  @Test func textsThatOnlyLookTheSameDiffer() {
    #expect(LineEdits.numbered("same\n", "same\n")?.isEmpty == true)
    #expect(LineEdits.numbered("é\n", "e\u{301}\n")?.count == 1)
  }

  @Test(arguments: [
    ("    if a < b:\n", "    if a <= b:\n"), ("    return x\n", "    return x + 1\n"),
    ("    f(a, b)\n", "    f(b, a)\n"), ("x\n", "first\nsecond\n"),
  ])
  func aMistakeIsNeitherTheBugNorTheRepair(old: String, new: String) throws {
    let edit = LineEdit(old: old, new: new)
    var found = 0
    for seed in 0..<50 {
      var random = SplitMix64(seed: UInt64(seed))
      guard let mistake = WrongEdit.mistake(in: edit, random: &random) else { continue }
      found += 1
      #expect(mistake != old && mistake != new && !mistake.isEmpty)
      var again = SplitMix64(seed: UInt64(seed))
      #expect(WrongEdit.mistake(in: edit, random: &again) == mistake)
    }
    // Where the only mistake that is known is the bug itself there's none.
    #expect(found == 50 || found == 0)
  }

  /// Tests may leave compiled files behind, which a repair's diff then has too.
  @Test func aHintQuotesNoBinaryFile() throws {
    let binary = "diff --git a/build/t b/build/t\nnew file\nGIT binary patch\nliteral 9\nzcabc\n\n"
    let text =
      "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-x\r\n+GIT binary patch\n"
    func quoted(_ diff: String) -> String? {
      HindsightContext.build(
        for: 0,
        in: [
          GroupMember(taskID: "t", trajectoryIndex: 0, solved: false, diff: ""),
          GroupMember(taskID: "t", trajectoryIndex: 1, solved: true, diff: diff),
        ], seed: 1)?.text
    }
    for diff in [text, binary + text, text + binary, binary + text + binary] {
      let hint = try #require(quoted(diff))
      #expect(hint == quoted(text))
      #expect(hint.contains("+GIT binary patch") && !hint.contains("zcabc"))
    }
    #expect(quoted(binary) == nil)
  }
}
