import Foundation
public import Tools

/// Tool calls as Hermes and Qwen models write them: one
/// `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, text before it is a thought; results
/// come back in `<tool_response>`.
public struct HermesDialect: Dialect {
  public let name = "hermes"

  static let opening = "<tool_call>"
  private static let closing = "</tool_call>"
  static let example =
    #"<tool_call>{"name":"view","arguments":{"path":"src/calc.py"}}</tool_call>"#

  public init() {}

  public func systemPrompt(tools: [ToolName]) -> String {
    let signatures = ToolName.allCases.filter(tools.contains).map(HermesArguments.signature)
    return """
      Fix the bug in the repository with these tools, one call a reply:
      \(signatures.joined(separator: "\n"))
      Write a call as JSON, for example:
      \(Self.example)
      """
  }

  public func render(thought: String, call: ToolCall) -> String {
    let line = thought.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.isEmpty ? render(call) : "\(line)\n\(render(call))"
  }

  public func render(_ call: ToolCall) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A call is strings and integers only: encoding it can't fail.
    let data = (try? encoder.encode(call)) ?? Data()
    return Self.tagged(String(decoding: data, as: UTF8.self))
  }

  /// A call's JSON between the tags. In JSON `</` can only stand inside a string; escaped, contents can't close the
  /// call.
  static func tagged(_ json: String) -> String {
    opening + json.replacing("</", with: "<\\/") + closing
  }

  public func parse(_ text: String) -> Result<ToolCall, FormatError> {
    do throws(FormatProblem) {
      return .success(try HermesArguments.call(try body(of: text)))
    } catch {
      return .failure(FormatError(problem: error.problem, example: Self.example))
    }
  }

  /// The JSON between the tags.
  private func body(of text: String) throws(FormatProblem) -> String {
    guard let start = text.range(of: Self.opening, options: .literal) else {
      throw FormatProblem("the reply has no \(Self.opening)")
    }
    let rest = text[start.upperBound...]
    guard let end = rest.range(of: Self.closing, options: [.literal, .backwards]) else {
      throw FormatProblem("the call has no \(Self.closing)")
    }
    guard rest[end.upperBound...].allSatisfy(\.isWhitespace) else {
      throw FormatProblem("nothing may follow \(Self.closing)")
    }
    let body = String(rest[..<end.lowerBound])
    let isSeveral =
      body.contains(Self.closing)
      && (try? JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))) == nil
    guard !isSeveral else { throw FormatProblem("only one call a reply") }
    return body
  }

  public func renderObservation(_ result: ToolResult, of call: ToolCall) -> String {
    let text = result.text.isEmpty ? "(no output)" : result.text
    return "<tool_response>\n\(text)\n</tool_response>"
  }
}
