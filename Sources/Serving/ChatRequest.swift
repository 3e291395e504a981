import Agent
import Foundation
import LanguageModel

/// The body of `POST /v1/chat/completions`.
struct ChatRequest: Decodable, Sendable {
  var messages: [ChatMessage]
  var options: AnswerOptions
  /// Tools that the model is told of; empty if it may not call any.
  var tools: [Agent.JSONValue]
  /// The functions of which answers call one; empty: the model chooses what it does.
  var forcedCalls: [String]
  /// Alternatives listed for every token; nil: no log-probabilities at all.
  var topLogprobs: Int?

  private enum CodingKeys: String, CodingKey {
    case messages, tools, logprobs
    case toolChoice = "tool_choice"
    case topLogprobs = "top_logprobs"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    options = try AnswerOptions(from: decoder)
    let choice = try ToolChoice(
      fields.decodeIfPresent(Agent.JSONValue.self, forKey: .toolChoice),
      of: fields.decodeIfPresent([Agent.JSONValue].self, forKey: .tools) ?? [])
    tools = choice.tools
    forcedCalls = choice.forcedCalls
    options.endsWithObject = !forcedCalls.isEmpty
    if try fields.decodeIfPresent(Bool.self, forKey: .logprobs) ?? false {
      let count = try fields.decodeIfPresent(Int.self, forKey: .topLogprobs) ?? 0
      guard (0...20).contains(count) else {
        throw APIError.invalid("top_logprobs", "'top_logprobs' is \(count), expected 0 to 20")
      }
      topLogprobs = count
    }
    let given = try fields.decode([RequestMessage].self, forKey: .messages)
    guard !given.isEmpty else { throw APIError.invalid("messages", "'messages' is empty") }
    messages = RequestMessage.asChat(given, tools: tools)
  }
}

/// A message as clients send it: of any role, in text or in parts, perhaps with calls of tools.
struct RequestMessage: Decodable, Sendable {
  enum Role: String { case system, developer, user, assistant, tool, function }

  struct Part: Decodable, Sendable {
    var type: String
    var text: String?
  }

  struct Call: Decodable, Sendable {
    struct Function: Decodable, Sendable {
      var name: String
      /// JSON in a string.
      var arguments: String?
    }
    var function: Function
  }

  var role: Role
  var text: String
  var calls: [Call]

  private enum CodingKeys: String, CodingKey {
    case role, content
    case toolCalls = "tool_calls"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let name = try fields.decode(String.self, forKey: .role)
    guard let known = Role(rawValue: name) else {
      throw DecodingError.dataCorruptedError(
        forKey: .role, in: fields, debugDescription: "is \(name.prefix(40)), which is no role")
    }
    role = known
    calls = try fields.decodeIfPresent([Call].self, forKey: .toolCalls) ?? []
    if let parts = try? fields.decodeIfPresent([Part].self, forKey: .content) {
      if let other = parts.first(where: { $0.type != "text" }) {
        throw DecodingError.dataCorruptedError(
          forKey: .content, in: fields,
          debugDescription: "has a part of type \(other.type.prefix(40)): only text can be read")
      }
      text = parts.compactMap(\.text).joined()
    } else {
      text = try fields.decodeIfPresent(String.self, forKey: .content) ?? ""
    }
  }

  /// The conversation in the three roles that chat templates have, tools as Hermes and Qwen models know them.
  static func asChat(_ given: [RequestMessage], tools: [Agent.JSONValue]) -> [ChatMessage] {
    var chat: [ChatMessage] = []
    var wasTool = false
    for message in given {
      let isTool = message.role == .tool || message.role == .function
      switch message.role {
      case .system, .developer: chat.append(ChatMessage(role: .system, content: message.text))
      case .user: chat.append(ChatMessage(role: .user, content: message.text))
      case .assistant:
        let parts = [message.text] + message.calls.map { ToolText.render($0.function) }
        chat.append(
          ChatMessage(
            role: .assistant, content: parts.filter { !$0.isEmpty }.joined(separator: "\n")))
      case .tool, .function:
        let text = ToolText.response(message.text)
        // The results of one turn's calls are one message.
        if wasTool {
          chat[chat.count - 1].content += "\n" + text
        } else {
          chat.append(ChatMessage(role: .user, content: text))
        }
      }
      wasTool = isTool
    }
    guard !tools.isEmpty else { return chat }
    let prompt = ToolText.prompt(tools)
    if chat.first?.role == .system {
      chat[0].content += "\n\n" + prompt
    } else {
      chat.insert(ChatMessage(role: .system, content: prompt), at: 0)
    }
    return chat
  }
}
