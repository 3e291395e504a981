import Foundation
import LanguageModel
import SDPO
import Testing

private let siblingDiff = "--- a/x.py\n+++ b/x.py\n-return {a}\n+return {feedback} %s \\(b) $c\n"

@Suite struct HindsightContextTests {
  struct Row: Sendable, CustomStringConvertible {
    let ownSolved, siblingSolved, feedback: Bool
    var description: String { "own \(ownSolved), sibling \(siblingSolved), feedback \(feedback)" }

    static let all = [false, true].flatMap { own in
      [false, true].flatMap { sibling in
        [false, true].map { Row(ownSolved: own, siblingSolved: sibling, feedback: $0) }
      }
    }

    var group: [GroupMember] {
      [
        GroupMember(
          taskID: "t", trajectoryIndex: 0, solved: ownSolved, diff: "OWN-DIFF",
          feedback: feedback ? "FEEDBACK {solution} %d" : nil),
        GroupMember(
          taskID: "t", trajectoryIndex: 1, solved: siblingSolved, diff: siblingDiff,
          feedback: "SIBLING-FEEDBACK"),
        GroupMember(taskID: "t", trajectoryIndex: 2, solved: true, diff: " \n"),
      ]
    }
  }

  static let strangers = [
    GroupMember(
      taskID: "u", trajectoryIndex: 0, solved: true, diff: "STRANGE-DIFF",
      feedback: "STRANGE-FEEDBACK")
  ]

  @Test(arguments: Row.all, HindsightConfiguration.Content.allCases)
  func table(_ row: Row, _ content: HindsightConfiguration.Content) throws {
    for onlyWithout in [false, true] {
      let configuration = HindsightConfiguration(
        content: content, feedbackOnlyWithoutSolution: onlyWithout)
      let context = HindsightContext.build(
        for: 0, in: row.group, otherTasks: Self.strangers, configuration: configuration, seed: 1)
      let wantsSolution = content != .feedback && row.siblingSolved
      let wantsFeedback =
        content != .solution && row.feedback && !(onlyWithout && wantsSolution)
      guard wantsSolution || wantsFeedback else {
        #expect(context == nil)
        continue
      }
      let found = try #require(context)
      #expect(found.solutionFrom == (wantsSolution ? 1 : nil))
      #expect(found.text.contains(siblingDiff) == wantsSolution)
      #expect(found.text.contains("FEEDBACK {solution} %d\n") == wantsFeedback)
      #expect(found.quotesFeedback == wantsFeedback)
      for never in ["OWN-DIFF", "SIBLING-FEEDBACK", "STRANGE"] {
        #expect(!found.text.contains(never))
      }
    }
  }

  @Test func membersOfAnotherTaskInTheGroupAreNotQuoted() {
    var group = Row(ownSolved: false, siblingSolved: true, feedback: false).group
    group[1].taskID = "u"
    #expect(HindsightContext.build(for: 0, in: group, seed: 1) == nil)
    #expect(HindsightContext.build(for: 9, in: group, seed: 1) == nil)
  }

  @Test func theShuffledControlQuotesOnlyAnotherTask() throws {
    let group = Row(ownSolved: false, siblingSolved: true, feedback: true).group
    let configuration = HindsightConfiguration(control: .shuffledFeedback)
    let found = try #require(
      HindsightContext.build(
        for: 0, in: group, otherTasks: group + Self.strangers, configuration: configuration, seed: 4
      ))
    #expect(found.text.contains("STRANGE-FEEDBACK") && found.text.contains("STRANGE-DIFF"))
    #expect(!found.text.contains(siblingDiff) && !found.text.contains("{solution}"))
    #expect(
      HindsightContext.build(
        for: 0, in: group, otherTasks: group, configuration: configuration, seed: 4) == nil)
  }

  @Test func onlyWhatIsInsertedIsCut() throws {
    let lines = (0..<400).map { "line \($0) " + String(repeating: "é", count: 300) }
    let text = lines.joined(separator: "\n")
    let group = [
      GroupMember(taskID: "t", trajectoryIndex: 0, solved: false, diff: "", feedback: text),
      GroupMember(taskID: "t", trajectoryIndex: 1, solved: true, diff: text + "\n``````\n"),
    ]
    let whole = try #require(HindsightContext.build(for: 0, in: group, seed: 1)).text
    let short = try #require(
      HindsightContext.build(
        for: 0,
        in: [
          GroupMember(taskID: "t", trajectoryIndex: 0, solved: false, diff: "", feedback: "F"),
          GroupMember(taskID: "t", trajectoryIndex: 1, solved: true, diff: "D"),
        ], seed: 1)
    ).text
    let first = try #require(short.split(separator: "\n").first)
    let last = try #require(short.split(separator: "\n").last)
    #expect(whole.hasPrefix(first) && whole.hasSuffix(last))
    #expect(whole.count <= 6_000 + short.count)
    #expect(whole.contains("line 0 ") && whole.contains("characters left out]"))
    #expect(!whole.contains("line 399"))
    let feedback = try #require(whole.range(of: "Feedback on your"))
    for line in whole[feedback.lowerBound...].split(separator: "\n") { #expect(line.count <= 250) }
  }

  @Test func aTokenBudgetIsKeptOrNothingIsQuoted() throws {
    let diff = (0..<50).map { "+line \($0)\n" }.joined()
    let group = [
      GroupMember(taskID: "t", trajectoryIndex: 0, solved: false, diff: ""),
      GroupMember(taskID: "t", trajectoryIndex: 1, solved: true, diff: diff),
    ]
    let cut = try #require(
      HindsightContext.build(for: 0, in: group, seed: 1, withinBudget: { $0.utf8.count <= 100 }))
    #expect(cut.text.contains("+line 3\n") && !cut.text.contains("+line 20"))
    #expect(HindsightContext.build(for: 0, in: group, seed: 1, withinBudget: { _ in false }) == nil)
  }

  @Test func aFenceOutgrowsWhatItHolds() throws {
    let group = [
      GroupMember(
        taskID: "t", trajectoryIndex: 0, solved: false, diff: "", feedback: "see ````\nbelow")
    ]
    let text = try #require(HindsightContext.build(for: 0, in: group, seed: 1)).text
    #expect(text.contains("\n`````\nsee ````\nbelow\n`````\n"))
  }

  @Test func theSeedChoosesAmongSiblings() {
    let group = (0..<6).map {
      GroupMember(taskID: "t", trajectoryIndex: $0, solved: true, diff: "D\($0)")
    }
    let choices = { (seed: UInt64) in
      (0..<6).map { HindsightContext.build(for: $0, in: group, seed: seed)?.solutionFrom }
    }
    #expect(choices(3) == choices(3))
    var seen: Set<Int> = []
    for seed in 0..<40 {
      for (own, choice) in choices(UInt64(seed)).enumerated() {
        #expect(choice != nil && choice != own)
        if own == 0, let choice { seen.insert(choice) }
      }
    }
    #expect(seen == [1, 2, 3, 4, 5])
  }

  @Test func otherMessagesAreKept() throws {
    let group = Row(ownSolved: false, siblingSolved: true, feedback: true).group
    let context = try #require(HindsightContext.build(for: 0, in: group, seed: 1))
    let messages = [
      ChatMessage(role: .system, content: "S"), ChatMessage(role: .user, content: "Fix {it}"),
      ChatMessage(role: .assistant, content: "A"), ChatMessage(role: .user, content: "Result"),
    ]
    let found = context.inserted(into: messages)
    #expect(found.count == 4)
    #expect([found[0], found[2], found[3]] == [messages[0], messages[2], messages[3]])
    #expect(found[1].content == "Fix {it}\n\n" + context.text)
    let added = context.inserted(into: [messages[0]])
    #expect(added.map(\.role) == [.system, .user])
  }
}
