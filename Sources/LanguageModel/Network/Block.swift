/// What one block's forward pass leaves for its backward pass; N rows each.
///
/// Norm outputs and silu(g)·u are cheap, so they're made again instead of kept: about 23 KB a token
/// and layer remain on SmolLM2-135M.
final class BlockActivations {
  let input: Matrix
  let inputInverse: UnsafeMutablePointer<Float>
  /// q | k | v after rotation.
  let qkv: Matrix
  /// q | k before their norm, and the norm's scales (Qwen3 only).
  let beforeNorm: Matrix?
  let headInverse: UnsafeMutablePointer<Float>?
  let attention: Matrix
  let logSumExp: UnsafeMutablePointer<Float>
  let middle: Matrix
  let middleInverse: UnsafeMutablePointer<Float>
  let gateUp: Matrix
  let buffer: FloatBuffer

  /// How many floats the activations of so many rows take.
  static func floats(rows: Int, config: ModelConfig) -> Int {
    let normWidth = config.hasQKNorm ? config.queryWidth + config.kvWidth : 0
    let perRow =
      2 * config.hiddenSize + 2 + config.qkvWidth + normWidth + config.headCount
      + config.kvHeadCount + config.queryWidth + config.headCount + 2 * config.intermediateSize
    return rows * perRow
  }

  var count: Int { buffer.count }

  /// In `buffer`, which holds `floats(rows:config:)` or more and is overwritten; nil: a fresh one.
  init(rows: Int, config: ModelConfig, in buffer: FloatBuffer? = nil) {
    let (c, q) = (config.hiddenSize, config.queryWidth)
    let heads = config.headCount + config.kvHeadCount
    let normWidth = config.hasQKNorm ? q + config.kvWidth : 0
    let floats = Self.floats(rows: rows, config: config)
    self.buffer = buffer ?? FloatBuffer(count: floats)
    precondition(self.buffer.count >= floats)
    var next = self.buffer.base
    func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
      defer { next += rows * columns }
      return next
    }
    input = Matrix(take(c), rows: rows, columns: c)
    inputInverse = take(1)
    qkv = Matrix(take(config.qkvWidth), rows: rows, columns: config.qkvWidth)
    beforeNorm = config.hasQKNorm ? Matrix(take(normWidth), rows: rows, columns: normWidth) : nil
    headInverse = config.hasQKNorm ? take(heads) : nil
    attention = Matrix(take(q), rows: rows, columns: q)
    logSumExp = take(config.headCount)
    middle = Matrix(take(c), rows: rows, columns: c)
    middleInverse = take(1)
    gateUp = Matrix(
      take(2 * config.intermediateSize), rows: rows, columns: 2 * config.intermediateSize)
  }
}

/// Memory that passes share from layer to layer.
final class PassScratch {
  let linear = ScratchBuffer()
  let norm = ScratchBuffer()
  let attention = ScratchBuffer()
  let hidden = ScratchBuffer()
  let gradient = ScratchBuffer()
  let wide = ScratchBuffer()
}

/// One transformer block: x + attention(norm(x)), then that + SwiGLU(norm(that)).
struct Block {
  let layer: Int
  let config: ModelConfig
  let network: NetworkWeights
  let rotary: RotaryTable
  let scratch: PassScratch

  private var weights: Parameters.Vectors { network.blocks[layer].vectors }

  private var attention: Attention {
    Attention(
      heads: config.headCount, kvHeads: config.kvHeadCount, headSize: config.headSize,
      precision: network.precision, scratch: scratch.attention)
  }

  private func linear(_ projection: Projection, _ adapter: LoRAParameters?) -> LinearGroup {
    LinearGroup(network, adapter, projection, layer)
  }

  /// a.input [N, C] → output [N, C] (which may be the next block's input; not a.input itself).
  /// `spans(keys, values)` says where each sequence's keys stand once this block's new ones are
  /// known: the batch's own rows in training, caches in generation.
  func forward(
    _ a: BlockActivations, rows: Int, positions: [Int32], adapter: LoRAParameters?,
    kernel: MatMulKernel, into output: Matrix,
    spans: (_ keys: Matrix, _ values: Matrix) -> [AttentionSpan]
  ) {
    let all = 0..<rows
    let (x, qkv, att) = (a.input.rows(all), a.qkv.rows(all), a.attention.rows(all))
    let (middle, gateUp) = (a.middle.rows(all), a.gateUp.rows(all))
    let normed = matrix(scratch.norm, rows, config.hiddenSize)
    RMSNorm.forward(
      x, weight: weights.inputNorm, epsilon: config.rmsNormEpsilon, into: normed,
      inverse: a.inputInverse)
    linear(.qkv, adapter).forward(normed, into: qkv, kernel: kernel, scratch: scratch.linear)
    let (q, k, v) = split(qkv)
    normHeads(q, k, a)
    rotary.apply(q, positions: positions)
    rotary.apply(k, positions: positions)
    attention.forward(q: q, spans: spans(k, v), into: att, logSumExp: a.logSumExp)
    linear(.output, adapter).forward(att, into: middle, kernel: kernel, scratch: scratch.linear)
    add(x, to: middle)
    RMSNorm.forward(
      middle, weight: weights.postNorm, epsilon: config.rmsNormEpsilon, into: normed,
      inverse: a.middleInverse)
    linear(.gateUp, adapter).forward(normed, into: gateUp, kernel: kernel, scratch: scratch.linear)
    let hidden = matrix(scratch.hidden, rows, config.intermediateSize)
    SwiGLU.forward(gateUp, into: hidden)
    linear(.down, adapter).forward(hidden, into: output, kernel: kernel, scratch: scratch.linear)
    add(middle, to: output)
  }

  /// dx holds ∂L/∂output on entry and ∂L/∂input on return; the target's gradients += theirs.
  func backward(
    _ a: BlockActivations, rows: Int, positions: [Int32], adapter: LoRAParameters?,
    spans: [AttentionSpan], dx: Matrix, gradients: BlockGradients
  ) {
    let all = 0..<rows
    let (x, qkv, att) = (a.input.rows(all), a.qkv.rows(all), a.attention.rows(all))
    let (middle, gateUp) = (a.middle.rows(all), a.gateUp.rows(all))
    let normed = matrix(scratch.norm, rows, config.hiddenSize)
    let hidden = matrix(scratch.hidden, rows, config.intermediateSize)
    let narrow = matrix(scratch.gradient, rows, config.hiddenSize)

    SwiGLU.forward(gateUp, into: hidden)
    let wide = scratch.wide.pointer(
      count: rows * max(3 * config.intermediateSize, config.qkvWidth + config.queryWidth))
    let dHidden = Matrix(wide, rows: rows, columns: config.intermediateSize)
    let dGateUp = Matrix(
      wide + rows * config.intermediateSize, rows: rows, columns: 2 * config.intermediateSize)
    linear(.down, adapter).backward(
      hidden, dy: dx, into: dHidden, gradient: gradients.linear(.down), scratch: scratch.linear)
    SwiGLU.backward(gateUp, dh: dHidden, into: dGateUp)
    RMSNorm.reapply(middle, weight: weights.postNorm, inverse: a.middleInverse, into: normed)
    linear(.gateUp, adapter).backward(
      normed, dy: dGateUp, into: narrow, gradient: gradients.linear(.gateUp),
      scratch: scratch.linear)
    RMSNorm.backward(
      middle, weight: weights.postNorm, inverse: a.middleInverse, dy: narrow, addingTo: dx,
      weightGradient: gradients.base?.postNorm)

    let dAttention = Matrix(wide, rows: rows, columns: config.queryWidth)
    let dQKV = Matrix(wide + rows * config.queryWidth, rows: rows, columns: config.qkvWidth)
    linear(.output, adapter).backward(
      att, dy: dx, into: dAttention, gradient: gradients.linear(.output), scratch: scratch.linear)
    let (q, _, _) = split(qkv)
    let (dq, dk, dv) = split(dQKV)
    attention.backward(
      q: q, spans: spans, output: att, logSumExp: a.logSumExp, dOutput: dAttention, dq: dq, dk: dk,
      dv: dv)
    rotary.apply(dq, positions: positions, inverse: true)
    rotary.apply(dk, positions: positions, inverse: true)
    normHeadsBackward(dq, dk, a, gradients.base)
    RMSNorm.reapply(x, weight: weights.inputNorm, inverse: a.inputInverse, into: normed)
    linear(.qkv, adapter).backward(
      normed, dy: dQKV, into: narrow, gradient: gradients.linear(.qkv), scratch: scratch.linear)
    RMSNorm.backward(
      x, weight: weights.inputNorm, inverse: a.inputInverse, dy: narrow, addingTo: dx,
      weightGradient: gradients.base?.inputNorm)
  }

  private func split(_ qkv: Matrix) -> (q: Matrix, k: Matrix, v: Matrix) {
    let (q, kv) = (config.queryWidth, config.kvWidth)
    return (
      qkv.columns(0..<q), qkv.columns(q..<q + kv), qkv.columns(q + kv..<q + 2 * kv)
    )
  }

  private func normHeads(_ q: Matrix, _ k: Matrix, _ a: BlockActivations) {
    guard let queryNorm = weights.queryNorm, let keyNorm = weights.keyNorm,
      let before = a.beforeNorm, let inverse = a.headInverse
    else { return }
    let width = config.queryWidth
    HeadNorm.forward(
      q, headSize: config.headSize, weight: queryNorm, epsilon: config.rmsNormEpsilon,
      original: before.columns(0..<width), inverse: inverse)
    HeadNorm.forward(
      k, headSize: config.headSize, weight: keyNorm, epsilon: config.rmsNormEpsilon,
      original: before.columns(width..<width + config.kvWidth),
      inverse: inverse + before.rows * config.headCount)
  }

  private func normHeadsBackward(
    _ dq: Matrix, _ dk: Matrix, _ a: BlockActivations, _ gradient: Parameters.Vectors?
  ) {
    guard let queryNorm = weights.queryNorm, let keyNorm = weights.keyNorm,
      let before = a.beforeNorm, let inverse = a.headInverse
    else { return }
    let width = config.queryWidth
    HeadNorm.backward(
      original: before.columns(0..<width), headSize: config.headSize, weight: queryNorm,
      inverse: inverse, dx: dq, weightGradient: gradient?.queryNorm)
    HeadNorm.backward(
      original: before.columns(width..<width + config.kvWidth), headSize: config.headSize,
      weight: keyNorm, inverse: inverse + before.rows * config.headCount, dx: dk,
      weightGradient: gradient?.keyNorm)
  }

  private func matrix(_ scratch: ScratchBuffer, _ rows: Int, _ columns: Int) -> Matrix {
    Matrix(scratch.pointer(count: rows * columns), rows: rows, columns: columns)
  }

  private func add(_ x: Matrix, to y: Matrix) {
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      for row in rows { addScaled(x.row(row), scale: 1, to: y.row(row), x.columns) }
    }
  }
}

/// Where one block's gradients go: views of the whole target's storage.
struct BlockGradients {
  /// Set when the base model trains.
  let base: Parameters.Vectors?
  private let matrices: [Matrix]
  let adapter: [LoRAParameters.Group?]

  init(_ target: GradientTarget, layer: Int) {
    switch target {
    case .full(let gradient):
      base = gradient.vectors(layer)
      matrices = gradient.matrices(layer)
      adapter = []
    case .lora(let gradient):
      base = nil
      matrices = []
      adapter = gradient.groups[layer]
    }
  }

  func linear(_ projection: Projection) -> LinearGradient {
    guard let base else { return .adapter(adapter[projection.rawValue]) }
    return .base(
      weight: matrices[projection.rawValue], bias: projection == .qkv ? base.qkvBias : nil)
  }
}
