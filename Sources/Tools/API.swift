let unfinished = ToolsError(.input, "this part of the module isn't built yet")

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
