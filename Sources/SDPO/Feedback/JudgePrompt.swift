import Agent
import LanguageModel

/// What a judge is asked: task, change, last actions and the digest of the failure, each bounded, so that the whole
/// stays below 4,000 characters.
struct JudgePrompt {
  var instruction: String
  var trajectory: Trajectory
  /// The grader's digest: all that the judge learns of hidden tests.
  var feedback: String

  private static let instructionCharacters = 600
  private static let changeCharacters = 1_200
  private static let actionCharacters = 600
  private static let feedbackCharacters = 800
  private static let actions = 4

  static let system = "You review attempts to mend a program. You are brief and concrete."
  static let question =
    "In one or two sentences: what is wrong with this attempt, and what should be changed where?"

  var messages: [ChatMessage] {
    [
      ChatMessage(role: .system, content: Self.system),
      ChatMessage(role: .user, content: sections.joined(separator: "\n\n")),
    ]
  }

  private var sections: [String] {
    let diff = QuotedDiff.text(String(decoding: trajectory.finalDiff, as: UTF8.self))
    let actions = trajectory.turns.suffix(Self.actions).map(\.text).joined(separator: "\n")
    return [
      section("The task:", instruction, Self.instructionCharacters),
      section("The last actions:", actions, Self.actionCharacters),
      section(
        "The change:", diff.isEmpty ? "No file was changed." : diff, Self.changeCharacters),
      section("What the tests say:", feedback, Self.feedbackCharacters),
      Self.question,
    ].filter { !$0.isEmpty }
  }

  private func section(_ title: String, _ text: String, _ limit: Int) -> String {
    let plain = Critique.plainLines(text).joined(separator: "\n")
    guard plain.contains(where: { !$0.isWhitespace }) else { return "" }
    return title + "\n" + Clipping.head(plain, limit: limit)
  }
}
