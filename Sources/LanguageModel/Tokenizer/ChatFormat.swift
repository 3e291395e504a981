/// How a model was taught to read conversations: which special tokens open and close a turn.
///
/// Messages' contents are encoded as ordinary text, so that no content can close its turn.
public enum ChatFormat: Sendable, Equatable {
  /// `<|im_start|>role\ncontent<|im_end|>\n`. If the first message isn't the system's,
  /// `defaultSystem` is said first; nil: nothing is.
  case chatML(start: TokenID, end: TokenID, defaultSystem: String?)
  /// `<|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>` after one `<|begin_of_text|>`;
  /// contents are trimmed. With `systemPreamble` (Llama 3.1 and 3.2) there is always a system
  /// message and it begins with that text.
  case llama3(
    begin: TokenID, startHeader: TokenID, endHeader: TokenID, endOfTurn: TokenID,
    systemPreamble: String?)

  /// The token that closes a turn, the assistant's too.
  public var endOfTurn: TokenID {
    switch self {
    case .chatML(_, let end, _): end
    case .llama3(_, _, _, let end, _): end
    }
  }

  /// A whole conversation as the model's template renders it. With `addGenerationPrompt` the
  /// assistant's turn is opened at the end.
  public func encode(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, tokenizer: Tokenizer
  ) -> [TokenID] {
    var ids: [TokenID] = []
    var messages = messages
    switch self {
    case .chatML(_, _, let defaultSystem):
      if let defaultSystem, messages.first?.role != .system, !messages.isEmpty {
        messages.insert(ChatMessage(role: .system, content: defaultSystem), at: 0)
      }
    case .llama3(let begin, _, _, _, let preamble):
      ids.append(begin)
      if let preamble {
        let given = messages.first?.role == .system ? messages.removeFirst().content : ""
        append(
          ChatMessage(role: .system, content: preamble + Self.trimmed(given)), verbatim: true,
          to: &ids, tokenizer: tokenizer)
      }
    }
    for message in messages { append(message, to: &ids, tokenizer: tokenizer) }
    if addGenerationPrompt { openAssistantTurn(in: &ids, tokenizer: tokenizer) }
    return ids
  }

  /// What to append after an assistant's sampled tokens to go on: the end of its turn, unless it
  /// was sampled (`afterEndOfTurn`), the new messages, and the opening of the next assistant turn.
  public func continuation(
    afterEndOfTurn: Bool, messages: [ChatMessage], tokenizer: Tokenizer
  ) -> [TokenID] {
    var ids: [TokenID] = afterEndOfTurn ? [] : [endOfTurn]
    if case .chatML = self { ids += tokenizer.encode("\n") }
    for message in messages { append(message, to: &ids, tokenizer: tokenizer) }
    openAssistantTurn(in: &ids, tokenizer: tokenizer)
    return ids
  }

  private func append(
    _ message: ChatMessage, verbatim: Bool = false, to ids: inout [TokenID], tokenizer: Tokenizer
  ) {
    switch self {
    case .chatML(let start, let end, _):
      ids.append(start)
      ids += tokenizer.encode("\(message.role.rawValue)\n\(message.content)")
      ids.append(end)
      ids += tokenizer.encode("\n")
    case .llama3(_, let startHeader, let endHeader, let end, _):
      ids.append(startHeader)
      ids += tokenizer.encode(message.role.rawValue)
      ids.append(endHeader)
      let content = verbatim ? message.content : Self.trimmed(message.content)
      ids += tokenizer.encode("\n\n" + content)
      ids.append(end)
    }
  }

  private func openAssistantTurn(in ids: inout [TokenID], tokenizer: Tokenizer) {
    switch self {
    case .chatML(let start, _, _):
      ids.append(start)
      ids += tokenizer.encode("assistant\n")
    case .llama3(_, let startHeader, let endHeader, _, _):
      ids.append(startHeader)
      ids += tokenizer.encode("assistant")
      ids.append(endHeader)
      ids += tokenizer.encode("\n\n")
    }
  }

  /// Without white space at both ends, as Jinja's `trim` (Python's `strip`) does it.
  private static func trimmed(_ text: String) -> String {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isSpace($0) }),
      let last = scalars.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(scalars[first...last])
  }
}
