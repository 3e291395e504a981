extension ModelConfig {
  /// Reads a Hugging Face `config.json`. What a network of this module doesn't do (sliding windows,
  /// other rope types, biases elsewhere) is refused by name.
  /// - Parameter generationConfig: `generation_config.json`, whose end tokens count too.
  public init(configFile: String, generationConfig: String? = nil) throws(ModelError) {
    let json = try JSONObject(JSONParser.parse(file: configFile), file: configFile)
    guard let type = try json.string("model_type") else { throw json.missing("model_type") }
    guard let architecture = Architecture(rawValue: type) else {
      throw ModelError(
        "\(configFile): the architecture \(type.prefix(40)) is not supported"
          + " (llama, qwen2 and qwen3 are)")
    }
    try Self.refuseUnsupported(json)
    func required(_ key: String) throws(ModelError) -> Int {
      guard let value = try json.integer(key) else { throw json.missing(key) }
      return value
    }
    let hidden = try required("hidden_size")
    let heads = try required("num_attention_heads")
    guard heads > 0 else {
      throw ModelError("\(configFile): num_attention_heads must be positive, not \(heads)")
    }
    let headSize: Int
    if let given = try json.integer("head_dim") {
      headSize = given
    } else if hidden % heads == 0 {
      headSize = hidden / heads
    } else {
      throw ModelError("\(configFile): hidden_size \(hidden) can't be divided by \(heads) heads")
    }
    let rope = try Self.rope(json)
    let tokens = try Self.tokens(json, generationConfig: generationConfig)
    self.init(
      architecture: architecture, vocabularySize: try required("vocab_size"), hiddenSize: hidden,
      intermediateSize: try required("intermediate_size"),
      layerCount: try required("num_hidden_layers"), headCount: heads,
      kvHeadCount: try json.integer("num_key_value_heads") ?? heads, headSize: headSize,
      rmsNormEpsilon: Float(try json.number("rms_norm_eps") ?? 1e-6), ropeTheta: rope.theta,
      ropeScaling: rope.scaling, tiedHead: try json.bool("tie_word_embeddings") ?? false,
      hasAttentionBias: architecture == .qwen2, hasQKNorm: architecture == .qwen3,
      contextLength: try json.integer("max_position_embeddings") ?? 2048,
      endTokens: tokens.end, bosToken: tokens.bos)
    try validate(file: configFile)
  }

  private static func refuseUnsupported(_ json: JSONObject) throws(ModelError) {
    if let activation = try json.string("hidden_act"), activation != "silu" {
      throw ModelError(
        "\(json.file): hidden_act \(activation.prefix(40)) is not supported, only silu")
    }
    let switches = [
      "attention_bias", "mlp_bias", "use_sliding_window", "quantization_config",
      "num_local_experts",
      "num_experts",
    ]
    for key in switches {
      if let value = try json.value(key), !value.isOff {
        throw ModelError("\(json.file): \(key) = \(value.summary) is not supported")
      }
    }
    for kind in try json.array("layer_types") ?? [] where kind.string != "full_attention" {
      throw ModelError("\(json.file): layer_types with \(kind.summary) is not supported")
    }
    if let share = try json.number("partial_rotary_factor"), share != 1 {
      throw ModelError("\(json.file): partial_rotary_factor \(share) is not supported")
    }
  }

  /// Both spellings: `rope_theta` with `rope_scaling`, and `rope_parameters` of transformers 5.
  private static func rope(
    _ json: JSONObject
  ) throws(ModelError) -> (theta: Float, scaling: RopeScaling?) {
    let parameters = try json.object("rope_parameters")
    let legacyTheta = try json.number("rope_theta")
    let theta = try parameters?.number("rope_theta") ?? legacyTheta ?? 10_000
    let legacyScaling = try json.object("rope_scaling")
    guard let scaling = parameters ?? legacyScaling else { return (Float(theta), nil) }
    let legacyType = try scaling.string("type")
    let type = try scaling.string("rope_type") ?? legacyType ?? "default"
    func factor(_ key: String) throws(ModelError) -> Float {
      guard let value = try scaling.number(key) else {
        throw ModelError("\(json.file): rope scaling \(type) needs \(key)")
      }
      return Float(value)
    }
    switch type {
    case "default": return (Float(theta), nil)
    case "linear": return (Float(theta), .linear(factor: try factor("factor")))
    case "llama3":
      guard let original = try scaling.integer("original_max_position_embeddings") else {
        throw ModelError(
          "\(json.file): rope scaling llama3 needs original_max_position_embeddings")
      }
      return (
        Float(theta),
        .llama3(
          factor: try factor("factor"), lowFrequencyFactor: try factor("low_freq_factor"),
          highFrequencyFactor: try factor("high_freq_factor"), originalContextLength: original)
      )
    default:
      throw ModelError(
        "\(json.file): rope scaling \(type.prefix(40)) is not supported"
          + " (default, linear and llama3 are)")
    }
  }

  private static func tokens(
    _ json: JSONObject, generationConfig: String?
  ) throws(ModelError) -> (end: [TokenID], bos: TokenID?) {
    var end = try tokens(json, "eos_token_id")
    var bos = try tokens(json, "bos_token_id").first
    if let path = generationConfig {
      let generation = try JSONObject(JSONParser.parse(file: path), file: path)
      end += try tokens(generation, "eos_token_id")
      if bos == nil { bos = try tokens(generation, "bos_token_id").first }
    }
    return (Array(Set(end)).sorted(), bos)
  }

  /// A token id or a list of them.
  private static func tokens(_ json: JSONObject, _ key: String) throws(ModelError) -> [TokenID] {
    let items: [JSONValue]
    switch try json.value(key) {
    case nil: return []
    case .array(let list): items = list
    case .some(let value): items = [value]
    }
    var ids: [TokenID] = []
    for item in items {
      guard case .integer(let number) = item, let id = TokenID(exactly: number) else {
        throw ModelError("\(json.file): \(key) must be a token id or a list, not \(item.summary)")
      }
      ids.append(id)
    }
    return ids
  }
}
