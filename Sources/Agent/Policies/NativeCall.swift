import Foundation
import LanguageModel
import Tools

/// A tool as an endpoint is told of it, and its arguments' schema.
public struct ToolDefinition: Sendable, Equatable, Encodable {
  struct Function: Sendable, Equatable, Encodable {
    var name: String
    var description: String
    var parameters: JSONValue
  }

  let type = "function"
  var function: Function

  private enum CodingKeys: CodingKey { case type, function }
}

/// One call beside a message's text, in OpenAI's form.
struct NativeCall: Sendable, Equatable, Codable {
  struct Function: Sendable, Equatable, Codable {
    var name: String
    /// JSON, if the model got that right.
    var arguments: String
  }

  var id: String
  var type = "function"
  var function: Function

  /// Whether its arguments are an object.
  var isSound: Bool {
    guard
      case .object? = try? JSONDecoder().decode(
        JSONValue.self, from: Data(function.arguments.utf8))
    else { return false }
    return true
  }

  /// The call in a text, as ``HermesDialect`` writes it.
  var text: String {
    let name = (try? JSONEncoder().encode(function.name)).map {
      String(decoding: $0, as: UTF8.self)
    }
    return HermesDialect.tagged(
      "{\"arguments\":\(function.arguments),\"name\":\(name ?? "\"\"")}")
  }

  /// The call that a text holds, and the text before it; nil if it holds none.
  static func read(_ text: String, id: String) -> (said: String, call: NativeCall)? {
    guard let start = text.firstRange(of: HermesDialect.opening),
      let call = try? HermesDialect().parse(text).get(),
      let data = try? JSONEncoder().encode(call),
      case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: data),
      let arguments = try? JSONEncoder().encode(members["arguments"] ?? .object([:]))
    else { return nil }
    return (
      text[..<start.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines),
      NativeCall(
        id: id,
        function: Function(name: call.name, arguments: String(decoding: arguments, as: UTF8.self)))
    )
  }
}

extension NativeCall {
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      id: try container.decodeIfPresent(String.self, forKey: .id) ?? "",
      function: try container.decode(Function.self, forKey: .function))
  }
}

extension NativeCall.Function {
  /// Some servers leave arguments out, or send them as an object.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
    switch try container.decodeIfPresent(JSONValue.self, forKey: .arguments) ?? .null {
    case .null: arguments = "{}"
    case .string(let text): arguments = text.isEmpty ? "{}" : text
    case let value: arguments = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
  }
}

/// A message as an endpoint takes it.
struct WireMessage: Sendable, Equatable, Encodable {
  var role: String
  /// Empty beside calls without a text. By OpenAI's specification it may be null or missing as well, but
  /// llama-cpp-python takes neither.
  var content: String
  var calls: [NativeCall] = []
  /// Of the call that a tool's message answers.
  var callID: String?

  private enum CodingKeys: String, CodingKey {
    case role, content
    case calls = "tool_calls"
    case callID = "tool_call_id"
  }

  init(_ message: ChatMessage) {
    role = message.role.rawValue
    content = message.content
  }

  /// What the model said.
  init(said: String, calls: [NativeCall]) {
    role = ChatMessage.Role.assistant.rawValue
    content = said
    self.calls = calls
  }

  /// What came of a call.
  init(answer: String, to call: NativeCall) {
    role = "tool"
    content = answer
    callID = call.id
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(role, forKey: .role)
    try container.encode(content, forKey: .content)
    if !calls.isEmpty { try container.encode(calls, forKey: .calls) }
    try container.encodeIfPresent(callID, forKey: .callID)
  }
}
