internal import Tools

/// What one episode may use.
public struct EpisodeLimits: Sendable, Codable, Hashable {
  public var turns: Int
  /// Tokens of one action.
  public var actionTokens: Int
  /// Context and action tokens of the whole episode; nil for no limit but the window.
  public var totalTokens: Int?
  public var wallSeconds: Double
  /// Replies in a row that are no actions.
  public var formatErrors: Int
  /// Tools in a row that run into their time limit.
  public var toolTimeouts: Int
  /// Turns in a row that leave the files as they are, after which the agent begins anew: its context holds the first
  /// messages alone again. Files and what the tools remember stay. Nil for never.
  public var resetAfter: Int?

  enum CodingKeys: String, CodingKey {
    case turns
    case actionTokens = "action_tokens"
    case totalTokens = "total_tokens"
    case wallSeconds = "wall_seconds"
    case formatErrors = "format_errors"
    case toolTimeouts = "tool_timeouts"
    case resetAfter = "reset_after"
  }

  public init(
    turns: Int = 12, actionTokens: Int = 512, totalTokens: Int? = nil, wallSeconds: Double = 900,
    formatErrors: Int = 3, toolTimeouts: Int = 3, resetAfter: Int? = nil
  ) {
    self.turns = turns
    self.actionTokens = actionTokens
    self.totalTokens = totalTokens
    self.wallSeconds = wallSeconds
    self.formatErrors = formatErrors
    self.toolTimeouts = toolTimeouts
    self.resetAfter = resetAfter
  }

  /// Contexts that an episode has at most.
  public var contexts: Int { resetAfter.map { (turns + $0 - 1) / max(1, $0) } ?? 1 }

  /// The first value that makes no sense, and what is expected; nil if there is none.
  public var problem: String? {
    firstOutside(seconds: [("wall_seconds", wallSeconds)])
      ?? firstOutside(
        1...1 << 40,
        [
          ("turns", turns), ("action_tokens", actionTokens), ("total_tokens", totalTokens ?? 1),
          ("reset_after", resetAfter ?? 1),
        ])
      ?? firstOutside(
        1 ... .max, [("format_errors", formatErrors), ("tool_timeouts", toolTimeouts)])
  }
}
