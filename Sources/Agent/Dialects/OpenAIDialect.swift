public import Tools

/// Calls as an OpenAI-compatible endpoint makes them natively: it is told the tools' schemas beside the messages,
/// and its calls come beside the text. In transcripts they stand in the text, as ``HermesDialect`` writes them; where an
/// endpoint knows no tools, it is told of them in the text and calls them there (``RemotePolicy``).
public struct OpenAIDialect: Dialect {
  public let name = "openai"
  private let text = HermesDialect()

  public init() {}

  public func systemPrompt(tools: [ToolName]) -> String {
    "Fix the bug in the repository with the tools, one call a reply."
  }

  public func definitions(of tools: [ToolName]) -> [ToolDefinition] {
    ToolName.allCases.filter(tools.contains).map(HermesArguments.definition)
  }

  public func parse(_ text: String) -> Result<ToolCall, FormatError> {
    self.text.parse(text).mapError { error in
      let hasCall = text.contains(HermesDialect.opening)
      return FormatError(
        problem: hasCall ? error.problem : "the reply calls no tool",
        example: #"view with {"path": "src/calc.py"}"#)
    }
  }

  public func render(_ call: ToolCall) -> String { text.render(call) }

  public func render(thought: String, call: ToolCall) -> String {
    text.render(thought: thought, call: call)
  }
}
