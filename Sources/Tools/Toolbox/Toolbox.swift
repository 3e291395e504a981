import Glibc

/// The tools of one episode: what the policy can do in its workspace.
///
/// View, search, edit and create work on the files directly, never leave the workspace and never
/// follow a link out of it; shell, test and the syntax check run in the sandbox. Every outcome that a
/// policy can cause is a ``ToolResult``; only trouble with the machinery throws.
public struct Toolbox: Sendable {
  /// How much a result may say.
  public struct Options: Sendable, Codable, Hashable {
    /// Characters of a result at most.
    public var maxCharacters: Int
    /// Lines of a view without a range.
    public var viewLines: Int
    /// Characters of a line shown.
    public var lineWidth: Int
    /// Matching lines of a search shown.
    public var searchMatches: Int
    /// Whether an edit that adds a syntax error is refused.
    public var checksSyntax: Bool
    /// Whether a call that was refused, or an edit that was taken back, is said to be one when it comes again; nil, in transcripts from before there was a
    /// choice, is no.
    public var knowsRepeats: Bool?

    public init(
      maxCharacters: Int = 1500, viewLines: Int = 60, lineWidth: Int = 160,
      searchMatches: Int = 20, checksSyntax: Bool = true, knowsRepeats: Bool? = true
    ) {
      self.maxCharacters = maxCharacters
      self.viewLines = viewLines
      self.lineWidth = lineWidth
      self.searchMatches = searchMatches
      self.checksSyntax = checksSyntax
      self.knowsRepeats = knowsRepeats
    }

    /// The first value that makes no sense, and what is expected; nil if there is none.
    public var problem: String? {
      firstOutside(
        1...1 << 30,
        [
          ("maxCharacters", maxCharacters), ("viewLines", viewLines), ("lineWidth", lineWidth),
          ("searchMatches", searchMatches),
        ])
    }
  }

  let root: String
  let alsoAt: String?
  let files: Beneath
  let sandbox: Sandbox
  let limits: SandboxLimits
  let testCommand: String?
  let testLimits: SandboxLimits
  let environment: [String: String]
  let options: Options
  let testDigest: (@Sendable (_ output: String) -> String?)?
  let memory = ToolMemory()

  /// A small model that has written the same twice goes on with it unless something says so.
  static let repeated = "You did this before: try something else."

  /// Bytes of a file that view, search and edit look at.
  static let maximumFileBytes = 4 << 20

  /// `root`: the workspace's folder on the host, as the agent finds it: limits of its size are of what comes to that.
  /// `alsoAt`: as in ``Sandbox/run(_:in:limits:environment:readOnlyBinds:alsoAt:)``; paths may be those there, too.
  /// `testLimits`: those of `limits` if nil. `testDigest`: what the agent is told of failing tests instead of the
  /// usual summary; nil where it has nothing to say.
  public init(
    root: String, alsoAt: String? = nil, sandbox: Sandbox,
    limits: SandboxLimits = SandboxLimits(),
    testCommand: String? = nil, testLimits: SandboxLimits? = nil,
    environment: [String: String] = [:], options: Options = Options(),
    testDigest: (@Sendable (_ output: String) -> String?)? = nil
  ) {
    self.root = root
    self.alsoAt = alsoAt
    files = Beneath(root: root, seenAt: Sandbox.place(alsoAt: alsoAt))
    self.sandbox = sandbox
    self.limits = limits.beside(root)
    self.testCommand = testCommand
    self.testLimits = testLimits?.beside(root) ?? self.limits
    self.environment = environment
    self.options = options
    self.testDigest = testDigest
  }

  /// Performs one action and says how it went.
  public func run(_ call: ToolCall) async throws(ToolsError) -> ToolResult {
    let begin = ContinuousClock.now
    var result: ToolResult
    do {
      result = try await perform(call)
    } catch let error as ToolsError {
      throw error
    } catch let error as Refusal {
      let isKnown = memory.refuse(call) && options.knowsRepeats == true
      let note = isKnown && error.text != Self.repeated ? "\n" + Self.repeated : ""
      result = ToolResult(text: error.text + note, isError: true)
    } catch { throw ToolsError(.file, "\(error)") }
    result.text = bounded(result.text)
    result.seconds = begin.duration(to: .now) / .seconds(1)
    return result
  }

  private func perform(_ call: ToolCall) async throws -> ToolResult {
    if call.mayChangeFiles { memory.standing = nil }
    // Where a command has closed the workspace's own folder, nothing more could be run or recorded.
    defer { chmod(root, 0o755) }
    return switch call {
    case .view(let path, let first, let last): ToolResult(text: try view(path, first, last))
    case .search(let pattern, let path): ToolResult(text: try search(pattern, path))
    case .edit(let path, let old, let new): try await edit(path, old: old, new: new)
    case .editLines(let path, let first, let last, let lines):
      try await edit(path, first, last, lines: lines)
    case .insert(let path, let line, let lines): try await insert(path, line, lines)
    case .tryOut: try await tryOut(call.trials)
    case .create(let path, let contents): try await create(path, contents)
    case .shell(let command): try await shell(command)
    case .test: try await test()
    case .undo: try undo()
    case .submit: ToolResult(text: "Submitted.")
    }
  }

  /// The beginning and the end of a text that is longer than a result may be.
  func bounded(_ text: String) -> String {
    text.headAndTail(options.maxCharacters)
  }
}
