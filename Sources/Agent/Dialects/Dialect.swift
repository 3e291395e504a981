public import Tools

/// How actions are written in a chat: a policy's text becomes a ``ToolCall``, a ``ToolResult``
/// becomes the next user message.
public protocol Dialect: Sendable {
  /// The name in transcripts and on the command line.
  var name: String { get }

  /// The tools that it has a form for.
  var tools: Set<ToolName> { get }

  /// The system message: what the agent does and how it writes `tools`.
  func systemPrompt(tools: [ToolName]) -> String

  /// What an endpoint is told of the tools beside the messages; empty where the system message says it all.
  func definitions(of tools: [ToolName]) -> [ToolDefinition]

  /// Reads one reply: perhaps a thought, then exactly one action and nothing more.
  func parse(_ text: String) -> Result<ToolCall, FormatError>

  /// Whether the action, with what came of it, ends the episode as finished.
  func submits(_ call: ToolCall, _ result: ToolResult) -> Bool

  /// Writes an action of ``tools`` so that ``parse(_:)`` gives it back, byte for byte.
  func render(_ call: ToolCall) -> String

  /// Writes a one-line thought and an action.
  func render(thought: String, call: ToolCall) -> String

  /// The user message that tells the agent what its action did.
  func renderObservation(_ result: ToolResult, of call: ToolCall) -> String
}

extension Dialect {
  public var tools: Set<ToolName> { Set(ToolName.allCases) }

  public func definitions(of tools: [ToolName]) -> [ToolDefinition] { [] }

  public func submits(_ call: ToolCall, _ result: ToolResult) -> Bool { call == .submit }

  /// The result as it is.
  public func renderObservation(_ result: ToolResult, of call: ToolCall) -> String {
    result.text.isEmpty ? "(no output)" : result.text
  }

  /// The user message after a reply that is no action.
  public func renderObservation(_ error: FormatError) -> String { error.description }
}

/// The dialects by name.
public enum Dialects {
  private static let all: [any Dialect] = [
    CompactDialect(), HermesDialect(), BashDialect(), OpenAIDialect(),
  ]

  public static let names = all.map(\.name)

  /// Those that a local model can use: the system message says all that it has to know.
  public static let local = all.filter { $0.definitions(of: ToolName.allCases).isEmpty }
    .map(\.name)

  /// Those of them with a form for every tool: solutions can be demonstrated in them.
  public static let complete = all.filter { local.contains($0.name) && $0.isComplete }.map(\.name)

  /// Nil when no dialect has this name.
  public static func named(_ name: String) -> (any Dialect)? { all.first { $0.name == name } }
}

extension Dialect {
  fileprivate var isComplete: Bool { tools == Set(ToolName.allCases) }
}

/// A tool as prompts and headers name it.
public enum ToolName: String, Sendable, Codable, CaseIterable {
  case view, search, edit, insert
  case tryOut = "try"
  case create, test, undo, shell, submit

  public init(_ call: ToolCall) {
    self =
      switch call {
      case .view: .view
      case .search: .search
      case .edit, .editLines: .edit
      case .insert: .insert
      case .tryOut: .tryOut
      case .create: .create
      case .shell: .shell
      case .test: .test
      case .undo: .undo
      case .submit: .submit
      }
  }
}

/// A reply that is no action. Its description is what the policy is shown: what was wrong, and an
/// action as an example.
public struct FormatError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// What was wrong, as a clause.
  public var problem: String
  /// An action that would be understood.
  public var example: String

  public init(problem: String, example: String) {
    self.problem = problem
    self.example = example
  }

  public var description: String { "Format error: \(problem). Example:\n\(example)" }
}

/// What a parser found wrong, before an example is chosen for it.
struct FormatProblem: Error {
  var problem: String

  init(_ problem: String) {
    self.problem = problem
  }
}
