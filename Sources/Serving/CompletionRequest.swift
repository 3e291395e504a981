import LanguageModel

/// The body of `POST /v1/completions`.
struct CompletionRequest: Decodable, Sendable {
  /// Text, or tokens as they are.
  enum Prompt: Sendable {
    case text(String)
    case tokens([TokenID])
  }

  var prompts: [Prompt]
  var options: AnswerOptions
  /// Alternatives listed for every token; nil: no log-probabilities at all.
  var logprobs: Int?

  private enum CodingKeys: String, CodingKey { case prompt, logprobs, echo, suffix }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    options = try AnswerOptions(from: decoder)
    // OpenAI's default for this older form.
    options.maxTokens = options.maxTokens ?? 16
    if let text = try? fields.decode(String.self, forKey: .prompt) {
      prompts = [.text(text)]
    } else if let tokens = try? fields.decode([TokenID].self, forKey: .prompt), !tokens.isEmpty {
      prompts = [.tokens(tokens)]
    } else if let lists = try? fields.decode([[TokenID]].self, forKey: .prompt) {
      prompts = lists.map { .tokens($0) }
    } else {
      prompts = try fields.decode([String].self, forKey: .prompt).map { .text($0) }
    }
    guard (1...64).contains(prompts.count) else {
      throw APIError.invalid("prompt", "'prompt' has \(prompts.count) prompts, expected 1 to 64")
    }
    guard prompts.count * options.count <= 64 else {
      throw APIError.invalid(
        "n", "\(prompts.count) prompts with \(options.count) answers each are more than 64 answers")
    }
    logprobs = try fields.decodeIfPresent(Int.self, forKey: .logprobs)
    if let logprobs, !(0...20).contains(logprobs) {
      throw APIError.invalid("logprobs", "'logprobs' is \(logprobs), expected 0 to 20")
    }
    if try fields.decodeIfPresent(Bool.self, forKey: .echo) ?? false {
      throw APIError.invalid("echo", "'echo' isn't supported")
    }
    if let suffix = try fields.decodeIfPresent(String.self, forKey: .suffix), !suffix.isEmpty {
      throw APIError.invalid("suffix", "'suffix' isn't supported")
    }
  }
}
