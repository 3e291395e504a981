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
  /// A and B under PEFT's names, "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight".
  public let tensors: any TensorSource

  /// PEFT stores tensors under the wrapped model's names.
  static let prefix = "base_model.model."

  /// What B A is multiplied with.
  public var scale: Float {
    usesRankStabilizedScale ? alpha / Float(rank).squareRoot() : alpha / Float(rank)
  }

  /// The tensors of an adapter of a network: layers in order, targets in the network's order, A
  /// before B.
  public static func expectedTensors(
    for config: ModelConfig, rank: Int, targetModules: [String]
  ) -> [(name: String, shape: [Int])] {
    var list: [(name: String, shape: [Int])] = []
    for layer in 0..<config.layerCount {
      for kind in LinearKind.allCases where targetModules.contains(kind.rawValue) {
        list.append(
          (prefix + LoRAParameters.name(kind, layer, "lora_A"), [rank, kind.inputs(config)]))
        list.append(
          (prefix + LoRAParameters.name(kind, layer, "lora_B"), [kind.outputs(config), rank]))
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
    let known = LinearKind.allCases.map(\.rawValue)
    var listed: Set<String> = []
    switch try json.value("target_modules") {
    case .array(let items):
      for item in items {
        guard let name = item.string, known.contains(name) else {
          throw ModelError("\(json.file): the target module \(item.summary) can't be adapted")
        }
        listed.insert(name)
      }
    case .string:
      for module in known where file.names.contains(where: { $0.contains(".\(module).") }) {
        listed.insert(module)
      }
    default: break
    }
    if listed.isEmpty { throw ModelError("\(json.file): target_modules names no layer") }
    return known.filter { listed.contains($0) }
  }
}
