extension Tokenizer {
  /// Makes the tokenizer that a GGUF file describes. Only byte-level BPE with a pre-tokenizer of
  /// `PreTokenizer` is read; another is refused by name.
  public convenience init(_ file: GGUFFile) throws(ModelError) {
    let header = GGUFHeader(file)
    guard let model = try header.string("tokenizer.ggml.model") else {
      throw header.missing("tokenizer.ggml.model")
    }
    guard model == "gpt2" else {
      throw ModelError(
        "\(file.path): the tokenizer \(model.prefix(40)) is not supported, only gpt2"
          + " (byte-level BPE)")
    }
    guard let tokens = try header.strings("tokenizer.ggml.tokens") else {
      throw header.missing("tokenizer.ggml.tokens")
    }
    guard let merges = try header.strings("tokenizer.ggml.merges") else {
      throw header.missing("tokenizer.ggml.merges")
    }
    var vocabulary = Vocabulary(
      file: file.path, tokens: tokens,
      kinds: try Self.kinds(header, count: tokens.count),
      merges: try merges.enumerated().map { (rank, text) throws(ModelError) in
        try Self.splitMerge(text, rank: rank, file: file.path)
      },
      preTokenizer: .gpt2)
    let pre = try header.string("tokenizer.ggml.pre") ?? "default"
    switch pre {
    case "gpt-2", "phi-2": break
    case "smollm", "starcoder", "refact": vocabulary.preTokenizer = .digitsThenGPT2
    case "llama-bpe", "llama3", "llama-v3":
      vocabulary.preTokenizer = .llama3
      vocabulary.ignoresMerges = true
    case "qwen2", "deepseek-r1-qwen":
      vocabulary.preTokenizer = .qwen2
      // GGUF doesn't say so, but these models' own tokenizers compose first.
      vocabulary.normalizesToNFC = true
    default:
      throw ModelError(
        "\(file.path): the pre-tokenizer \(pre.prefix(40)) is not supported"
          + " (smollm, gpt-2, llama-bpe and qwen2 are)")
    }
    try self.init(vocabulary)
  }

  private static func kinds(
    _ header: GGUFHeader, count: Int
  ) throws(ModelError) -> [Vocabulary.Kind] {
    guard let types = try header.integers("tokenizer.ggml.token_type") else {
      return [Vocabulary.Kind](repeating: .normal, count: count)
    }
    return types.map { type in
      switch type {
      case 2, 3: .special
      case 4: .added
      case 5: .unused
      default: .normal
      }
    }
  }

  /// "left right" to its two tokens.
  static func splitMerge(
    _ text: String, rank: Int, file: String
  ) throws(ModelError) -> (left: String, right: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2, let left = String(parts[0]), let right = String(parts[1]),
      !left.isEmpty, !right.isEmpty
    else {
      throw ModelError(
        "\(file): merge \(rank) should be two tokens with a space between, not"
          + " \"\(text.prefix(40))\"")
    }
    return (left, right)
  }
}
