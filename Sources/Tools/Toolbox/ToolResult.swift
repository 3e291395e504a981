/// What the policy is told after an action.
public struct ToolResult: Sendable, Hashable, Codable {
  /// The observation, already shortened for a small context.
  public var text: String
  /// The exit code of the command that ran, if one ran and ended by itself.
  public var exitCode: Int32?
  /// Whether the action failed: a refused edit, a missing file, a non-zero exit.
  public var isError: Bool
  /// Whether a command was stopped at its wall-clock limit.
  public var timedOut: Bool
  /// Whether a command ran into its memory limit.
  public var outOfMemory: Bool
  /// Wall-clock seconds the action took; not part of what is compared in a replay.
  public var seconds: Double

  public init(
    text: String, exitCode: Int32? = nil, isError: Bool = false, timedOut: Bool = false,
    outOfMemory: Bool = false, seconds: Double = 0
  ) {
    self.text = text
    self.exitCode = exitCode
    self.isError = isError
    self.timedOut = timedOut
    self.outOfMemory = outOfMemory
    self.seconds = seconds
  }
}
