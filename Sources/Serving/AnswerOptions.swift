import LanguageModel

/// What both kinds of request say about the answers, in OpenAI's names; `top_k` and `min_p` as llama.cpp and vLLM
/// have them.
struct AnswerOptions: Decodable, Sendable {
  var sampling: SamplingParameters
  /// Nil: as much as the context has room for.
  var maxTokens: Int?
  var stops: [String]
  /// Whether an answer ends with the JSON object that it begins with.
  var endsWithObject = false
  /// Nil: a new one each time.
  var seed: UInt64?
  /// Answers to the same prompt.
  var count: Int
  var streams: Bool
  var streamsUsage: Bool
  var returnsTokenIDs: Bool

  private enum CodingKeys: String, CodingKey {
    case temperature, stop, seed, n, stream
    case topP = "top_p"
    case topK = "top_k"
    case minP = "min_p"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case streamOptions = "stream_options"
    case returnTokenIDs = "return_token_ids"
    case presencePenalty = "presence_penalty"
    case frequencyPenalty = "frequency_penalty"
    case logitBias = "logit_bias"
    case responseFormat = "response_format"
  }

  private struct StreamOptions: Decodable {
    var includeUsage: Bool?

    enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
  }

  private struct ResponseFormat: Decodable {
    var type: String
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    sampling = SamplingParameters(
      temperature: try fields.decodeIfPresent(Float.self, forKey: .temperature) ?? 1,
      topP: try fields.decodeIfPresent(Float.self, forKey: .topP) ?? 1,
      topK: max(0, try fields.decodeIfPresent(Int.self, forKey: .topK) ?? 0),
      minP: try fields.decodeIfPresent(Float.self, forKey: .minP) ?? 0)
    maxTokens =
      try fields.decodeIfPresent(Int.self, forKey: .maxCompletionTokens)
      ?? fields.decodeIfPresent(Int.self, forKey: .maxTokens)
    stops = try fields.decodeIfPresent(OneOrMore<String>.self, forKey: .stop)?.values ?? []
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed).map { UInt64(bitPattern: Int64($0)) }
    count = try fields.decodeIfPresent(Int.self, forKey: .n) ?? 1
    streams = try fields.decodeIfPresent(Bool.self, forKey: .stream) ?? false
    streamsUsage =
      try fields.decodeIfPresent(StreamOptions.self, forKey: .streamOptions)?.includeUsage ?? false
    returnsTokenIDs = try fields.decodeIfPresent(Bool.self, forKey: .returnTokenIDs) ?? false
    try check()
    // What would be left out silently changes what is sampled.
    for key in [CodingKeys.presencePenalty, .frequencyPenalty] {
      if let value = try fields.decodeIfPresent(Double.self, forKey: key), value != 0 {
        throw APIError.invalid(key.rawValue, "'\(key.rawValue)' isn't supported: expected 0")
      }
    }
    if let bias = try fields.decodeIfPresent([String: Double].self, forKey: .logitBias),
      !bias.isEmpty
    {
      throw APIError.invalid("logit_bias", "'logit_bias' isn't supported")
    }
    if let format = try fields.decodeIfPresent(ResponseFormat.self, forKey: .responseFormat),
      format.type != "text"
    {
      throw APIError.invalid("response_format", "'response_format' can only be text")
    }
  }

  private func check() throws {
    if let problem = sampling.problem { throw APIError.invalid(nil, problem) }
    if let maxTokens, maxTokens < 1 {
      throw APIError.invalid("max_tokens", "'max_tokens' is \(maxTokens), expected 1 or more")
    }
    guard (1...64).contains(count) else {
      throw APIError.invalid("n", "'n' is \(count), expected 1 to 64")
    }
    guard stops.count <= 16, stops.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 1000 }) else {
      throw APIError.invalid("stop", "'stop' must be up to 16 strings of 1 to 1000 bytes")
    }
  }
}

/// A value, or a list of them.
struct OneOrMore<Value: Decodable & Sendable>: Decodable, Sendable {
  var values: [Value]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let one = try? container.decode(Value.self) {
      values = [one]
    } else {
      values = try container.decode([Value].self)
    }
  }
}
