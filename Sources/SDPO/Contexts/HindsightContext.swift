import Foundation
public import LanguageModel

/// The text that tells the teacher how its trajectory ended: at the end of the first user message,
/// before the trajectory (`final`), or right before an action (`turn`). Only the teacher ever reads it.
public struct HindsightContext: Sendable, Equatable {
  /// The block, header and closing instruction included.
  public let text: String
  /// Which sibling the solution is from (an index within its group), if one is quoted.
  public let solutionFrom: Int?
  public let quotesFeedback: Bool

  static let header = "You have tried this task once already. This is known now."
  static let solutionTitle = "A solution that passes all tests:"
  static let actionsTitle = "What was done in an attempt that passes all tests:"
  static let feedbackTitle = "Feedback on your earlier attempt:"
  static let closing = "Now do the task again from the start, and get it right."
  static let turnHeader = "You have done all of this once already, and went on. This is known now."
  static let turnClosing = "Take the next action, and get it right."

  /// The hindsight of trajectory `index` of a group, or nil if there is none: then nothing of the
  /// trajectory is distilled, and the caller counts it.
  ///
  /// - group: the trajectories of one task. A sibling's solution comes from here, never from the
  ///   trajectory itself.
  /// - otherTasks: trajectories of other tasks, read only for the `shuffled-feedback` control;
  ///   members of the group's own task among them are ignored.
  /// - seed: chooses among several successful siblings, and the control's donors.
  /// - withinBudget: an additional limit on the quoted solution, such as a count of tokens; it is
  ///   cut until this holds.
  public static func build(
    for index: Int, in group: [GroupMember], otherTasks: [GroupMember] = [],
    configuration: HindsightConfiguration = .init(), seed: UInt64,
    withinBudget: (String) -> Bool = { _ in true }
  ) -> HindsightContext? {
    guard let own = group.first(where: { $0.trajectoryIndex == index }) else { return nil }
    var random = SplitMix64(seeds: seed, UInt64(bitPattern: Int64(index)))
    let shuffled = configuration.control == .shuffledFeedback
    let strangers = otherTasks.filter { $0.taskID != own.taskID }
    let siblings = group.filter { $0.taskID == own.taskID && $0.trajectoryIndex != index }

    var solution: (from: Int, text: String)?
    if configuration.quotesSolution {
      solution = choose(shuffled ? strangers : siblings, configuration, &random).flatMap {
        let quoted = shorten($0.text, configuration.solutionCharacters, withinBudget)
        return quoted.isEmpty ? nil : ($0.from, quoted)
      }
    }
    var feedback: String?
    if configuration.quotesFeedback,
      !(configuration.feedbackOnlyWithoutSolution && solution != nil)
    {
      let donors = shuffled ? strangers.compactMap(\.usefulFeedback) : []
      feedback = shuffled ? pick(donors, &random) : own.usefulFeedback
    }
    guard solution != nil || feedback != nil else { return nil }

    let isTurn = configuration.placement == .turn
    var sections = [isTurn ? turnHeader : header]
    if let solution {
      let isDiff = configuration.solutionForm == .diff
      sections.append(
        (isDiff ? solutionTitle : actionsTitle) + "\n"
          + fenced(solution.text, language: isDiff ? "diff" : ""))
    }
    if let feedback {
      let lines = Clipping.lines(feedback, limit: configuration.fieldCharacters)
      let quoted = Clipping.head(lines, limit: configuration.feedbackCharacters)
      sections.append(feedbackTitle + "\n" + fenced(quoted))
    }
    sections.append(isTurn ? turnClosing : closing)
    return HindsightContext(
      text: sections.joined(separator: "\n\n"), solutionFrom: shuffled ? nil : solution?.from,
      quotesFeedback: feedback != nil)
  }

  /// That of an attempt of which nothing but feedback is known; nil if that says nothing.
  public static func telling(_ feedback: String) -> HindsightContext? {
    build(
      for: 0,
      in: [
        GroupMember(taskID: "", trajectoryIndex: 0, solved: false, diff: "", feedback: feedback)
      ], seed: 0)
  }

  /// Where such a block stands in a message.
  static func range(in text: String) -> Range<String.Index>? {
    guard let start = text.range(of: header)?.lowerBound,
      let end = text.range(of: closing, options: .backwards)?.upperBound, start < end
    else { return nil }
    return start..<end
  }

  /// The messages with the block at the end of the first user message; all others are kept as they
  /// are, system messages and tool results included. Without a user message, one is added after
  /// the leading system messages.
  public func inserted(into messages: [ChatMessage]) -> [ChatMessage] {
    var messages = messages
    if let first = messages.firstIndex(where: { $0.role == .user }) {
      messages[first].content += "\n\n" + text
    } else {
      let place = messages.firstIndex { $0.role != .system } ?? messages.endIndex
      messages.insert(ChatMessage(role: .user, content: text), at: place)
    }
    return messages
  }

  private static func choose(
    _ members: [GroupMember], _ configuration: HindsightConfiguration, _ random: inout SplitMix64
  ) -> (from: Int, text: String)? {
    let candidates = members.compactMap { member -> (from: Int, text: String)? in
      let text =
        configuration.solutionForm == .diff ? QuotedDiff.text(member.diff) : member.actions
      guard member.solved, text.contains(where: { !$0.isWhitespace }) else { return nil }
      return (member.trajectoryIndex, text)
    }
    return pick(candidates, &random)
  }

  private static func pick<Element>(
    _ elements: [Element], _ random: inout SplitMix64
  ) -> Element? {
    elements.isEmpty ? nil : elements[random.index(below: elements.count)]
  }

  /// Cuts to the characters' limit, then further, by a quarter at a time, until the budget holds.
  private static func shorten(
    _ text: String, _ limit: Int, _ withinBudget: (String) -> Bool
  ) -> String {
    var limit = min(limit, text.count)
    var quoted = Clipping.head(text, limit: limit)
    while !quoted.isEmpty, !withinBudget(quoted) {
      limit = limit * 3 / 4
      quoted = Clipping.head(text, limit: limit)
    }
    return quoted
  }

  /// A code block whose fence is longer than any run of backticks inside.
  static func fenced(_ text: String, language: String = "") -> String {
    var longest = 0
    var run = 0
    for character in text.utf8 {
      run = character == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    let end = text.hasSuffix("\n") ? "" : "\n"
    return fence + language + "\n" + text + end + fence
  }
}

extension GroupMember {
  var usefulFeedback: String? {
    guard let feedback, feedback.contains(where: { !$0.isWhitespace }) else { return nil }
    return feedback
  }
}
