extension Tokenizer {
  /// Reads a Hugging Face `tokenizer.json`. Its parts are recognised by their structure; what this
  /// module doesn't do is refused by name.
  public convenience init(tokenizerFile path: String) throws(ModelError) {
    let json = try JSONObject(JSONParser.parse(file: path), file: path)
    guard let model = try json.object("model") else { throw json.missing("model") }
    guard try model.string("type") ?? "BPE" == "BPE" else {
      let type = try model.string("type") ?? ""
      throw ModelError("\(path): the tokenizer model \(type.prefix(40)) is not supported, only BPE")
    }
    for key in ["byte_fallback", "continuing_subword_prefix", "end_of_word_suffix", "dropout"] {
      if let value = try model.value(key), !value.isOff {
        throw ModelError("\(path): the tokenizer's \(key) = \(value.summary) is not supported")
      }
    }
    var list = TokenList(file: path)
    guard let entries = try model.object("vocab") else { throw model.missing("vocab") }
    for (token, value) in entries.members { try list.add(token, value, .normal) }
    for item in try json.array("added_tokens") ?? [] {
      try list.addAdded(JSONObject(item, file: "\(path): added_tokens"))
    }
    let (tokens, kinds) = try list.finish()
    try self.init(
      Vocabulary(
        file: path, tokens: tokens, kinds: kinds, merges: try Self.merges(model),
        preTokenizer: try Self.preTokenizer(json),
        ignoresMerges: try model.bool("ignore_merges") ?? false,
        normalizesToNFC: try Self.normalizesToNFC(json)))
  }

  private static func merges(
    _ model: JSONObject
  ) throws(ModelError) -> [(left: String, right: String)] {
    guard let items = try model.array("merges") else { throw model.missing("merges") }
    var merges: [(left: String, right: String)] = []
    merges.reserveCapacity(items.count)
    for (rank, item) in items.enumerated() {
      switch item {
      case .string(let text): merges.append(try splitMerge(text, rank: rank, file: model.file))
      case .array(let pair):
        guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else {
          throw ModelError("\(model.file): merge \(rank) should be a pair of tokens")
        }
        merges.append((left, right))
      default: throw ModelError("\(model.file): merge \(rank) should be a pair of tokens")
      }
    }
    return merges
  }

  private static func normalizesToNFC(_ json: JSONObject) throws(ModelError) -> Bool {
    guard let normalizer = try json.object("normalizer") else { return false }
    let type = try normalizer.string("type") ?? "without type"
    switch type {
    case "NFC": return true
    case "Sequence" where try normalizer.array("normalizers")?.isEmpty ?? true: return false
    default:
      throw ModelError("\(json.file): the normalizer \(type.prefix(40)) is not supported, only NFC")
    }
  }

  private static let split = (
    before: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#,
    after: #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  )

  private static func preTokenizer(_ json: JSONObject) throws(ModelError) -> PreTokenizer {
    guard let outer = try json.object("pre_tokenizer") else { throw json.missing("pre_tokenizer") }
    var steps: [JSONObject] = []
    if try outer.string("type") == "Sequence" {
      for step in try outer.array("pretokenizers") ?? [] {
        steps.append(try JSONObject(step, file: json.file))
      }
    } else {
      steps = [outer]
    }
    var names: [String] = []
    for step in steps { names.append(try step.string("type") ?? "without type") }
    guard let last = steps.last, names.last == "ByteLevel", steps.count <= 2 else {
      throw unsupported(names, json.file)
    }
    if try last.bool("add_prefix_space") ?? true {
      throw ModelError("\(json.file): ByteLevel with add_prefix_space is not supported")
    }
    let usesRegex = try last.bool("use_regex") ?? true
    if steps.count == 1, usesRegex { return .gpt2 }
    guard steps.count == 2 else { throw unsupported(names, json.file) }
    switch (names[0], usesRegex) {
    case ("Digits", true):
      if try steps[0].bool("individual_digits") ?? false { return .digitsThenGPT2 }
      throw ModelError("\(json.file): Digits without individual_digits is not supported")
    case ("Split", false): return try splitPattern(steps[0])
    default: throw unsupported(names, json.file)
    }
  }

  private static func splitPattern(_ step: JSONObject) throws(ModelError) -> PreTokenizer {
    let pattern = try step.object("pattern")?.string("Regex") ?? ""
    let isIsolated = try step.string("behavior") == "Isolated"
    let isInverted = try step.bool("invert") ?? false
    if isIsolated, !isInverted {
      if pattern == split.before + split.after { return .qwen2 }
      if pattern == split.before + "{1,3}" + split.after { return .llama3 }
    }
    throw ModelError(
      "\(step.file): splitting by the pattern \"\(pattern.prefix(60))\" is not supported"
        + " (Llama 3's and Qwen2's are)")
  }

  private static func unsupported(_ names: [String], _ file: String) -> ModelError {
    ModelError(
      "\(file): the pre-tokenizer \(names.joined(separator: " + ").prefix(80)) is not supported"
        + " (ByteLevel, Digits + ByteLevel and Split + ByteLevel are)")
  }
}

/// Tokens by id, collected from the vocabulary and the added tokens.
private struct TokenList {
  let file: String
  private var tokens: [String?] = []
  private var kinds: [Vocabulary.Kind] = []
  private static let maximumCount = 1 << 21

  init(file: String) {
    self.file = file
  }

  mutating func add(
    _ token: String, _ value: JSONValue?, _ kind: Vocabulary.Kind
  ) throws(ModelError) {
    guard case .integer(let id)? = value, id >= 0, id < Self.maximumCount else {
      throw ModelError(
        "\(file): the id of the token \"\(token.prefix(40))\" must be 0 to \(Self.maximumCount)")
    }
    while tokens.count <= id {
      tokens.append(nil)
      kinds.append(.unused)
    }
    // An added token may stand in the vocabulary too, under the same id.
    if let other = tokens[id], kind == .normal || !other.utf8.elementsEqual(token.utf8) {
      throw ModelError(
        "\(file): the tokens \"\(other.prefix(40))\" and \"\(token.prefix(40))\" both have the"
          + " id \(id)")
    }
    tokens[id] = token
    kinds[id] = kind
  }

  mutating func addAdded(_ object: JSONObject) throws(ModelError) {
    guard let content = try object.string("content"), !content.isEmpty else {
      throw object.missing("content")
    }
    for key in ["single_word", "lstrip", "rstrip"] where try object.bool(key) ?? false {
      throw ModelError("\(file): \(key) of the token \"\(content.prefix(40))\" is not supported")
    }
    let isSpecial = try object.bool("special") ?? false
    try add(content, try object.value("id"), isSpecial ? .special : .added)
  }

  func finish() throws(ModelError) -> (tokens: [String], kinds: [Vocabulary.Kind]) {
    (tokens.map { $0 ?? "" }, kinds)
  }
}
