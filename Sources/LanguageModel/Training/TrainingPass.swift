/// One forward pass whose activations are kept for one backward pass.
///
/// Rows are the sequences' tokens one after another, a common beginning once. With `recompute`, only each block's input is
/// kept and its forward pass runs again in backward: a third more work, a sixth of the memory.
public final class TrainingPass {
  private let transformer: Transformer
  private let adapter: LoRAParameters?
  private let recompute: Bool
  private let packed: PackedSequences
  private let kept: [BlockActivations]
  private let inputs: FloatBuffer?
  /// What the last block gives, `wanted` rows only.
  private let final: FloatBuffer
  private let outputs: [Output]
  /// The outputs' rows, ascending, or nil for all rows; and each output's place among them.
  private let wanted: [Int]?
  private let places: [Int]

  private var config: ModelConfig { transformer.config }
  private var rows: Int { packed.tokens.count }

  /// Runs the forward pass. Every sequence must be non-empty.
  ///
  /// - outputs: the positions whose logits will enter the loss.
  public init(
    _ transformer: Transformer, sequences: [[TokenID]], outputs: [Output],
    adapter: LoRAParameters?, recompute: Bool = false
  ) {
    precondition(transformer.precision != .quantized, "quantised weights can't be trained")
    self.transformer = transformer
    self.adapter = adapter
    self.recompute = recompute
    packed = PackedSequences(sequences)
    self.outputs = outputs
    let outputRows = outputs.map { [packed] in packed.row(of: $0.position, in: $0.sequence) }
    let distinct = Set(outputRows).sorted()
    wanted = distinct.count < packed.tokens.count ? distinct : nil
    let place = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
    places = outputRows.map { place[$0]! }
    let config = transformer.config
    let rows = packed.tokens.count
    let keeping = BlockActivations.Keeping(precision: transformer.precision)
    let floats = BlockActivations.floats(rows: rows, config: config, keeping: keeping)
    kept = (0..<(recompute ? 1 : config.layerCount)).map { _ in
      BlockActivations(
        rows: rows, config: config, keeping: keeping, in: transformer.takeSpare(count: floats))
    }
    inputs = recompute ? FloatBuffer(count: config.layerCount * rows * config.hiddenSize) : nil
    final = FloatBuffer(count: rows * config.hiddenSize)
    forward()
  }

  deinit { transformer.giveSpare(kept.map(\.buffer)) }

  /// Floats that a pass over so many rows keeps until its backward pass.
  package static func activationFloats(
    rows: Int, config: ModelConfig, precision: Precision, recompute: Bool
  ) -> Int {
    let states = rows * config.hiddenSize
    let block = BlockActivations.floats(
      rows: rows, config: config, keeping: BlockActivations.Keeping(precision: precision))
    return recompute ? block + (config.layerCount + 1) * states : config.layerCount * block + states
  }

  /// Floats that this pass keeps.
  package var keptFloats: Int {
    kept.reduce(0) { $0 + $1.count } + (inputs?.count ?? 0) + final.count
  }

  private func input(_ layer: Int) -> Matrix {
    if layer == config.layerCount {
      return Matrix(final.base, rows: rows, columns: config.hiddenSize)
    }
    guard let inputs else { return kept[layer].input }
    return Matrix(
      inputs.base + layer * rows * config.hiddenSize, rows: rows, columns: config.hiddenSize)
  }

  private func forward() {
    transformer.weights.refresh()
    transformer.embed(packed.tokens, into: input(0))
    transformer.rotary.prepare(positions: Int(packed.positions.max()!) + 1)
    for layer in 0..<config.layerCount { run(layer, into: input(layer + 1)) }
  }

  private func run(_ layer: Int, into output: Matrix) {
    let a = kept[recompute ? 0 : layer]
    if recompute { a.input.base.update(from: input(layer).base, count: rows * config.hiddenSize) }
    transformer.block(layer).forward(
      a.input, a, rows: rows, positions: packed.positions, adapter: adapter, kernel: .library,
      wanted: wanted(layer), into: output, spans: spans)
  }

  /// The rows that go through all of a block.
  private func wanted(_ layer: Int) -> [Int]? { layer + 1 == config.layerCount ? wanted : nil }

  /// Training spans: a sequence's keys are its own rows of the batch, and its trunk's.
  private func spans(_ keys: Matrix, _ values: Matrix) -> [AttentionSpan] {
    packed.runs.map { run in
      AttentionSpan(
        firstRow: run.rows.lowerBound, queryCount: run.rows.count, trunk: run.trunk, keys: keys,
        values: values)
    }
  }

  /// A position whose next-token distribution is wanted.
  public struct Output: Sendable, Equatable {
    public var sequence: Int
    public var position: Int

    public init(sequence: Int, position: Int) {
      self.sequence = sequence
      self.position = position
    }
  }

  /// Hands the outputs' logits out in chunks of at most `chunkRows` rows, and turns what comes back
  /// into gradients, added to `gradients`' storage.
  ///
  /// `head(range, logits)` gets outputs `range`'s logits [range.count, V] and must overwrite them
  /// with ∂L/∂logits. The whole vocabulary exists for one chunk at a time. Call once.
  public func backward(
    chunkRows: Int = 64, gradients: GradientTarget,
    head: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    let hidden = HiddenStates(rows: outputs.count, columns: config.hiddenSize)
    let inverse = FloatBuffer(count: outputs.count)
    let selected = selected()
    RMSNorm.forward(
      selected.matrix, weight: transformer.parameters.finalNorm, epsilon: config.rmsNormEpsilon,
      into: hidden.matrix, inverse: inverse.base)
    let dHidden = HiddenStates(rows: outputs.count, columns: config.hiddenSize)
    try headBackward(
      hidden.matrix, into: dHidden.matrix, chunkRows: chunkRows, gradients: gradients, head: head)

    var base: Parameters?
    if case .full(let gradient) = gradients { base = gradient }
    let dSelected = HiddenStates(rows: outputs.count, columns: config.hiddenSize)
    RMSNorm.backward(
      selected.matrix, weight: transformer.parameters.finalNorm, inverse: inverse.base,
      dy: dHidden.matrix, addingTo: dSelected.matrix)
    if let gradient = base?.finalNorm {
      sumColumns(dHidden.matrix, times: selected.matrix, inverse.base, into: gradient)
    }
    let dx = HiddenStates(rows: rows, columns: config.hiddenSize)
    for (index, place) in places.enumerated() {
      addScaled(
        dSelected.matrix.row(index), scale: 1, to: dx.matrix.row(place), config.hiddenSize)
    }
    backwardBlocks(dx.matrix, gradients)
    guard let base else { return }
    for (row, token) in packed.tokens.enumerated() {
      addScaled(
        dx.matrix.row(row), scale: 1, to: base.embedding.row(Int(token)), config.hiddenSize)
    }
  }

  private func selected() -> HiddenStates {
    let selected = HiddenStates(rows: outputs.count, columns: config.hiddenSize)
    let last = input(config.layerCount)
    for (index, place) in places.enumerated() {
      selected.matrix.row(index).update(from: last.row(place), count: config.hiddenSize)
    }
    return selected
  }

  private func headBackward(
    _ hidden: Matrix, into dHidden: Matrix, chunkRows: Int, gradients: GradientTarget,
    head: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    let vocabulary = config.vocabularySize
    let buffer = transformer.scratch.logits.pointer(
      count: min(chunkRows, hidden.rows) * vocabulary)
    for start in stride(from: 0, to: hidden.rows, by: chunkRows) {
      let range = start..<min(start + chunkRows, hidden.rows)
      let logits = Matrix(buffer, rows: range.count, columns: vocabulary)
      transformer.logits(hidden.rows(range), into: logits, kernel: transformer.logitsKernel)
      try head(
        range, UnsafeMutableBufferPointer(start: logits.base, count: range.count * vocabulary))
      var gradient: Matrix?
      if case .full(let full) = gradients { gradient = full.head }
      transformer.weights.headBackward(
        hidden.rows(range), dLogits: logits, into: dHidden.rows(range), gradient: gradient,
        scratch: transformer.scratch.head)
    }
  }

  private func backwardBlocks(_ dx: Matrix, _ gradients: GradientTarget) {
    for layer in stride(from: config.layerCount - 1, through: 0, by: -1) {
      let a = kept[recompute ? 0 : layer]
      if recompute {
        let output = HiddenStates(rows: rows, columns: config.hiddenSize)
        run(layer, into: output.matrix)
      }
      let qkv = a.qkv
      let (q, kv) = (config.queryWidth, config.kvWidth)
      transformer.block(layer).backward(
        a, rows: rows, positions: packed.positions, adapter: adapter, wanted: wanted(layer),
        spans: spans(qkv.columns(q..<q + kv), qkv.columns(q + kv..<q + 2 * kv)), dx: dx,
        gradients: BlockGradients(gradients, layer: layer))
    }
  }
}
