let unfinished = ToolsError(.input, "this part of the module isn't built yet")

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
