/// A low-rank adapter (arXiv 2106.09685): y = W x + scale · B A x on chosen linear layers.
public struct LoRAConfig: Sendable, Equatable, Codable {
  /// Ranks that a fresh adapter may have.
  public static let ranks = 1...1024

  public var rank: Int
  public var alpha: Float
  /// In PEFT's order; every layer of the model gets them.
  public var targets: [LinearKind]
  /// alpha / rank, or alpha / √rank for rank-stabilised adapters.
  public var scale: Float

  public init(
    rank: Int = 16, alpha: Float = 32, targets: [LinearKind] = LinearKind.allCases,
    scale: Float? = nil
  ) {
    precondition(rank > 0)
    self.rank = rank
    self.alpha = alpha
    self.targets = LinearKind.allCases.filter(targets.contains)
    self.scale = scale ?? alpha / Float(rank)
  }

  /// Parameters of such an adapter on a model.
  public func parameterCount(_ model: ModelConfig) -> Int {
    model.layerCount * rank * targets.reduce(0) { $0 + $1.inputs(model) + $1.outputs(model) }
  }
}

/// An adapter's parameters (or their gradients, or moments) in one buffer.
public final class LoRAParameters: Sendable {
  public let config: LoRAConfig
  public let model: ModelConfig
  public let layout: ParameterLayout
  public let buffer: FloatBuffer
  /// Views by layer and `Projection`; nil where the group has no adapted member.
  let groups: [[Group?]]
  /// The same in bf16, made on first use.
  private let packed = PackedAdapter()

  /// Zeroed storage; `initialize(seed:)` makes a fresh adapter of it.
  public init(config: LoRAConfig, model: ModelConfig) {
    self.config = config
    self.model = model
    var layout = ParameterLayout()
    for layer in 0..<model.layerCount {
      for projection in Projection.allCases {
        let kinds = projection.kinds.filter(config.targets.contains)
        // The As of a group stand together: one product makes all their inner activations.
        for kind in kinds {
          layout.append(Self.name(kind, layer, "lora_A"), [config.rank, kind.inputs(model)])
        }
        for kind in kinds {
          layout.append(Self.name(kind, layer, "lora_B"), [kind.outputs(model), config.rank])
        }
      }
    }
    self.layout = layout
    let buffer = FloatBuffer(count: layout.count)
    self.buffer = buffer
    groups = (0..<model.layerCount).map { layer in
      Projection.allCases.map { projection in
        Self.group(projection, layer, config: config, model: model, layout, buffer)
      }
    }
  }

  /// PEFT's name of a tensor, without its "base_model.model." prefix.
  public static func name(_ kind: LinearKind, _ layer: Int, _ part: String) -> String {
    "\(kind.path(layer: layer)).\(part).weight"
  }

  /// A ~ uniform(±1/√in), which is PEFT's Kaiming-uniform with a = √5; B = 0: the adapter starts
  /// as the identity.
  public func initialize(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    buffer.zero()
    for entry in layout.entries where entry.name.hasSuffix("lora_A.weight") {
      let bound = 1 / Float(entry.shape[1]).squareRoot()
      for i in 0..<entry.count {
        buffer.base[entry.offset + i] = Float.random(in: -bound...bound, using: &random)
      }
    }
  }

  /// A copy with its own storage.
  public func copy() -> LoRAParameters {
    let result = LoRAParameters(config: config, model: model)
    result.buffer.copy(from: buffer)
    return result
  }

  /// `groups` in bf16 panels, as the parameters are now.
  var packedGroups: [[PackedAdapter.Group?]] { packed.groups(of: self) }

  struct Group: Sendable {
    /// The members' As, one below the other [members · rank, in].
    let a: Matrix
    /// Each member's B [out, rank], and its columns in the group's output.
    let members: [(b: Matrix, columns: Range<Int>)]
    /// Columns of the group's output, members without an adapter included.
    let outputs: Int
  }

  private static func group(
    _ projection: Projection, _ layer: Int, config: LoRAConfig, model: ModelConfig,
    _ layout: ParameterLayout, _ buffer: FloatBuffer
  ) -> Group? {
    let kinds = projection.kinds.filter(config.targets.contains)
    guard let first = kinds.first, let a = layout[name(first, layer, "lora_A")] else { return nil }
    var members: [(b: Matrix, columns: Range<Int>)] = []
    var column = 0
    for kind in projection.kinds {
      let width = kind.outputs(model)
      if let b = layout[name(kind, layer, "lora_B")] {
        members.append(
          (
            Matrix(buffer.base + b.offset, rows: width, columns: config.rank),
            column..<column + width
          ))
      }
      column += width
    }
    return Group(
      a: Matrix(
        buffer.base + a.offset, rows: kinds.count * config.rank, columns: first.inputs(model)),
      members: members, outputs: column)
  }
}
