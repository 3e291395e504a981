import Foundation
import LanguageModel

/// Token counts of one request.
struct Usage: Encodable, Sendable {
  var promptTokens: Int
  var completionTokens = 0

  enum CodingKeys: String, CodingKey {
    case promptTokens = "prompt_tokens"
    case completionTokens = "completion_tokens"
    case totalTokens = "total_tokens"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(promptTokens, forKey: .promptTokens)
    try container.encode(completionTokens, forKey: .completionTokens)
    try container.encode(promptTokens + completionTokens, forKey: .totalTokens)
  }
}

/// One answer, whole or in the making.
struct Answer: Sendable {
  /// The call that it was made to begin with; the text goes on from there.
  var call: CallBeginning?
  var text = ""
  /// Of the text, as Unicode counts them.
  var characters = 0
  var tokens: [TokenScore] = []
  var reason: String?
}

/// An answer or a piece of one, as one of the API's four forms: chat or plain text, whole or streamed.
struct AnswerBody: Encodable, Sendable {
  var id: String
  var object: String
  var created: Int
  var model: String
  var choices: [Choice]
  var usage: Usage?
  var promptTokenIDs: [TokenID]?

  enum CodingKeys: String, CodingKey {
    case id, object, created, model, choices, usage
    case promptTokenIDs = "prompt_token_ids"
  }

  struct Choice: Encodable, Sendable {
    var index: Int
    var content: Content
    var logprobs: Logprobs?
    var finishReason: String?
    var tokenIDs: [TokenID]?
    var promptTokenIDs: [TokenID]?

    enum CodingKeys: String, CodingKey {
      case promptTokenIDs = "prompt_token_ids"
      case index, message, delta, text, logprobs
      case finishReason = "finish_reason"
      case tokenIDs = "token_ids"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(index, forKey: .index)
      switch content {
      case .message(let message): try container.encode(message, forKey: .message)
      case .delta(let message): try container.encode(message, forKey: .delta)
      case .text(let text): try container.encode(text, forKey: .text)
      }
      try container.encode(logprobs, forKey: .logprobs)
      try container.encode(finishReason, forKey: .finishReason)
      try container.encodeIfPresent(tokenIDs, forKey: .tokenIDs)
      try container.encodeIfPresent(promptTokenIDs, forKey: .promptTokenIDs)
    }
  }

  enum Content: Sendable {
    case message(Message)
    case delta(Message)
    case text(String)
  }

  struct Message: Encodable, Sendable {
    var role: String?
    var content: String?
    var calls: [ToolText.Call] = []
    /// Names the calls.
    var id = ""
    /// Whether absent keys are written: a whole message has all of them.
    var isWhole = false

    enum CodingKeys: String, CodingKey {
      case role, content
      case toolCalls = "tool_calls"
    }

    struct Call: Encodable {
      struct Function: Encodable {
        var name, arguments: String
      }
      var index: Int?
      var id: String
      var type = "function"
      var function: Function
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(role, forKey: .role)
      if isWhole {
        try container.encode(content, forKey: .content)
      } else {
        try container.encodeIfPresent(content, forKey: .content)
      }
      guard !calls.isEmpty else { return }
      try container.encode(
        calls.enumerated().map { number, call in
          Call(
            index: isWhole ? nil : number, id: "call-\(id)-\(number)",
            function: .init(name: call.name, arguments: call.arguments))
        }, forKey: .toolCalls)
    }
  }
}

/// Log-probabilities in the chat's form or the older one.
enum Logprobs: Encodable, Sendable {
  case chat([Token])
  case plain(Plain)

  struct Token: Encodable, Sendable {
    struct Alternative: Encodable, Sendable {
      var token: String
      var logprob: Float
      var bytes: [UInt8]
    }
    var token: String
    var logprob: Float
    var bytes: [UInt8]
    var alternatives: [Alternative]

    enum CodingKeys: String, CodingKey {
      case token, logprob, bytes
      case alternatives = "top_logprobs"
    }
  }

  struct Plain: Encodable, Sendable {
    var tokens: [String]
    var tokenLogprobs: [Float]
    var topLogprobs: [[String: Float]]
    /// Where each token's text begins, in characters of Unicode.
    var textOffset: [Int]

    enum CodingKeys: String, CodingKey {
      case tokens
      case tokenLogprobs = "token_logprobs"
      case topLogprobs = "top_logprobs"
      case textOffset = "text_offset"
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .chat(let tokens): try ["content": tokens].encode(to: encoder)
    case .plain(let plain): try plain.encode(to: encoder)
    }
  }

  /// JSON has no infinities: what can't happen is very unlikely.
  private static func finite(_ logprob: Float) -> Float { logprob > -9999 ? logprob : -9999 }

  static func chat(_ scores: [TokenScore], _ tokenizer: Tokenizer) -> Logprobs {
    func alternative(_ token: SampledToken) -> Token.Alternative {
      let bytes = tokenizer.bytes(of: token.id)
      return Token.Alternative(
        token: String(decoding: bytes, as: UTF8.self), logprob: finite(token.logprob), bytes: bytes)
    }
    return .chat(
      scores.map { score in
        let own = alternative(score.token)
        return Token(
          token: own.token, logprob: own.logprob, bytes: own.bytes,
          alternatives: score.top.map(alternative))
      })
  }

  /// - offset: where the first token's text begins.
  static func plain(_ scores: [TokenScore], _ tokenizer: Tokenizer, offset: Int) -> Logprobs {
    var plain = Plain(tokens: [], tokenLogprobs: [], topLogprobs: [], textOffset: [])
    var offset = offset
    func text(_ id: TokenID) -> String { tokenizer.decode([id], skippingSpecial: false) }
    for score in scores {
      let own = text(score.token.id)
      plain.tokens.append(own)
      plain.tokenLogprobs.append(finite(score.token.logprob))
      plain.topLogprobs.append(
        Dictionary(score.top.map { (text($0.id), finite($0.logprob)) }) { first, _ in first })
      plain.textOffset.append(offset)
      offset += own.unicodeScalars.count
    }
    return .plain(plain)
  }
}
