let unfinished = ToolsError(.input, "this part of the module isn't built yet")

/// Where a workspace's first state comes from.
public enum TreeSource: Sendable, Hashable {
  /// All files of a folder of the host.
  case folder(String)
  /// The committed tree of a git repository at a revision; its work tree and history stay out.
  case repository(String, revision: String = "HEAD")
  /// A state recorded earlier, by this recorder.
  case snapshot(Snapshot)
}

public final class Recorder: Sendable {
  public let path: String
  public init(at path: String) throws(ToolsError) { throw unfinished }
  /// Sorted names of the trajectories.
  public func trajectories() throws(ToolsError) -> [String] { throw unfinished }
  /// The last snapshot of a trajectory, or nil.
  public func head(of name: String) throws(ToolsError) -> Snapshot? { throw unfinished }
  /// The snapshot of a commit.
  public func snapshot(_ commit: ObjectID) throws(ToolsError) -> Snapshot { throw unfinished }
  /// A unified git patch between two snapshots (binary patches included), without changes to paths
  /// that match one of `excluding`.
  public func diff(from: Snapshot, to: Snapshot, excluding: [String] = []) throws(ToolsError)
    -> [UInt8]
  { throw unfinished }
  public func changedPaths(from: Snapshot, to: Snapshot) throws(ToolsError) -> [ChangedPath] {
    throw unfinished
  }
}

public final class Workspace: Sendable {
  public let path: String
  public let name: String
  public let recorder: Recorder
  public let base: Snapshot
  /// The last recorded snapshot.
  public var head: Snapshot { base }
  private init(path: String, name: String, recorder: Recorder, base: Snapshot) {
    self.path = path
    self.name = name
    self.recorder = recorder
    self.base = base
  }
  /// Records the source as the trajectory's first commit and writes it out at `path` (which must
  /// not exist or be an empty folder). With `agentRepository` the work tree is also a git repository
  /// of its own with one commit, no history and no remote. `time`: seconds since 1970, now if nil.
  public static func materialize(
    _ source: TreeSource, recorder: Recorder, name: String, at path: String,
    agentRepository: Bool = false, time: Int64? = nil
  ) throws(ToolsError) -> Workspace { throw unfinished }
  public func commit(_ message: String, time: Int64? = nil) throws(ToolsError) -> Snapshot {
    throw unfinished
  }
  /// The patch from a snapshot to the last recorded one.
  public func diff(since: Snapshot, excluding: [String] = []) throws(ToolsError) -> [UInt8] {
    throw unfinished
  }
  public func diff(from: Snapshot, to: Snapshot, excluding: [String] = []) throws(ToolsError)
    -> [UInt8]
  { throw unfinished }
  public func changedPaths(from: Snapshot, to: Snapshot) throws(ToolsError) -> [ChangedPath] {
    throw unfinished
  }
  /// Applies a unified git patch to the work tree, all of it or nothing.
  public func apply(_ patch: [UInt8]) throws(ToolsError) { throw unfinished }
  public func restore(_ snapshot: Snapshot) throws(ToolsError) { throw unfinished }
  /// A second work tree with its own trajectory that starts at `snapshot`.
  public func fork(
    from snapshot: Snapshot, name: String, at path: String, agentRepository: Bool = false
  ) throws(ToolsError) -> Workspace { throw unfinished }
  /// Deletes the work tree; what was recorded stays.
  public func remove() throws(ToolsError) { throw unfinished }
}

public enum Sandbox: String, Sendable, Codable, CaseIterable {
  case bubblewrap
  case none
  /// Where the work tree is seen inside.
  public static let workspacePath = "/workspace"
  /// `readOnlyBinds`: host path → path inside. `environment` is added to the cleared one.
  public func run(
    _ command: Command, in workspace: String, limits: SandboxLimits = SandboxLimits(),
    environment: [String: String] = [:], readOnlyBinds: [String: String] = [:]
  ) async throws(ToolsError) -> CommandResult { throw unfinished }

  /// Nil if this sandbox works here, else one sentence that says what is missing and how to mend it.
  public func probe() async -> String? { unfinished.description }
}

public struct Toolbox: Sendable {
  public struct Options: Sendable, Codable, Hashable {
    /// Characters of a result at most.
    public var maxCharacters = 1500
    /// Lines of a view without a range.
    public var viewLines = 60
    /// Characters of a line shown.
    public var lineWidth = 160
    /// Matching lines of a search shown.
    public var searchMatches = 20
    /// Whether an edit that adds a syntax error is refused.
    public var checksSyntax = true
    public init() {}
  }
  public init(
    root: String, sandbox: Sandbox, limits: SandboxLimits = SandboxLimits(),
    testCommand: String? = nil, testLimits: SandboxLimits? = nil,
    environment: [String: String] = [:], readOnlyBinds: [String: String] = [:],
    options: Options = Options()
  ) {}
  public func run(_ call: ToolCall) async throws(ToolsError) -> ToolResult { throw unfinished }
}
