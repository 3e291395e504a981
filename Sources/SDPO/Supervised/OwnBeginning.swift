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

  /// What was cut off at its limit ends it, too: nobody is to learn to stop there.
  ///
  /// - maxTokens: of a demonstration that begins with it. What is right then mostly has room in it, too.
  public init(_ trajectory: Trajectory, maxTokens: Int) {
    var tokens = Self.roomTokens
    for turn in trajectory.turns {
      tokens += turn.contextTokens.count + turn.actionTokens.count
      guard tokens <= maxTokens, turn.action.finish == .stop, turn.call != .submit,
        turn.snapshot.tree == trajectory.base?.tree
      else { break }
      let isView = if case .view = turn.call { turn.result?.isError == false } else { false }
      actions.append(Action(text: turn.text, isView: isView))
    }
  }

  private static let roomTokens = 300
}

extension Demonstration.Turn {
  /// Whether what a policy did of itself is worth doing again: it looked at a file for the first time, or tests judged
  /// something that wasn't tried before.
  static func isWorthLearning(_ turn: Agent.Turn, after earlier: ArraySlice<Agent.Turn>) -> Bool {
    guard let call = turn.call, let result = turn.result else { return false }
    return switch call {
    case .view: !result.isError && !earlier.contains { $0.call == call }
    case .tryOut: result.exitCode != nil || result.timedOut
    default: false
    }
  }
}
