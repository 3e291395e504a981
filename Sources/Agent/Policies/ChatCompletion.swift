import Foundation
import LanguageModel

/// The body of a request to `/v1/chat/completions`, in OpenAI's names.
struct ChatCompletionRequest: Encodable {
  var model: String
  var messages: [WireMessage]
  var tools: [ToolDefinition]?
  /// Some servers don't tell the model of tools unless they are asked to, though OpenAI's does: "auto".
  var toolChoice: String?
  var temperature: Double
  var topP: Double
  var seed: Int
  var maxTokens: Int
  var stop: [String]?
  var stream: Bool?
  var streamOptions: StreamOptions?

  struct StreamOptions: Encodable {
    let includeUsage = true

    enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
  }

  enum CodingKeys: String, CodingKey {
    case model, messages, tools, temperature, seed, stop, stream
    case toolChoice = "tool_choice"
    case streamOptions = "stream_options"
    case topP = "top_p"
    case maxTokens = "max_tokens"
  }
}

/// What is read of its answer; unknown keys are left alone.
struct ChatCompletionAnswer: Decodable {
  struct Choice: Decodable {
    struct Message: Decodable {
      var content: String?
      var calls: [NativeCall]?

      enum CodingKeys: String, CodingKey {
        case content
        case calls = "tool_calls"
      }
    }
    var message: Message
    var finishReason: String?

    enum CodingKeys: String, CodingKey {
      case message
      case finishReason = "finish_reason"
    }
  }

  struct Usage: Decodable {
    var promptTokens: Int?
    var completionTokens: Int?

    enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }

    /// What is no count isn't counted: the answer is as good without.
    init(from decoder: any Decoder) throws {
      let container = try? decoder.container(keyedBy: CodingKeys.self)
      promptTokens = try? container?.decode(Int.self, forKey: .promptTokens)
      completionTokens = try? container?.decode(Int.self, forKey: .completionTokens)
    }
  }

  var choices: [Choice]
  var usage: Usage?

  /// The first choice as a turn, calls in its text; nil when there is none.
  var turn: PolicyTurn? {
    guard let choice = choices.first else { return nil }
    // What a server claims is bounded, so that sums of it can't overflow.
    func tokens(_ claimed: Int?) -> Int { min(max(0, claimed ?? 0), 1 << 40) }
    let usage = usage.map {
      TokenUsage(
        promptTokens: tokens($0.promptTokens), completionTokens: tokens($0.completionTokens))
    }
    let parts = [choice.message.content ?? ""] + (choice.message.calls ?? []).map(\.text)
    return PolicyTurn(
      text: parts.filter { !$0.isEmpty }.joined(separator: "\n"),
      finish: choice.finishReason == "length" ? .length : .stop, usage: usage)
  }

  /// The first choice as the conversation goes on from it. Servers read calls' arguments again, and some take no
  /// conversation with such as are no JSON: those stay text.
  var said: WireMessage? {
    guard let choice = choices.first, let turn else { return nil }
    let calls = choice.message.calls ?? []
    return calls.allSatisfy(\.isSound)
      ? WireMessage(said: choice.message.content ?? "", calls: calls)
      : WireMessage(said: turn.text, calls: [])
  }
}

/// An endpoint's error object: `{"error": {"message": …, "code": …}}`.
struct ChatCompletionFailure: Decodable {
  struct Detail: Decodable {
    var message: String?
    var code: String?

    enum CodingKeys: CodingKey { case message, code }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      message = try? container.decode(String.self, forKey: .message)
      // Some servers send the status as a number here.
      code = try? container.decode(String.self, forKey: .code)
    }
  }
  var error: Detail

  /// The conversation is longer than the model's window.
  var isContextOverflow: Bool {
    error.code == "context_length_exceeded"
      || (error.message?.contains("maximum context length") ?? false)
  }
}
