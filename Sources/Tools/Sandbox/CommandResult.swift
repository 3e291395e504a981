/// How a command ended and what it printed. A failing command is a result, not an error.
public struct CommandResult: Sendable, Hashable {
  /// The exit code, or nil if the command was stopped from outside.
  public var exitCode: Int32?
  /// The signal that ended the command. A shell reports a signal n as exit code 128 + n, so for such
  /// codes both are set.
  public var signal: Int32?
  /// Whether the wall-clock limit ended it.
  public var timedOut: Bool
  /// Whether a memory limit ended it, or it said so itself.
  public var outOfMemory: Bool
  /// The limit that stopped the command, in words, such as "more than 128 processes".
  public var stoppedBy: String?
  /// Standard output and error as they came, head and tail; invalid UTF-8 is replaced.
  public var output: String
  /// Bytes left out between head and tail.
  public var elidedBytes: Int
  /// Wall-clock seconds.
  public var seconds: Double

  /// Whether the command ended by itself with code 0.
  public var succeeded: Bool { exitCode == 0 }

  public init(
    exitCode: Int32?, signal: Int32? = nil, timedOut: Bool = false, outOfMemory: Bool = false,
    stoppedBy: String? = nil, output: String = "", elidedBytes: Int = 0, seconds: Double = 0
  ) {
    self.exitCode = exitCode
    self.signal = signal
    self.timedOut = timedOut
    self.outOfMemory = outOfMemory
    self.stoppedBy = stoppedBy
    self.output = output
    self.elidedBytes = elidedBytes
    self.seconds = seconds
  }
}

/// What to run.
public enum Command: Sendable, Hashable {
  /// A line for `bash -c` (or `sh -c` where there is no bash).
  case shell(String)
  /// A program and its arguments, without a shell.
  case program([String])
}
