import Agent
import Foundation

/// Tools in a chat's text: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, as Hermes and Qwen models write
/// them.
package enum ToolText {
  private static let opening = "<tool_call>"
  private static let closing = "</tool_call>"

  /// A call as the API has it.
  package struct Call: Equatable, Sendable {
    package var name: String
    /// A JSON object in text.
    package var arguments: String

    package init(name: String, arguments: String) {
      self.name = name
      self.arguments = arguments
    }
  }

  /// What the system message says of them.
  static func prompt(_ tools: [Agent.JSONValue]) -> String {
    """
    # Tools

    These functions can be called:
    <tools>
    \(tools.map(json).joined(separator: "\n"))
    </tools>

    To call one, write a JSON object with its name and its arguments between these tags:
    <tool_call>
    {"name": "the function's name", "arguments": {}}
    </tool_call>
    """
  }

  static func response(_ text: String) -> String { "<tool_response>\n\(text)\n</tool_response>" }

  /// An assistant's earlier call.
  static func render(_ function: RequestMessage.Call.Function) -> String {
    let arguments = function.arguments.flatMap(value) ?? .object([:])
    let call = Agent.JSONValue.object(["name": .string(function.name), "arguments": arguments])
    return "\(opening)\n\(json(call))\n\(closing)"
  }

  /// How an answer begins that calls this function. It ends before the space, which is one token with the brace after
  /// it.
  static func beginning(ofCallTo name: String) -> String {
    "\(opening)\n{\"name\": \(json(.string(name))), \"arguments\":"
  }

  /// The arguments that an answer goes on with after such a beginning: the object as the model wrote it, and whether it
  /// came to its end; if it didn't, or is no object, all that there is of the call.
  package static func arguments(_ answer: String) -> (text: String, isWhole: Bool) {
    let bytes = Array(answer.utf8)
    var object = ObjectEnd()
    guard let end = object.find(in: bytes) else {
      let call = answer.range(of: closing, options: .literal).map { answer[..<$0.lowerBound] }
      return ((call ?? answer[...]).trimmingCharacters(in: .whitespacesAndNewlines), false)
    }
    let text = String(decoding: bytes[..<end], as: UTF8.self)
    return (text.trimmingCharacters(in: .whitespacesAndNewlines), true)
  }

  /// What an answer says beside its calls, and the calls; all of it as it is if any of them isn't one.
  package static func parse(_ answer: String) -> (text: String, calls: [Call]) {
    var text = ""
    var calls: [Call] = []
    var rest = answer[...]
    while let start = rest.range(of: opening, options: .literal) {
      text += rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      // The end of the last call is often left out.
      let end = rest.range(of: closing, options: .literal)
      guard let call = call(String(rest[..<(end?.lowerBound ?? rest.endIndex)])) else {
        return (answer, [])
      }
      calls.append(call)
      rest = rest[(end?.upperBound ?? rest.endIndex)...]
    }
    guard !calls.isEmpty else { return (answer, []) }
    return ((text + rest).trimmingCharacters(in: .whitespacesAndNewlines), calls)
  }

  private static func call(_ text: String) -> Call? {
    guard case .object(let members)? = value(text), case .string(let name)? = members["name"] else {
      return nil
    }
    switch members["arguments"] {
    case .object(let arguments)?: return Call(name: name, arguments: json(.object(arguments)))
    case nil, .null?: return Call(name: name, arguments: "{}")
    default: return nil
    }
  }

  private static func value(_ text: String) -> Agent.JSONValue? {
    try? JSONDecoder().decode(Agent.JSONValue.self, from: Data(text.utf8))
  }

  private static func json(_ value: Agent.JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self)
  }
}
