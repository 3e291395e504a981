/// A decoder-only network (Llama, Qwen2, Qwen3) and the passes over it.
///
/// Sequences of different lengths are packed one after another, without padding: linear layers see
/// rows, attention sees spans. Not reentrant: one caller at a time, which `Engine` sees to.
public final class Transformer: @unchecked Sendable {
  public let config: ModelConfig
  let weights: NetworkWeights
  let rotary: RotaryTable
  let scratch = PassScratch()
  private var activations: BlockActivations?
  private let output = ScratchBuffer()
  /// Activations of training passes that are over.
  private var spare: [FloatBuffer] = []

  /// Over fp32 parameters, which may be trained.
  public convenience init(parameters: Parameters, precision: Precision = .fp32) {
    self.init(NetworkWeights(parameters, precision: precision))
  }

  /// Fp32 parameters as they are now, frozen in bf16: of the matrices nothing is kept in fp32.
  public convenience init(freezing parameters: Parameters) {
    self.init(NetworkWeights(freezing: parameters))
  }

  init(_ weights: NetworkWeights) {
    config = weights.parameters.config
    self.weights = weights
    rotary = RotaryTable(config: config)
  }

  /// What products are computed in.
  public var precision: Precision { weights.precision }

  /// All parameters in fp32, or norms and biases only where the matrices are frozen.
  public var parameters: Parameters { weights.parameters }

  /// An empty cache for a sequence of this network.
  public func makeCache() -> KVCache { KVCache(config: config, precision: precision) }

  /// Tokens to append to a sequence, and which of them are asked for.
  public struct Input {
    public var tokens: ArraySlice<TokenID>
    public var cache: KVCache
    /// Indices into `tokens`, ascending: whose hidden states are wanted.
    public var wanted: [Int]

    public init(tokens: ArraySlice<TokenID>, cache: KVCache, wanted: [Int]) {
      self.tokens = tokens
      self.cache = cache
      self.wanted = wanted
    }
  }

  /// How many rows one pass takes at most, and how many of one sequence: what bounds memory.
  private static let rowLimit = 1024
  private static let sequenceLimit = 512
  /// Rows from which on products take longer than their weights' way from memory.
  private static let rowsBoundByArithmetic = 16

  /// Runs new tokens through the network, extending each cache. Returns the final hidden states
  /// after the last norm, [Σ wanted, C], in the inputs' order.
  ///
  /// A sequence is cut into pieces by its own length only, so with the `.invariant` kernel its
  /// results don't depend on the other sequences.
  public func extend(
    _ inputs: [Input], adapter: LoRAParameters?, kernel: MatMulKernel = .invariant
  ) -> HiddenStates {
    weights.refresh()
    let total = inputs.reduce(0) { $0 + $1.wanted.count }
    let result = HiddenStates(rows: total, columns: config.hiddenSize)
    var firstWanted: [Int] = []
    var sum = 0
    for input in inputs {
      firstWanted.append(sum)
      sum += input.wanted.count
    }
    var done = [Int](repeating: 0, count: inputs.count)
    while true {
      var pieces: [Piece] = []
      var rows = 0
      for (index, input) in inputs.enumerated() where done[index] < input.tokens.count {
        let count = min(Self.sequenceLimit, input.tokens.count - done[index])
        guard rows + count <= Self.rowLimit || pieces.isEmpty else { continue }
        pieces.append(
          Piece(input: index, tokens: done[index]..<done[index] + count, firstRow: rows))
        rows += count
      }
      if pieces.isEmpty { return result }
      var wanted: [(row: Int, place: Int)] = []
      for piece in pieces {
        for (index, token) in inputs[piece.input].wanted.enumerated()
        where piece.tokens.contains(token) {
          wanted.append(
            (piece.firstRow + token - piece.tokens.lowerBound, firstWanted[piece.input] + index))
        }
        done[piece.input] = piece.tokens.upperBound
      }
      let final = runPass(
        inputs, pieces, rows: rows, wanted: wanted.map(\.row), adapter: adapter, kernel: kernel)
      for (index, wanted) in wanted.enumerated() {
        result.matrix.row(wanted.place).update(from: final.row(index), count: config.hiddenSize)
      }
      if zip(done, inputs).allSatisfy({ $0 == $1.tokens.count }) {
        normalize(result)
        return result
      }
    }
  }

  private struct Piece {
    let input: Int
    let tokens: Range<Int>
    let firstRow: Int
  }

  /// The last block's output of the rows `wanted`, which ascend.
  private func runPass(
    _ inputs: [Input], _ pieces: [Piece], rows: Int, wanted: [Int], adapter: LoRAParameters?,
    kernel: MatMulKernel
  ) -> Matrix {
    let a = inferenceActivations(rows: rows)
    let out = Matrix(
      output.pointer(count: rows * config.hiddenSize), rows: rows, columns: config.hiddenSize)
    var positions: [Int32] = []
    var tokens: [TokenID] = []
    var pages: [(input: Int, page: Int, rows: Range<Int>)] = []
    for piece in pieces {
      let input = inputs[piece.input]
      let first = input.cache.count
      input.cache.reserve(first + piece.tokens.count)
      positions += Int32(first)..<Int32(first + piece.tokens.count)
      let start = input.tokens.startIndex
      tokens += input.tokens[start + piece.tokens.lowerBound..<start + piece.tokens.upperBound]
      pages += input.cache.newPages(piece.tokens.count).map { page, rows in
        (
          piece.input, page,
          piece.firstRow + rows.lowerBound..<piece.firstRow + rows.upperBound
        )
      }
    }
    embed(tokens, into: a.input)
    rotary.prepare(positions: Int(positions.max() ?? 0) + 1)
    let ahead =
      precision == .bf16 && rows == pieces.count && rows >= Self.rowsBoundByArithmetic
      ? KVAhead(pieces.map { inputs[$0.input].cache }, layout: inputs[0].cache.layout) : nil
    ahead?.begin(layer: 0)
    var (x, y) = (a.input, out)
    for layer in 0..<config.layerCount {
      let isLast = layer + 1 == config.layerCount
      block(layer).forward(
        x, a, rows: rows, positions: positions, adapter: adapter, kernel: kernel,
        wanted: isLast ? wanted : nil, into: y, pages: ahead
      ) { keys, values in
        parallelRows(pages.count, minimumPerThread: 4) { range in
          for (input, page, rows) in pages[range] {
            inputs[input].cache.write(
              keys.rows(rows), values.rows(rows), layer: layer, page: page)
          }
        }
        return pieces.map { piece in
          AttentionSpan(
            firstRow: piece.firstRow, queryCount: piece.tokens.count,
            cache: inputs[piece.input].cache, layer: layer)
        }
      }
      swap(&x, &y)
    }
    for piece in pieces { inputs[piece.input].cache.advance(by: piece.tokens.count) }
    return x
  }

  private func inferenceActivations(rows: Int) -> BlockActivations {
    if let activations, activations.input.rows >= rows { return activations }
    let fresh = BlockActivations(rows: max(rows, 32), config: config, keeping: .nothing)
    activations = fresh
    return fresh
  }

  /// Memory for a training pass's activations, with any contents. Passes follow each other, and
  /// fresh memory costs a page fault every 4 KB.
  func takeSpare(count: Int) -> FloatBuffer {
    if let index = spare.firstIndex(where: { $0.count >= count }) { return spare.remove(at: index) }
    // Too small for this pass: the next ones will want as much as this one.
    spare = []
    return FloatBuffer(count: count)
  }

  func giveSpare(_ buffers: [FloatBuffer]) { spare += buffers }

  private func normalize(_ states: HiddenStates) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, states.matrix.rows)) { inverse in
      RMSNorm.forward(
        states.matrix, weight: parameters.finalNorm, epsilon: config.rmsNormEpsilon,
        into: states.matrix, inverse: inverse.baseAddress!)
    }
  }

  func block(_ layer: Int) -> Block {
    Block(
      layer: layer, config: config, network: weights, rotary: rotary, scratch: scratch)
  }

  /// x [tokens.count or more, C].
  func embed(_ tokens: [TokenID], into x: Matrix) {
    parallelRows(tokens.count, minimumPerThread: 16) { rows in
      for row in rows { weights.embedding.copyRow(Int(tokens[row]), into: x.row(row)) }
    }
  }

  /// What multiplies by the vocabulary in training: in bf16 our own kernel, which is the faster one here and
  /// the sampler's to the bit. (The head's gradient, a long contraction, is oneDNN's.)
  package var logitsKernel: MatMulKernel { precision == .bf16 ? .invariant : .library }

  /// hidden [R, C] after the last norm → logits [R, V].
  package func logits(_ hidden: Matrix, into logits: Matrix, kernel: MatMulKernel = .invariant) {
    MatMul.linear(hidden, weights.head, into: logits, kernel: kernel)
  }
}

/// Hidden states that outlive the pass that made them, [rows, C].
public final class HiddenStates: Sendable {
  let buffer: FloatBuffer
  package let matrix: Matrix

  init(rows: Int, columns: Int) {
    buffer = FloatBuffer(count: rows * columns)
    matrix = Matrix(buffer.base, rows: rows, columns: columns)
  }
}
