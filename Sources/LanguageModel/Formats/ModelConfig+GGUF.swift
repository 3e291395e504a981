extension ModelConfig {
  /// Reads the shape of the network from a GGUF file's metadata and tensors.
  public init(_ file: GGUFFile) throws(ModelError) {
    let header = GGUFHeader(file)
    guard let name = file.metadata["general.architecture"]?.string else {
      throw header.missing("general.architecture")
    }
    guard let architecture = Architecture(rawValue: name) else {
      throw ModelError(
        "\(file.path): the architecture \(name.prefix(40)) is not supported"
          + " (llama, qwen2 and qwen3 are)")
    }
    let prefix = architecture.rawValue + "."
    try Self.refuseUnsupported(header, prefix: prefix)
    guard let embedding = file.entries["token_embd.weight"] else {
      throw ModelError("\(file.path): the tensor token_embd.weight is missing")
    }
    let hidden = try header.required(prefix + "embedding_length")
    let heads = try header.required(prefix + "attention.head_count")
    guard heads > 0, hidden > 0 else {
      throw ModelError("\(file.path): \(hidden) elements can't be divided into \(heads) heads")
    }
    let keyLength = try header.integer(prefix + "attention.key_length")
    let headSize = keyLength ?? hidden / heads
    for key in ["attention.value_length", "rope.dimension_count"] {
      if let size = try header.integer(prefix + key), size != headSize {
        throw ModelError(
          "\(file.path): \(prefix)\(key) is \(size), only the head size \(headSize) is supported")
      }
    }
    var end: Set<TokenID> = []
    for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
      if let token = try header.token("tokenizer.ggml." + key) { end.insert(token) }
    }
    let kvHeads = try header.integer(prefix + "attention.head_count_kv")
    let epsilon = try header.number(prefix + "attention.layer_norm_rms_epsilon")
    let theta = try header.number(prefix + "rope.freq_base")
    self.init(
      architecture: architecture, vocabularySize: embedding.shape[0], hiddenSize: hidden,
      intermediateSize: try header.required(prefix + "feed_forward_length"),
      layerCount: try header.required(prefix + "block_count"), headCount: heads,
      kvHeadCount: kvHeads ?? heads, headSize: headSize,
      rmsNormEpsilon: Float(epsilon ?? 1e-6), ropeTheta: Float(theta ?? 10_000),
      ropeScaling: try Self.ropeScaling(file, header, prefix: prefix),
      tiedHead: file.entries["output.weight"] == nil, hasAttentionBias: architecture == .qwen2,
      hasQKNorm: architecture == .qwen3,
      contextLength: try header.required(prefix + "context_length"), endTokens: end.sorted(),
      bosToken: try header.token("tokenizer.ggml.bos_token_id"))
    try validate(file: file.path)
  }

  private static func refuseUnsupported(
    _ header: GGUFHeader, prefix: String
  ) throws(ModelError) {
    for key in ["attention.sliding_window", "expert_count"] {
      if let value = try header.integer(prefix + key), value > 0 {
        throw ModelError("\(header.file.path): \(prefix)\(key) = \(value) is not supported")
      }
    }
    if prefix == "llama.", header.file.entries["blk.0.attn_q.bias"] != nil {
      throw ModelError("\(header.file.path): attention biases in llama are not supported")
    }
  }

  private static func ropeScaling(
    _ file: GGUFFile, _ header: GGUFHeader, prefix: String
  ) throws(ModelError) -> RopeScaling? {
    if let factors = file.entries["rope_freqs.weight"] {
      guard factors.shape.count == 1, factors.shape[0] <= 2048 else {
        throw ModelError("\(file.path): rope_freqs.weight has the shape \(factors.shape)")
      }
      var values = [Float](repeating: 0, count: factors.shape[0])
      values.withUnsafeMutableBufferPointer {
        Dequantization.convert(
          factors.type, UnsafeRawBufferPointer(rebasing: file.file.bytes[factors.range]), to: $0)
      }
      return .frequencyFactors(values)
    }
    guard let type = try header.string(prefix + "rope.scaling.type"), type != "none" else {
      return nil
    }
    guard type == "linear" else {
      throw ModelError(
        "\(file.path): rope scaling \(type.prefix(40)) is not supported (none and linear are)")
    }
    guard let factor = try header.number(prefix + "rope.scaling.factor") else {
      throw header.missing(prefix + "rope.scaling.factor")
    }
    return .linear(factor: Float(factor))
  }
}

/// Typed access to a GGUF file's metadata: a wrong type becomes one sentence.
struct GGUFHeader {
  let file: GGUFFile

  init(_ file: GGUFFile) {
    self.file = file
  }

  func missing(_ key: String) -> ModelError {
    ModelError("\(file.path): the metadata key \(key) is missing")
  }

  func integer(_ key: String) throws(ModelError) -> Int? {
    try get(key, "a whole number") { $0.integer }
  }

  func number(_ key: String) throws(ModelError) -> Double? {
    try get(key, "a number") { $0.number }
  }

  func string(_ key: String) throws(ModelError) -> String? {
    try get(key, "a string") { $0.string }
  }

  func strings(_ key: String) throws(ModelError) -> [String]? {
    try get(key, "a list of strings") { $0.strings }
  }

  func integers(_ key: String) throws(ModelError) -> [Int]? {
    try get(key, "a list of whole numbers") { $0.integers }
  }

  func token(_ key: String) throws(ModelError) -> TokenID? {
    try get(key, "a token id") { $0.integer.flatMap { TokenID(exactly: $0) } }
  }

  func required(_ key: String) throws(ModelError) -> Int {
    guard let value = try integer(key) else { throw missing(key) }
    return value
  }

  private func get<T>(
    _ key: String, _ expected: String, _ convert: (GGUFValue) -> T?
  ) throws(ModelError) -> T? {
    guard let value = file.metadata[key] else { return nil }
    if let converted = convert(value) { return converted }
    throw ModelError("\(file.path): the metadata key \(key) must be \(expected)")
  }
}
