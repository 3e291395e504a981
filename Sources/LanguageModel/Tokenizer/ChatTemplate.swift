extension ChatFormat {
  /// Recognises the format of a model from its Jinja template's text. A model without a template
  /// is taken for the format whose special tokens its vocabulary has.
  ///
  /// Throws, quoting the template's beginning, if it is another one or its tokens are missing.
  /// - Parameter file: the model's file or folder, for the message.
  public static func recognise(
    template: String?, tokenizer: Tokenizer, file: String
  ) throws(ModelError) -> ChatFormat {
    let has = { (text: String) in template?.contains(text) ?? (tokenizer.id(ofSpecial: text) != nil)
    }
    let foreign = ["<|im_sep|>", "[INST]", "<start_of_turn>", "<|user|>", "<\u{FF5C}"]
    if foreign.contains(where: { template?.contains($0) ?? false }) {
      throw unsupported(template, file: file)
    }
    switch (
      has("<|im_start|>") && has("<|im_end|>"), has("<|start_header_id|>") && has("<|eot_id|>")
    )
    {
    case (true, false): return try chatML(template, tokenizer, file)
    case (false, true): return try llama3(template, tokenizer, file)
    default: throw unsupported(template, file: file)
    }
  }

  private static func unsupported(_ template: String?, file: String) -> ModelError {
    guard let template else {
      return ModelError(
        "\(file) has no chat template, and its vocabulary has neither ChatML's nor Llama 3's tokens"
      )
    }
    let beginning = String(template.prefix(60)).split(whereSeparator: \.isNewline)
      .joined(separator: " ")
    return ModelError(
      "\(file): the chat template that begins \"\(beginning)\" is neither ChatML nor Llama 3")
  }

  private static func special(
    _ text: String, _ tokenizer: Tokenizer, _ file: String
  ) throws(ModelError) -> TokenID {
    if let id = tokenizer.id(ofSpecial: text) { return id }
    throw ModelError(
      "\(file): the chat template uses \(text), which is not a special token of the vocabulary")
  }

  private static func chatML(
    _ template: String?, _ tokenizer: Tokenizer, _ file: String
  ) throws(ModelError) -> ChatFormat {
    let defaults = template.map(defaultSystems) ?? []
    guard defaults.count <= 1 else { throw unsupported(template, file: file) }
    return .chatML(
      start: try special("<|im_start|>", tokenizer, file),
      end: try special("<|im_end|>", tokenizer, file), defaultSystem: defaults.first)
  }

  private static func llama3(
    _ template: String?, _ tokenizer: Tokenizer, _ file: String
  ) throws(ModelError) -> ChatFormat {
    // The date is the one the templates name themselves, so that runs can be repeated.
    let dated = template?.contains("Cutting Knowledge Date: December 2023") ?? false
    return .llama3(
      begin: try special("<|begin_of_text|>", tokenizer, file),
      startHeader: try special("<|start_header_id|>", tokenizer, file),
      endHeader: try special("<|end_header_id|>", tokenizer, file),
      endOfTurn: try special("<|eot_id|>", tokenizer, file),
      systemPreamble: dated
        ? "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n" : nil)
  }

  /// The system messages that a ChatML template spells out in one string literal:
  /// `'<|im_start|>system\nTEXT<|im_end|>'`, each once, in order.
  static func defaultSystems(in template: String) -> [String] {
    // Inside a Jinja literal a line break is written \n or stands there as it is.
    let text = template.replacing("\\n", with: "\n").replacing("\\'", with: "'")
    var found: [String] = []
    for quote in ["'", "\""] {
      for rest in text.split(separator: quote + "<|im_start|>system\n").dropFirst() {
        guard let end = rest.firstRange(of: "<|im_end|>") else { continue }
        let message = String(rest[..<end.lowerBound])
        // An expression follows the literal's beginning: the system message given, not a default.
        let stops = [
          quote + " +", quote + "+", quote + " }}", quote + "}}", quote + " ~", quote + "~",
        ]
        if message.isEmpty || stops.contains(where: { message.contains($0) }) { continue }
        if !found.contains(message) { found.append(message) }
      }
    }
    return found
  }
}
