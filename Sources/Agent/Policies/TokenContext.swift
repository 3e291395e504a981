public import LanguageModel

/// The tokens of one conversation, only ever appended to: nothing said is encoded a second time.
public struct TokenContext: Sendable {
  public let tokenizer: Tokenizer
  public let chatFormat: ChatFormat
  /// Prompt, actions and observations so far.
  public private(set) var tokens: [TokenID] = []

  public init(tokenizer: Tokenizer, chatFormat: ChatFormat) {
    self.tokenizer = tokenizer
    self.chatFormat = chatFormat
  }

  /// The tokens that `messages` add, the opening of the assistant's turn included.
  public func encoding(_ messages: [ChatMessage]) -> [TokenID] {
    guard let last = tokens.last else {
      return chatFormat.encode(messages, addGenerationPrompt: true, tokenizer: tokenizer)
    }
    return chatFormat.continuation(
      afterEndOfTurn: last == chatFormat.endOfTurn, messages: messages, tokenizer: tokenizer)
  }

  public mutating func append(_ new: [TokenID]) { tokens += new }
}
