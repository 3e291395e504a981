internal import ArgumentParser
internal import LanguageModel

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Turn text into token ids, or token ids into text.",
    discussion: """
      Reads a JSON object a line and writes one a line: {"text": …} in, {"ids": […]} out.

        echo '{"text": "def add(a, b):"}' | hindsight tokenize

      With --decode the other way: {"ids": […]} in, {"text": …} out, where bytes that aren't \
      valid UTF-8 become U+FFFD and special tokens show as their text.
      """)

  @OptionGroup var model: ModelOptions

  @Flag(help: "Token ids in, text out.")
  var decode = false

  @Flag(
    help:
      "Read the text of special tokens, such as <|im_end|>, as those tokens; otherwise it's just text."
  )
  var special = false

  @OptionGroup var input: JSONLinesInput

  private struct TextRow: Codable { var text: String }
  struct IDsRow: Codable { var ids: [TokenID] }

  func validate() throws {
    if decode && special { throw ValidationError("--special has no meaning with --decode.") }
  }

  func run() throws {
    let tokenizer = try ModelFiles.find(model.model).tokenizer
    let reader = try input.reader()
    let writer = JSONLineWriter()
    while let line = try reader.next() {
      if decode {
        let ids = try line.decode(IDsRow.self, example: #"{"ids": [1, 2, 3]}"#).ids
        try line.check(ids, vocabulary: tokenizer.vocabularySize)
        try writer.write(TextRow(text: tokenizer.decode(ids, skippingSpecial: false)))
      } else {
        let text = try line.decode(TextRow.self, example: #"{"text": "…"}"#).text
        try writer.write(IDsRow(ids: tokenizer.encode(text, recognisingSpecial: special)))
      }
    }
  }
}

extension JSONLine {
  /// Throws unless every id is a token.
  func check(_ ids: [TokenID], vocabulary: Int) throws {
    guard let bad = ids.first(where: { $0 < 0 || $0 >= vocabulary }) else { return }
    throw error("the id \(bad) is outside the vocabulary, expected 0 to \(vocabulary - 1)")
  }

  /// Throws unless the ids are what a network can read.
  func check(_ ids: [TokenID], config: ModelConfig, room: Int) throws {
    if ids.isEmpty { throw error("\"ids\" is empty; expected at least one token id") }
    try check(ids, vocabulary: config.vocabularySize)
    if ids.count + room > config.contextLength {
      throw error(
        "\(ids.count) tokens are too many; the model's context is \(config.contextLength)")
    }
  }
}
