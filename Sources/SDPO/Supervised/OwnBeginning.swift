public import Agent
import Tools

/// What a policy did of itself at a task until it changed something: where a demonstration can go on with what is
/// right.
public struct OwnBeginning: Sendable, Hashable, Codable {
  struct Action: Sendable, Hashable, Codable {
    var text: String
    var isView: Bool
  }

  var actions: [Action] = []

  /// What was cut off at its limit ends it, too: nobody is to learn to stop there. So does a new context.
  ///
  /// - maxTokens: of a demonstration that begins with it. What is right then mostly has room in it, too.
  public init(_ trajectory: Trajectory, maxTokens: Int) {
    var tokens = Self.roomTokens
    for turn in trajectory.turns {
      tokens += turn.contextTokens.count + turn.actionTokens.count
      guard tokens <= maxTokens, turn.action.finish == .stop, turn.call != .submit,
        !turn.beginsContext, turn.snapshot.tree == trajectory.base?.tree
      else { break }
      let isView = if case .view = turn.call { turn.result?.isError == false } else { false }
      actions.append(Action(text: turn.text, isView: isView))
    }
  }

  private static let roomTokens = 500
}

extension Agent.Turn {
  /// Whether what a policy did of itself is worth doing again: it looked at a file for the first time, or tests judged
  /// a line that wasn't tried before and is nearly one of those that stand there.
  func isWorthLearning(after earlier: ArraySlice<Agent.Turn>, in text: String) -> Bool {
    guard let call, let result else { return false }
    switch call {
    case .view:
      return !result.isError && !result.isOfNamesake && !earlier.contains { $0.call == call }
    case .tryOut:
      guard result.exitCode != nil || result.timedOut else { return false }
      return call.trials.allSatisfy { trial in
        trial.lines.count == 1
          && (Self.leastLikeness..<1).contains(LikeLine.likeness(of: trial.lines[0], in: text))
      }
    default: return false
    }
  }

  /// Three of four made bugs are mended by a line that is at least so like the one that stands there.
  private static var leastLikeness: Double { 0.85 }
}
