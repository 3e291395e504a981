/// Where each named tensor stands in one flat buffer. Weights, gradients and AdamW's moments share
/// a layout, so an optimiser step is one loop and a checkpoint one write.
public struct ParameterLayout: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    /// Hugging Face's name, "model.layers.0.self_attn.q_proj.weight".
    public let name: String
    /// Row-major, outermost first: [out, in] for a linear layer.
    public let shape: [Int]
    public let offset: Int
    public var count: Int { shape.reduce(1, *) }
  }

  public private(set) var entries: [Entry] = []
  public private(set) var count = 0
  private var index: [String: Int] = [:]

  /// Appends a tensor; returns where it starts.
  @discardableResult
  mutating func append(_ name: String, _ shape: [Int]) -> Int {
    let entry = Entry(name: name, shape: shape, offset: count)
    index[name] = entries.count
    entries.append(entry)
    count += entry.count
    return entry.offset
  }

  /// The entries that `isWanted` says, moved together.
  func filtered(_ isWanted: (Entry) -> Bool) -> ParameterLayout {
    var layout = ParameterLayout()
    for entry in entries where isWanted(entry) { layout.append(entry.name, entry.shape) }
    return layout
  }

  public subscript(name: String) -> Entry? { index[name].map { entries[$0] } }
}

/// The linear layers of a block, grouped as they're computed: a group shares its input and stands
/// in one matrix, so that q, k, v are one product.
enum Projection: Int, CaseIterable, Sendable {
  case qkv, output, gateUp, down

  var kinds: [LinearKind] {
    switch self {
    case .qkv: [.q, .k, .v]
    case .output: [.o]
    case .gateUp: [.gate, .up]
    case .down: [.down]
    }
  }

  func outputs(_ config: ModelConfig) -> Int { kinds.reduce(0) { $0 + $1.outputs(config) } }
  func inputs(_ config: ModelConfig) -> Int { kinds[0].inputs(config) }
}

/// One linear layer of a block, by PEFT's `target_modules` names.
public enum LinearKind: String, CaseIterable, Sendable, Codable {
  case q = "q_proj"
  case k = "k_proj"
  case v = "v_proj"
  case o = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"

  /// The layer's name in Hugging Face's checkpoints, without ".weight".
  public func path(layer: Int) -> String {
    switch self {
    case .q, .k, .v, .o: "model.layers.\(layer).self_attn.\(rawValue)"
    case .gate, .up, .down: "model.layers.\(layer).mlp.\(rawValue)"
    }
  }

  public func inputs(_ config: ModelConfig) -> Int {
    switch self {
    case .q, .k, .v, .gate, .up: config.hiddenSize
    case .o: config.headCount * config.headSize
    case .down: config.intermediateSize
    }
  }

  public func outputs(_ config: ModelConfig) -> Int {
    switch self {
    case .q: config.headCount * config.headSize
    case .k, .v: config.kvHeadCount * config.headSize
    case .o, .down: config.hiddenSize
    case .gate, .up: config.intermediateSize
    }
  }
}

extension ModelConfig {
  var queryWidth: Int { headCount * headSize }
  var kvWidth: Int { kvHeadCount * headSize }
  var qkvWidth: Int { queryWidth + 2 * kvWidth }
}

/// All parameters of a model in one buffer (or their gradients, or moments), with views by role.
public final class Parameters: Sendable {
  public let config: ModelConfig
  public let layout: ParameterLayout
  public let buffer: FloatBuffer
  /// False where only norms and biases are here, because the matrices exist in another form.
  public let holdsMatrices: Bool

  /// Zeroed storage in the model's layout.
  public convenience init(config: ModelConfig) { self.init(config: config, vectorsOnly: false) }

  private init(config: ModelConfig, vectorsOnly: Bool) {
    self.config = config
    holdsMatrices = !vectorsOnly
    layout = Self.layout(config).filtered { !vectorsOnly || $0.shape.count == 1 }
    buffer = FloatBuffer(count: layout.count)
  }

  /// A copy of another's norms and biases.
  convenience init(vectorsOf other: Parameters) {
    self.init(config: other.config, vectorsOnly: true)
    for entry in layout.entries {
      let source = other.layout[entry.name]!
      (buffer.base + entry.offset).update(
        from: other.buffer.base + source.offset, count: entry.count)
    }
  }

  /// Reads every tensor of `source`, or the vectors among them; refuses a missing one and a wrong
  /// shape by name.
  public convenience init(
    config: ModelConfig, source: any TensorSource, vectorsOnly: Bool = false
  ) throws(ModelError) {
    self.init(config: config, vectorsOnly: vectorsOnly)
    try source.validate(for: config)
    for entry in layout.entries {
      try source.read(
        entry.name,
        into: UnsafeMutableBufferPointer(start: buffer.base + entry.offset, count: entry.count))
      source.release(entry.name)
    }
  }

  /// The model's tensors: embedding; per layer norm, q, k, v (then their biases), q norm, k norm, o,
  /// norm, gate, up, down; last norm; head unless tied.
  static func layout(_ config: ModelConfig) -> ParameterLayout {
    var layout = ParameterLayout()
    let hidden = config.hiddenSize
    layout.append("model.embed_tokens.weight", [config.vocabularySize, hidden])
    for layer in 0..<config.layerCount {
      let prefix = "model.layers.\(layer)"
      layout.append("\(prefix).input_layernorm.weight", [hidden])
      for projection in Projection.allCases {
        if projection == .gateUp {
          layout.append("\(prefix).post_attention_layernorm.weight", [hidden])
        }
        for kind in projection.kinds {
          layout.append(
            "\(kind.path(layer: layer)).weight", [kind.outputs(config), kind.inputs(config)])
        }
        guard projection == .qkv else { continue }
        if config.hasAttentionBias {
          for kind in projection.kinds {
            layout.append("\(kind.path(layer: layer)).bias", [kind.outputs(config)])
          }
        }
        if config.hasQKNorm {
          layout.append("\(prefix).self_attn.q_norm.weight", [config.headSize])
          layout.append("\(prefix).self_attn.k_norm.weight", [config.headSize])
        }
      }
    }
    layout.append("model.norm.weight", [hidden])
    if !config.tiedHead { layout.append("lm_head.weight", [config.vocabularySize, hidden]) }
    return layout
  }

  private func pointer(_ name: String) -> UnsafeMutablePointer<Float>? {
    layout[name].map { buffer.base + $0.offset }
  }

  var embedding: Matrix {
    precondition(holdsMatrices)
    return Matrix(buffer.base, rows: config.vocabularySize, columns: config.hiddenSize)
  }
  var finalNorm: UnsafeMutablePointer<Float> { pointer("model.norm.weight")! }
  var head: Matrix {
    guard let head = pointer("lm_head.weight") else { return embedding }
    return Matrix(head, rows: config.vocabularySize, columns: config.hiddenSize)
  }

  /// One block's norms and biases.
  struct Vectors: @unchecked Sendable {
    let inputNorm: UnsafeMutablePointer<Float>
    let postNorm: UnsafeMutablePointer<Float>
    let queryNorm: UnsafeMutablePointer<Float>?
    let keyNorm: UnsafeMutablePointer<Float>?
    /// q, k and v biases side by side, where the architecture has them.
    let qkvBias: UnsafeMutablePointer<Float>?
  }

  /// The vectors of block `layer`, looked up by name once: keep them for a pass.
  func vectors(_ layer: Int) -> Vectors {
    let prefix = "model.layers.\(layer)"
    return Vectors(
      inputNorm: pointer("\(prefix).input_layernorm.weight")!,
      postNorm: pointer("\(prefix).post_attention_layernorm.weight")!,
      queryNorm: pointer("\(prefix).self_attn.q_norm.weight"),
      keyNorm: pointer("\(prefix).self_attn.k_norm.weight"),
      qkvBias: pointer("\(LinearKind.q.path(layer: layer)).bias"))
  }

  /// Block `layer`'s matrices by `Projection`: a group's members stand one below the other,
  /// [Σ out, in].
  func matrices(_ layer: Int) -> [Matrix] {
    Projection.allCases.map { projection in
      Matrix(
        pointer("\(projection.kinds[0].path(layer: layer)).weight")!,
        rows: projection.outputs(config), columns: projection.inputs(config))
    }
  }
}
