import Foundation
public import Tools

/// One shell command in a block, as mini-swe-agent has it: models that know no tools but the shell, and transcripts of
/// that agent. Each command runs in a fresh shell.
///
/// ````
/// Why I do this.
/// ```mswea_bash_command
/// sed -n 1,40p src/calc.py
/// ```
/// ````
/// A command that ends well and first prints COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT submits. There are no other tools:
/// editing is done by commands.
public struct BashDialect: Dialect {
  public let name = "bash"
  public let tools: Set<ToolName> = [.shell, .submit]

  private static let language = "mswea_bash_command"
  private static let mark = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
  private static let submission = "echo \(mark)"
  private static let example = "```mswea_bash_command\nls src\n```"

  public init() {}

  public func systemPrompt(tools: [ToolName]) -> String {
    """
    Fix the bug in the repository with shell commands. Reply with why, then one command in one block:
    \(Self.example)
    Each runs in a new shell at the repository's top. When all is done: \(Self.submission)
    """
  }

  public func render(thought: String, call: ToolCall) -> String {
    let line = thought.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // A thought that begins a block of its own would hide the command.
    let safe = line.replacing("```", with: "'''")
    return safe.isEmpty ? render(call) : "\(safe)\n\(render(call))"
  }

  /// An action that there is no command for becomes a comment: nothing is done.
  public func render(_ call: ToolCall) -> String {
    let command =
      switch call {
      case .shell(let command): command
      case .submit: Self.submission
      default: "# \(call.summary)"
      }
    var fence = "```"
    while command.contains(fence) { fence += "`" }
    return "\(fence)\(Self.language)\n\(command)\n\(fence)"
  }

  public func parse(_ text: String) -> Result<ToolCall, FormatError> {
    let blocks = Self.blocks(of: text)
    guard blocks.count == 1, let command = blocks.first else {
      let problem =
        blocks.isEmpty ? "the reply has no closed block of a command" : "only one command a reply"
      return .failure(FormatError(problem: problem, example: Self.example))
    }
    // Nothing but that needs no shell; what else may print it has to be run.
    let isSubmission = Self.trimmed(command) == Self.submission
    return .success(isSubmission ? .submit : .shell(command: command))
  }

  private static func trimmed(_ text: String) -> String {
    text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  public func submits(_ call: ToolCall, _ result: ToolResult) -> Bool {
    guard case .shell = call else { return call == .submit }
    let first = result.text.drop(while: \.isWhitespace).split(whereSeparator: \.isNewline).first
    return result.exitCode == 0 && first.map { Self.trimmed(String($0)) } == Self.mark
  }

  /// The commands of all closed blocks in the language.
  private static func blocks(of text: String) -> [String] {
    var blocks: [String] = []
    var open: (fence: String, lines: [String], isCommand: Bool)?
    // By bytes: \r\n is one character.
    for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = String(decoding: bytes, as: UTF8.self)
      var bare = bytes[...]
      while let last = bare.last, isBlank(last) { bare = bare.dropLast() }
      let mark = String(decoding: bare, as: UTF8.self)
      if let (fence, lines, isCommand) = open {
        if mark == fence {
          if isCommand { blocks.append(lines.joined(separator: "\n")) }
          open = nil
        } else {
          open = (fence, lines + [line], isCommand)
        }
      } else if mark.hasPrefix("```") {
        let fence = mark.prefix { $0 == "`" }
        open = (String(fence), [], mark.dropFirst(fence.count) == language)
      }
    }
    return blocks
  }

  public func renderObservation(_ result: ToolResult, of call: ToolCall) -> String {
    let code = result.exitCode.map(String.init) ?? (result.isError ? "-1" : "0")
    return "<returncode>\(code)</returncode>\n<output>\n\(result.text)\n</output>"
  }
}
