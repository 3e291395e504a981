/// A LoRA adapter in PEFT's folder format: `adapter_config.json` and `adapter_model.safetensors`.
///
/// The adapted weight is `W + scale * B A` with A `[rank, in]` and B `[out, rank]`.
public struct PEFTAdapter: Sendable {
  public let rank: Int
  public let alpha: Float
  /// The scale is `alpha / sqrt(rank)` instead of `alpha / rank`.
  public let usesRankStabilizedScale: Bool
  /// Names of adapted linear layers ("q_proj", "gate_proj"), in the network's order.
  public let targetModules: [String]
  /// What the adapter's author called the base model; may be a path, may be empty.
  public let base: String
  /// A and B under PEFT's names, see `tensorName`.
  public let tensors: any TensorSource

  /// What B A is multiplied with.
  public var scale: Float {
    usesRankStabilizedScale ? alpha / Float(rank).squareRoot() : alpha / Float(rank)
  }

  /// Which of the two factors.
  public enum Factor: String, Sendable, CaseIterable {
    case a = "lora_A"
    case b = "lora_B"
  }

  /// The linear layers that can be adapted, in the network's order, with the part of the layer they
  /// belong to.
  static let modules = [
    (name: "q_proj", parent: "self_attn"), (name: "k_proj", parent: "self_attn"),
    (name: "v_proj", parent: "self_attn"), (name: "o_proj", parent: "self_attn"),
    (name: "gate_proj", parent: "mlp"), (name: "up_proj", parent: "mlp"),
    (name: "down_proj", parent: "mlp"),
  ]

  /// "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", nil for a module that can't
  /// be adapted.
  public static func tensorName(layer: Int, module: String, factor: Factor) -> String? {
    modules.first { $0.name == module }.map {
      "base_model.model.model.layers.\(layer).\($0.parent).\(module).\(factor.rawValue).weight"
    }
  }

  /// The tensors of an adapter of a network: layers in order, targets in the network's order, A
  /// before B.
  public static func expectedTensors(
    for config: ModelConfig, rank: Int, targetModules: [String]
  ) -> [(name: String, shape: [Int])] {
    let query = config.headCount * config.headSize
    let keyValue = config.kvHeadCount * config.headSize
    let sizes: [String: (out: Int, in: Int)] = [
      "q_proj": (query, config.hiddenSize), "k_proj": (keyValue, config.hiddenSize),
      "v_proj": (keyValue, config.hiddenSize), "o_proj": (config.hiddenSize, query),
      "gate_proj": (config.intermediateSize, config.hiddenSize),
      "up_proj": (config.intermediateSize, config.hiddenSize),
      "down_proj": (config.hiddenSize, config.intermediateSize),
    ]
    var list: [(name: String, shape: [Int])] = []
    for layer in 0..<config.layerCount {
      for module in modules where targetModules.contains(module.name) {
        let size = sizes[module.name]!
        let prefix = "base_model.model.model.layers.\(layer).\(module.parent).\(module.name)."
        list.append((prefix + "lora_A.weight", [rank, size.in]))
        list.append((prefix + "lora_B.weight", [size.out, rank]))
      }
    }
    return list
  }

  /// Reads an adapter's folder. Variants that change the computation (DoRA, rank patterns, biases,
  /// …) are refused by name.
  public init(folder: String) throws(ModelError) {
    let path = folder + "/adapter_config.json"
    let json = try JSONObject(JSONParser.parse(file: path), file: path)
    try Self.refuseUnsupported(json)
    guard let rank = try json.integer("r") else { throw json.missing("r") }
    guard let alpha = try json.number("lora_alpha") else { throw json.missing("lora_alpha") }
    guard (1...4096).contains(rank), alpha.magnitude <= 1e6 else {
      throw ModelError("\(path): r = \(rank) with lora_alpha = \(alpha) is not plausible")
    }
    self.rank = rank
    self.alpha = Float(alpha)
    usesRankStabilizedScale = try json.bool("use_rslora") ?? false
    base = try json.string("base_model_name_or_path") ?? ""
    let file = try SafetensorsFile(path: folder + "/adapter_model.safetensors")
    tensors = file
    targetModules = try Self.targets(json, file)
  }

  /// Throws unless the adapter's tensors are exactly those for `config`.
  public func validate(for config: ModelConfig) throws(ModelError) {
    let expected = Self.expectedTensors(for: config, rank: rank, targetModules: targetModules)
    for (name, shape) in expected where tensors.shape(of: name) != shape {
      let found = tensors.shape(of: name).map { "has the shape \($0)" } ?? "is missing"
      throw ModelError(
        "\(tensors.origin) was made for another model: \(name) \(found), expected \(shape)")
    }
    let known = Set(expected.map(\.name))
    if let extra = tensors.names.first(where: { !known.contains($0) }) {
      throw ModelError(
        "\(tensors.origin) was made for another model: it has the tensor \(extra.prefix(100))")
    }
  }

  private static func refuseUnsupported(_ json: JSONObject) throws(ModelError) {
    guard let type = try json.string("peft_type") else { throw json.missing("peft_type") }
    guard type == "LORA" else {
      throw ModelError("\(json.file): peft_type \(type.prefix(40)) is not supported, only LORA")
    }
    if let bias = try json.string("bias"), bias != "none" {
      throw ModelError("\(json.file): bias = \(bias.prefix(40)) is not supported, only none")
    }
    let switches = [
      "fan_in_fan_out", "use_dora", "use_qalora", "use_bdlora", "rank_pattern", "alpha_pattern",
      "modules_to_save", "layers_to_transform", "layer_replication", "lora_bias",
      "target_parameters", "trainable_token_indices", "alora_invocation_tokens", "exclude_modules",
      "arrow_config", "kasa_config", "monteclora_config", "velora_config", "megatron_config",
    ]
    for key in switches {
      if let value = try json.value(key), !value.isOff {
        throw ModelError("\(json.file): \(key) = \(value.summary) is not supported")
      }
    }
    // These begin by changing the base weights, which the adapter's file doesn't hold.
    let initial = try json.value("init_lora_weights")?.string ?? ""
    for method in ["pissa", "olora", "corda", "lora_ga", "loftq"] where initial.hasPrefix(method) {
      throw ModelError("\(json.file): init_lora_weights = \(initial.prefix(40)) is not supported")
    }
  }

  /// The targets that the configuration lists, or, where it gives a pattern, those that the
  /// tensors show.
  private static func targets(
    _ json: JSONObject, _ file: SafetensorsFile
  ) throws(ModelError) -> [String] {
    var listed: Set<String> = []
    switch try json.value("target_modules") {
    case .array(let items):
      for item in items {
        guard let name = item.string, modules.contains(where: { $0.name == name }) else {
          throw ModelError("\(json.file): the target module \(item.summary) can't be adapted")
        }
        listed.insert(name)
      }
    case .string:
      for module in modules where file.names.contains(where: { $0.contains(".\(module.name).") }) {
        listed.insert(module.name)
      }
    default: break
    }
    if listed.isEmpty { throw ModelError("\(json.file): target_modules names no layer") }
    return modules.map(\.name).filter { listed.contains($0) }
  }
}
