import LanguageModel

/// What the teacher of one trajectory is told, and where.
public enum Hindsight: Sendable, Equatable {
  /// In the first user message.
  case opening(String)
  /// Right before the action of each turn; nil where there is nothing to tell. Never all nil.
  case turns([String?])

  /// The hindsight of trajectory `index` of a group where the configuration places it, or nil if
  /// there is none. Parameters as in ``HindsightContext/build(for:in:otherTasks:configuration:seed:withinBudget:)``.
  public static func build(
    for index: Int, in group: [GroupMember], otherTasks: [GroupMember] = [],
    configuration: HindsightConfiguration = .init(), seed: UInt64
  ) -> Hindsight? {
    guard let own = group.first(where: { $0.trajectoryIndex == index }) else { return nil }
    if case .lookahead(let turns) = configuration.placement ?? .final {
      let hints = LookaheadHints(configuration: configuration, turns: turns)
        .hints(for: own, strangers: otherTasks.filter { $0.taskID != own.taskID }, seed: seed)
      return hints.contains { $0 != nil } ? .turns(hints) : nil
    }
    let context = HindsightContext.build(
      for: index, in: group, otherTasks: otherTasks, configuration: configuration, seed: seed)
    guard let text = context?.text else { return nil }
    if configuration.placement == .turn {
      return own.turns.isEmpty ? nil : .turns(own.turns.map { _ in text })
    }
    return .opening(text)
  }
}

/// The hints of `next` and `lookahead(d)`: what came of an action, told right before it.
struct LookaheadHints {
  let configuration: HindsightConfiguration
  let turns: Int

  static let header = "This is known already of what comes next."
  static let resultTitle = "What your next action leads to:"
  static let callTitle = "What you do then:"
  static let laterTitle = "What that leads to:"
  static let closing = "Take the next action, and get it right."

  /// One a turn of `own`; nil where the action had no result.
  func hints(for own: GroupMember, strangers: [GroupMember], seed: UInt64) -> [String?] {
    var random = SplitMix64(seeds: seed, UInt64(bitPattern: Int64(own.trajectoryIndex)))
    let donors = strangers.flatMap { member in
      member.turns.indices.filter { member.turns[$0].usefulResult != nil }
        .map { member.turns[$0...] }
    }
    return own.turns.indices.map { index in
      guard configuration.control == .shuffledFeedback else { return hint(own.turns[index...]) }
      // Only where there is something to replace: the same amount of text, about another task.
      guard own.turns[index].usefulResult != nil, !donors.isEmpty else { return nil }
      return hint(donors[random.index(below: donors.count)])
    }
  }

  private func hint(_ following: ArraySlice<GroupMember.Turn>) -> String? {
    // What was done after a context's end, nobody in it saw.
    let end = following.dropFirst().firstIndex(where: \.beginsContext) ?? following.endIndex
    let seen = following[..<end].prefix(turns)
    guard let result = seen.first?.usefulResult else { return nil }
    var sections = [Self.header, Self.resultTitle + "\n" + quoted(result)]
    for turn in seen.dropFirst() {
      sections.append(Self.callTitle + "\n" + quoted(turn.action))
      if let result = turn.usefulResult {
        sections.append(Self.laterTitle + "\n" + quoted(result))
      }
    }
    return (sections + [Self.closing]).joined(separator: "\n\n")
  }

  /// What is quoted shares the feedback's characters.
  private func quoted(_ text: String) -> String {
    let lines = Clipping.lines(text, limit: configuration.fieldCharacters)
    return HindsightContext.fenced(
      Clipping.head(lines, limit: configuration.feedbackCharacters / (2 * turns - 1)))
  }
}

extension GroupMember.Turn {
  var usefulResult: String? {
    guard let result, result.contains(where: { !$0.isWhitespace }) else { return nil }
    return result
  }
}
