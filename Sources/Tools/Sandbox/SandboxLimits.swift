/// What one command may use. Each limit ends the command (or fails the call that exceeds it) and is
/// named in the result. The kernel bounds what each process does, and with a control group the number
/// and the memory of all together; time and disk are watched in short intervals. Without one the rest
/// is watched too: see ``Sandbox/processLimitNote()``.
public struct SandboxLimits: Sendable, Codable, Hashable {
  /// Wall-clock seconds; then SIGTERM to the tree, and SIGKILL after ``graceSeconds``.
  public var wallSeconds: Double
  /// CPU seconds of each process.
  public var cpuSeconds: Int
  /// Bytes of address space of each process, and of resident memory of all together.
  public var memoryBytes: Int
  /// Processes and threads alive at once. To be refused one more counts as having passed the limit
  /// and ends the command, even if it could go on without.
  public var processes: Int
  /// Bytes of each file written.
  public var fileBytes: Int
  /// Bytes of output kept: the first half and the last half of it; the rest is counted.
  public var outputBytes: Int
  /// Bytes that the work tree may take on disk.
  public var workspaceBytes: Int
  /// Files and folders that the work tree may hold.
  public var workspaceFiles: Int
  /// Bytes of the private `/tmp`.
  public var temporaryBytes: Int
  /// Seconds between SIGTERM and SIGKILL.
  public var graceSeconds: Double

  public init(
    wallSeconds: Double = 30, cpuSeconds: Int = 60, memoryBytes: Int = 2 << 30,
    processes: Int = 128, fileBytes: Int = 64 << 20, outputBytes: Int = 64 << 10,
    workspaceBytes: Int = 512 << 20, workspaceFiles: Int = 50_000,
    temporaryBytes: Int = 256 << 20, graceSeconds: Double = 0.5
  ) {
    self.wallSeconds = wallSeconds
    self.cpuSeconds = cpuSeconds
    self.memoryBytes = memoryBytes
    self.processes = processes
    self.fileBytes = fileBytes
    self.outputBytes = outputBytes
    self.workspaceBytes = workspaceBytes
    self.workspaceFiles = workspaceFiles
    self.temporaryBytes = temporaryBytes
    self.graceSeconds = graceSeconds
  }

  /// The first value that no command can be run with, and what is expected; nil if there is none.
  public var problem: String? {
    firstOutside(seconds: [("wallSeconds", wallSeconds), ("graceSeconds", graceSeconds)])
      ?? firstOutside(
        1...1 << 50,
        [
          ("cpuSeconds", cpuSeconds), ("memoryBytes", memoryBytes), ("processes", processes),
          ("fileBytes", fileBytes), ("outputBytes", outputBytes),
          ("workspaceBytes", workspaceBytes), ("workspaceFiles", workspaceFiles),
          ("temporaryBytes", temporaryBytes),
        ])
  }

  /// The same for a work tree that holds so much already: what commands may add to a large repository isn't less.
  package func beside(_ workspace: String) -> SandboxLimits {
    let taken = DiskUsage.measure(workspace, maximumBytes: .max, maximumFiles: .max)
    var limits = self
    limits.workspaceBytes += taken.bytes
    limits.workspaceFiles += taken.files
    return limits
  }

  /// Thirty years: more than that, a clock can't count.
  public static let mostSeconds = 1e9
}
