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

  enum CodingKeys: String, CodingKey {
    case turns
    case actionTokens = "action_tokens"
    case totalTokens = "total_tokens"
    case wallSeconds = "wall_seconds"
    case formatErrors = "format_errors"
    case toolTimeouts = "tool_timeouts"
  }

  public init(
    turns: Int = 12, actionTokens: Int = 512, totalTokens: Int? = nil, wallSeconds: Double = 900,
    formatErrors: Int = 3, toolTimeouts: Int = 3
  ) {
    self.turns = turns
    self.actionTokens = actionTokens
    self.totalTokens = totalTokens
    self.wallSeconds = wallSeconds
    self.formatErrors = formatErrors
    self.toolTimeouts = toolTimeouts
  }

  /// The first value that makes no sense, and what is expected; nil if there is none.
  public var problem: String? {
    firstOutside(seconds: [("wall_seconds", wallSeconds)])
      ?? firstOutside(
        1...1 << 40,
        [("turns", turns), ("action_tokens", actionTokens), ("total_tokens", totalTokens ?? 1)])
      ?? firstOutside(
        1 ... .max, [("format_errors", formatErrors), ("tool_timeouts", toolTimeouts)])
  }
}
