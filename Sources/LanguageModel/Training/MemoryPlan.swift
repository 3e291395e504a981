/// Where a training run's memory goes, by arithmetic, so that a budget becomes a number of tokens.
public struct MemoryPlan: Sendable, Equatable {
  /// Bytes that are taken whatever a pass holds: weights, gradients, moments, a teacher of its own, a
  /// chunk of logits, the process itself.
  public let fixedBytes: Int
  /// Bytes that a token adds to a forward and backward pass and its teacher's.
  public let tokenBytes: Int

  /// A teacher's weights of its own.
  public enum Teacher: Sendable {
    case none
    /// They stay what they are: of a whole model in bf16 no fp32 copy is kept.
    case fixed
    case moving
  }

  /// - trained: parameters of the adapter; nil trains the whole model.
  /// - chunkRows: rows whose logits exist at once.
  public init(
    config: ModelConfig, precision: Precision, trained adapter: Int?, teacher: Teacher,
    recompute: Bool, chunkRows: Int
  ) {
    let all = expectedTensors(for: config).reduce(0) { $0 + $1.shape.reduce(1, *) }
    let isHalf = precision != .fp32
    // In bf16 a weight stands in panels for each direction. Where it is trained it also stands in fp32,
    // and a layer's panels for the backward direction are made when it gets there.
    let panels = isHalf ? 2 * all : 0
    let head = 2 * config.vocabularySize * config.hiddenSize
    let blocks = panels - (config.tiedHead ? 1 : 2) * head
    let backward = isHalf && adapter == nil ? head + blocks / config.layerCount : panels
    let base = (isHalf && adapter != nil ? 0 : 4 * all) + panels + backward
    let student = adapter.map { 16 * $0 } ?? 12 * all
    let teacherBytes =
      switch (teacher, adapter) {
      case (.none, _): 0
      case (_, let adapter?): 4 * adapter
      case (.fixed, nil) where isHalf: panels
      case (_, nil): 4 * all + panels
      }
    // Of student and teacher; in bf16 also rounded, and packed where the head is trained.
    let logitBytes = 8 + (isHalf ? 2 : 0) + (isHalf && adapter == nil ? 2 : 0)
    let logits = chunkRows * config.vocabularySize * logitBytes
    fixedBytes = base + student + teacherBytes + logits + 96 << 20

    let rows = 1024
    let kept = TrainingPass.activationFloats(
      rows: rows, config: config, precision: precision, recompute: recompute)
    let (hidden, wide) = (config.hiddenSize, config.intermediateSize)
    // The passes' own: gradients of the residual stream and of the widest layer, hidden states.
    let scratch = 7 * hidden + 4 * wide + config.qkvWidth
    // A layer's operands rounded and packed.
    let operands = isHalf ? 4 * (hidden + 2 * wide) : 0
    // The teacher's keys and values, over a context that is longer by the hindsight.
    let cache = 3 * config.layerCount * config.kvWidth * (isHalf ? 2 : 4)
    tokenBytes = 4 * kept / rows + 4 * scratch + operands + cache
  }

  /// How many tokens a pass may hold beside the cache; less than 1 where the budget doesn't reach for
  /// any.
  public func tokens(within budget: Int) -> Int {
    (budget - fixedBytes - cacheBytes(within: budget)) / tokenBytes
  }

  /// What generation's keys and values may take, an eighth of what is left: a pass's memory is kept
  /// for the next one while the rollouts between them run.
  public func cacheBytes(within budget: Int) -> Int { max(0, (budget - fixedBytes) / 8) }

  /// The least budget for passes of so many tokens.
  public func budget(tokens: Int) -> Int { fixedBytes + (tokens * tokenBytes * 8 + 6) / 7 }
}
