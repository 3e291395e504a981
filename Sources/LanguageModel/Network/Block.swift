import CKernels

/// What one block's forward pass leaves for its backward pass; N rows each.
///
/// Norm outputs and silu(g)·u are cheap, so they're made again instead of kept: about 23 KB a token
/// and layer remain on SmolLM2-135M in fp32, 17 KB in bf16.
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
  /// Nil where no backward pass will follow.
  let gateUp: GateUp?
  let buffer: FloatBuffer

  /// How [g | u] is kept, by what a pass computes in and is for.
  enum Keeping {
    case nothing, floats, rounded

    init(precision: Precision) { self = precision == .fp32 ? .floats : .rounded }
  }

  /// How many floats the activations of so many rows take.
  static func floats(rows: Int, config: ModelConfig, keeping: Keeping) -> Int {
    let normWidth = config.hasQKNorm ? config.queryWidth + config.kvWidth : 0
    let perRow =
      2 * config.hiddenSize + 2 + config.qkvWidth + normWidth + config.headCount
      + config.kvHeadCount + config.queryWidth + config.headCount
    let gateUp =
      switch keeping {
      case .nothing: 0
      case .floats: 2 * config.intermediateSize
      case .rounded: config.intermediateSize
      }
    return rows * (perRow + gateUp)
  }

  var count: Int { buffer.count }

  /// In `buffer`, which holds `floats(rows:config:keeping:)` or more and is overwritten; nil: a fresh
  /// one.
  init(rows: Int, config: ModelConfig, keeping: Keeping, in buffer: FloatBuffer? = nil) {
    let (c, q) = (config.hiddenSize, config.queryWidth)
    let heads = config.headCount + config.kvHeadCount
    let normWidth = config.hasQKNorm ? q + config.kvWidth : 0
    let floats = Self.floats(rows: rows, config: config, keeping: keeping)
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
    let width = 2 * config.intermediateSize
    gateUp =
      switch keeping {
      case .nothing: nil
      case .floats: .floats(Matrix(take(width), rows: rows, columns: width))
      case .rounded:
        .rounded(
          BF16.Rows(
            UnsafeMutableRawPointer(take(width / 2)).assumingMemoryBound(to: UInt16.self),
            rows: rows, columns: width))
      }
  }
}

/// Memory that passes share from layer to layer.
final class PassScratch {
  let head = ScratchBuffer()
  let logits = ScratchBuffer()
  let attention = ScratchBuffer()
  let gradient = ScratchBuffer()
  let wide = ScratchBuffer()
  /// What weights' gradients are made of, by `Projection`.
  let operands = Projection.allCases.map { _ in ScratchBuffer() }
  private let threads = (0..<computeThreads).map { _ in RowScratch() }

  /// The calling thread's.
  var own: RowScratch { threads[Int(hs_thread_number())] }
}

/// Memory that a thread needs for the rows at hand.
final class RowScratch {
  let linear = ScratchBuffer()
  let norm = ScratchBuffer()
  let hidden = ScratchBuffer()
  let wide = ScratchBuffer()
  let gathered = ScratchBuffer()
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

  /// Rows that go through products and what stands between them at a time: about what a core's
  /// second-level cache holds.
  private static let rowsAtATime = 192

  /// Blocks of rows on the threads; all rows at once where they are few, or where BLAS shares out
  /// each product by itself. What a row comes to doesn't depend on its block.
  private func eachRows(_ rows: Int, _ body: (Range<Int>, RowScratch) -> Void) {
    guard network.precision != .fp32, rows >= computeThreads * Self.rowsAtATime / 2 else {
      return rows > 0 ? body(0..<rows, scratch.own) : ()
    }
    let rounds = computeThreads * Self.rowsAtATime
    let blocks = (rows + rounds - 1) / rounds * computeThreads
    // Whole tiles of six rows.
    let size = (rows + 6 * blocks - 1) / (6 * blocks) * 6
    parallelItems(blocks) { block in
      let range = block * size..<min(rows, (block + 1) * size)
      if !range.isEmpty { body(range, scratch.own) }
    }
  }

  /// x [N, C] → output [N, C] (which may be the next block's x; not x itself). A backward pass will look
  /// for x in a.input.
  /// `spans(keys, values)` says where each sequence's keys stand once this block's new ones are
  /// known: the batch's own rows in training, caches in generation.
  ///
  /// - pages: of keys and values that the blocks' attention will read, where it pays to fetch them early.
  /// - wanted: the rows whose output is wanted, ascending; nil: all. They come first in `output`, as
  ///   in `a` behind the attention, and of the others only keys and values are computed.
  func forward(
    _ x: Matrix, _ a: BlockActivations, rows: Int, positions: [Int32], adapter: LoRAParameters?,
    kernel: MatMulKernel, wanted: [Int]? = nil, into output: Matrix, pages: KVAhead? = nil,
    spans: (_ keys: Matrix, _ values: Matrix) -> [AttentionSpan]
  ) {
    let (qkv, att) = (a.qkv.rows(0..<rows), a.attention.rows(0..<rows))
    let (q, k, v) = split(qkv)
    let (qkvLinear, outputLinear) = (linear(.qkv, adapter), linear(.output, adapter))
    eachRows(rows) { range, own in
      let normed = matrix(own.norm, range.count, config.hiddenSize)
      RMSNorm.forward(
        x.rows(range), weight: weights.inputNorm, epsilon: config.rmsNormEpsilon,
        into: normed, inverse: a.inputInverse + range.lowerBound)
      qkvLinear.forward(
        normed, into: qkv.rows(range), kernel: kernel, scratch: own.linear, pages: pages)
      normHeads(q, k, a, range)
      rotary.apply(q.rows(range), positions: positions[range])
      rotary.apply(k.rows(range), positions: positions[range])
    }
    attention.forward(q: q, spans: spans(k, v), into: att, logSumExp: a.logSumExp)
    if layer + 1 < config.layerCount { pages?.begin(layer: layer + 1) }
    let (gateUpLinear, downLinear) = (linear(.gateUp, adapter), linear(.down, adapter))
    eachRows(wanted?.count ?? rows) { range, own in
      let (middle, output) = (a.middle.rows(range), output.rows(range))
      let kept = a.gateUp?.rows(range)
      let gateUp =
        kept?.floats ?? matrix(own.wide, range.count, 2 * config.intermediateSize)
      let attended = gathered(att, wanted, range, own.gathered)
      outputLinear.forward(
        attended, into: middle, kernel: kernel, scratch: own.linear, pages: pages)
      add(gathered(x, wanted, range, own.gathered), to: middle)
      let normed = matrix(own.norm, range.count, config.hiddenSize)
      RMSNorm.forward(
        middle, weight: weights.postNorm, epsilon: config.rmsNormEpsilon, into: normed,
        inverse: a.middleInverse + range.lowerBound)
      gateUpLinear.forward(
        normed, into: gateUp, kernel: kernel, scratch: own.linear, pages: pages)
      let hidden = matrix(own.hidden, range.count, config.intermediateSize)
      SwiGLU.forward(gateUp, into: hidden, copy: kept?.rounded)
      downLinear.forward(
        hidden, into: output, kernel: kernel, scratch: own.linear, pages: pages)
      add(middle, to: output)
    }
  }

  /// Rows `range` of x; of its rows `wanted` only, copied together, where there are such.
  private func gathered(
    _ x: Matrix, _ wanted: [Int]?, _ range: Range<Int>, _ scratch: ScratchBuffer
  ) -> Matrix {
    guard let wanted else { return x.rows(range) }
    let copy = matrix(scratch, range.count, x.columns)
    for (place, row) in wanted[range].enumerated() {
      copy.row(place).update(from: x.row(row), count: x.columns)
    }
    return copy
  }

  /// Moves x's first rows to the places `wanted`; all others become zero.
  private func scatter(_ x: Matrix, _ wanted: [Int]?) {
    guard let wanted else { return }
    var place = wanted.count - 1
    for row in (0..<x.rows).reversed() {
      if place >= 0, wanted[place] == row {
        if place != row { x.row(row).update(from: x.row(place), count: x.columns) }
        place -= 1
      } else {
        x.row(row).update(repeating: 0, count: x.columns)
      }
    }
  }

  /// dx holds ∂L/∂output on entry, that of `wanted` rows first, and ∂L/∂input of all rows on return;
  /// the target's gradients += theirs.
  func backward(
    _ a: BlockActivations, rows: Int, positions: [Int32], adapter: LoRAParameters?,
    wanted: [Int]? = nil, spans: [AttentionSpan], dx: Matrix, gradients: BlockGradients
  ) {
    network.beginBackward(layer)
    let narrow = matrix(scratch.gradient, rows, config.hiddenSize)
    let wide = scratch.wide.pointer(count: rows * (config.queryWidth + config.qkvWidth))
    let dAttention = Matrix(wide, rows: rows, columns: config.queryWidth)
    let dQKV = Matrix(wide + rows * config.queryWidth, rows: rows, columns: config.qkvWidth)

    let count = wanted?.count ?? rows
    let down = backwardGroup(.down, adapter, gradients, count)
    let gateUp = backwardGroup(.gateUp, adapter, gradients, count)
    let output = backwardGroup(.output, adapter, gradients, count)
    eachRows(count) { range, own in
      feedForwardBackward(a, range, down, gateUp, dx: dx.rows(range), narrow.rows(range), own)
      let attended = gathered(a.attention, wanted, range, own.gathered)
      output(dy: dx.rows(range), into: dAttention.rows(range), range, own) { attended }
    }
    down.finish()
    gateUp.finish()
    output.finish()
    if let gradient = gradients.base?.postNorm {
      sumColumns(
        narrow.rows(0..<count), times: a.middle.rows(0..<count), a.middleInverse, into: gradient)
    }
    scatter(dx, wanted)
    scatter(dAttention, wanted)

    let (q, _, _) = split(a.qkv.rows(0..<rows))
    let (dq, dk, dv) = split(dQKV)
    attention.backward(
      q: q, spans: spans, output: a.attention.rows(0..<rows), logSumExp: a.logSumExp,
      dOutput: dAttention, dq: dq, dk: dk, dv: dv)

    let qkv = backwardGroup(.qkv, adapter, gradients, rows)
    eachRows(rows) { range, own in
      rotary.apply(dq.rows(range), positions: positions[range], inverse: true)
      rotary.apply(dk.rows(range), positions: positions[range], inverse: true)
    }
    normHeadsBackward(dq, dk, a, gradients.base)
    eachRows(rows) { range, own in
      let (x, narrow) = (a.input.rows(range), narrow.rows(range))
      let normed = matrix(own.norm, range.count, config.hiddenSize)
      let inverse = a.inputInverse + range.lowerBound
      RMSNorm.reapply(x, weight: weights.inputNorm, inverse: inverse, into: normed)
      qkv(dy: dQKV.rows(range), into: narrow, range, own) { normed }
      RMSNorm.backward(
        x, weight: weights.inputNorm, inverse: inverse, dy: narrow, addingTo: dx.rows(range))
    }
    qkv.finish()
    if case .base(_, let dBias?) = gradients.linear(.qkv) { sumColumns(dQKV, into: dBias) }
    if let gradient = gradients.base?.inputNorm {
      sumColumns(narrow, times: a.input.rows(0..<rows), a.inputInverse, into: gradient)
    }
  }

  /// dx [range.count, C] holds ∂L/∂output on entry and ∂L/∂middle on return; dNormed gets that of the
  /// norm's output.
  private func feedForwardBackward(
    _ a: BlockActivations, _ range: Range<Int>, _ down: BackwardGroup, _ gateUp: BackwardGroup,
    dx: Matrix, _ dNormed: Matrix, _ own: RowScratch
  ) {
    let (count, width) = (range.count, config.intermediateSize)
    let values = a.gateUp!.rows(range)
    let hidden = matrix(own.hidden, count, width)
    let memory = own.wide.pointer(count: count * 3 * width)
    let dHidden = Matrix(memory, rows: count, columns: width)
    let dValues = Matrix(memory + count * width, rows: count, columns: 2 * width)
    down(dy: dx, into: dHidden, range, own) {
      SwiGLU.backward(values, dh: dHidden, into: dValues, h: hidden)
      return hidden
    }
    let normed = matrix(own.norm, count, config.hiddenSize)
    let (middle, inverse) = (a.middle.rows(range), a.middleInverse + range.lowerBound)
    RMSNorm.reapply(middle, weight: weights.postNorm, inverse: inverse, into: normed)
    gateUp(dy: dValues, into: dNormed, range, own) { normed }
    RMSNorm.backward(
      middle, weight: weights.postNorm, inverse: inverse, dy: dNormed, addingTo: dx)
  }

  /// A group's backward pass over blocks of rows.
  private struct BackwardGroup {
    let linear: LinearGroup
    let operands: GradientOperands
    let gradient: LinearGradient

    /// `x` is called once dx is known, so that it may be made together with what follows from that.
    func callAsFunction(
      dy: Matrix, into dx: Matrix, _ range: Range<Int>, _ own: RowScratch, x: () -> Matrix
    ) {
      linear.backward(
        dy: dy, into: dx, range: range, operands: operands, gradient: gradient,
        scratch: own.linear, x: x)
    }

    /// To be called when all rows are done.
    func finish() { linear.addGradient(operands, to: gradient) }
  }

  private func backwardGroup(
    _ projection: Projection, _ adapter: LoRAParameters?, _ gradients: BlockGradients, _ rows: Int
  ) -> BackwardGroup {
    let linear = linear(projection, adapter)
    let gradient = gradients.linear(projection)
    return BackwardGroup(
      linear: linear,
      operands: linear.gradientOperands(
        rows: rows, gradient, in: scratch.operands[projection.rawValue]),
      gradient: gradient)
  }

  private func split(_ qkv: Matrix) -> (q: Matrix, k: Matrix, v: Matrix) {
    let (q, kv) = (config.queryWidth, config.kvWidth)
    return (
      qkv.columns(0..<q), qkv.columns(q..<q + kv), qkv.columns(q + kv..<q + 2 * kv)
    )
  }

  private func normHeads(_ q: Matrix, _ k: Matrix, _ a: BlockActivations, _ range: Range<Int>) {
    guard let queryNorm = weights.queryNorm, let keyNorm = weights.keyNorm,
      let before = a.beforeNorm, let inverse = a.headInverse
    else { return }
    let width = config.queryWidth
    let (heads, kvHeads) = (config.headCount, config.kvHeadCount)
    HeadNorm.forward(
      q.rows(range), headSize: config.headSize, weight: queryNorm, epsilon: config.rmsNormEpsilon,
      original: before.rows(range).columns(0..<width),
      inverse: inverse + range.lowerBound * heads)
    HeadNorm.forward(
      k.rows(range), headSize: config.headSize, weight: keyNorm, epsilon: config.rmsNormEpsilon,
      original: before.rows(range).columns(width..<width + config.kvWidth),
      inverse: inverse + before.rows * heads + range.lowerBound * kvHeads)
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
