import Agent
import Foundation
import Testing

struct ExecutedLinesTests {
  private func suspects(
    _ counts: [(String, Int, failing: Int, passing: Int)], failing: Int = 2, passing: Int = 3
  ) -> String? {
    ExecutedLines(
      failing: failing, passing: passing,
      lines: counts.map {
        ExecutedLines.Line(path: $0.0, number: $0.1, failing: $0.failing, passing: $0.passing)
      }
    ).suspects { $0.hasPrefix("tests/") }?.text
  }

  @Test func linesThatOnlyFailingTestsRunComeFirst() {
    // 2/√(2·2) = 1 for lines 9 to 11 and 14, 2/√(2·5) for the four others: together too many.
    let found = suspects(
      [9, 10, 11, 14].map { ("a.py", $0, 2, 0) } + [3, 4, 5, 6].map { ("a.py", $0, 2, 3) }
        + [("tests/t.py", 1, 2, 0)])
    #expect(found == "a.py:9-11, 14")
  }

  @Test func lessSuspectLinesFollowWhereThereIsRoom() {
    // 1/√2 = 0.71, then 2/√(2·3) = 0.82: the second one is more suspect.
    #expect(suspects([("a.py", 7, 1, 0), ("b.py", 2, 2, 1)]) == "a.py:7; b.py:2")
    #expect(suspects([("b.py", 5, 2, 3), ("b.py", 3, 2, 3)], passing: 3) == "b.py:3, 5")
  }

  @Test func nothingStandsOutOfManyEqualLines() {
    #expect(suspects((1...13).map { ("a.py", $0, 2, 3) }) == nil)
    #expect(suspects((1...12).map { ("a.py", $0, 2, 3) }) == "a.py:1-12")
    #expect(suspects([]) == nil)
    #expect(suspects([("tests/t.py", 1, 2, 0)]) == nil)
  }

  @Test func aTightDigestKeepsRoomForThem() {
    var digest = FailureDigest()
    digest.failing = [
      TestResult(id: "m.T.a", outcome: .failed, detail: String(repeating: "long ", count: 100))
    ]
    digest.suspects = SuspectLines(text: "stats/average.py:12")
    let tight = digest.tight(100)
    #expect(tight.hasSuffix("\nsuspect: stats/average.py:12"))
    #expect(tight.count == 100)
    #expect(digest.text.contains("suspect: stats/average.py:12"))
    // More than half of the room is too much.
    #expect(!digest.tight(40).contains("suspect"))
    digest.suspects?.sources = [
      "12|return total / \(String(repeating: "n", count: 60))", "14|n += 1",
    ]
    // Of their text, what has room in that half.
    #expect(digest.tight(100).hasSuffix("\nsuspect: stats/average.py:12\n14|n += 1"))
    #expect(digest.tight(300).hasSuffix("nnn\n14|n += 1"))
    #expect(digest.text.contains("suspect: stats/average.py:12\n12|return total"))
  }

  @Test func linesThatFeedbackCallsSuspectAreRead() {
    let feedback = "call: f()\nsuspect: a/b.py:7, 9-11; c.py:3\n"
    #expect(SuspectLines.named(in: feedback, of: "a/b.py") == IndexSet([7, 9, 10, 11]))
    #expect(SuspectLines.named(in: feedback, of: "c.py") == IndexSet(integer: 3))
    #expect(SuspectLines.named(in: feedback, of: "b.py") == nil)
    #expect(SuspectLines.named(in: "suspect: c.py:", of: "c.py") == nil)
    #expect(SuspectLines.named(in: "", of: "c.py") == nil)
  }
}
