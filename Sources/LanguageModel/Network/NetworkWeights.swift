/// A network's weights as its passes read them: views of its fp32 parameters, or panels made from
/// them. Where nothing but an adapter is ever trained, the fp32 matrices need not exist.
final class NetworkWeights: @unchecked Sendable {
  struct Block: Sendable {
    let vectors: Parameters.Vectors
    /// By `Projection`.
    let linear: [Weight]
  }

  let precision: Precision
  /// All parameters, or the vectors among them (norms, biases).
  let parameters: Parameters
  let blocks: [Block]
  let embedding: Weight
  let head: Weight
  /// For dy · w, by `Projection`: of all layers, made for the first backward pass; or of
  /// `transposedLayer` alone where they follow parameters, for every step changes those.
  private var transposed: [[PackedMatrix]] = []
  private var transposedLayer: Int?
  private var transposedHead: PackedMatrix?
  /// Of the parameters that the panels were made from.
  private var version: Int

  /// Over fp32 parameters that may be trained: panels follow them.
  convenience init(_ parameters: Parameters, precision: Precision) {
    self.init(parameters, keeping: parameters, precision: precision)
  }

  /// Fp32 parameters as they are now, frozen in bf16.
  convenience init(freezing parameters: Parameters) {
    self.init(parameters, keeping: Parameters(vectorsOf: parameters), precision: .bf16)
  }

  private init(_ parameters: Parameters, keeping kept: Parameters, precision: Precision) {
    precondition(precision != .quantized, "quantised weights are read from files")
    self.precision = precision
    self.parameters = kept
    version = kept.buffer.version
    let arena = PanelArena()
    func weight(_ matrix: Matrix) -> Weight {
      precision == .fp32 ? .float(matrix) : .packed(PackedMatrix(weight: matrix, in: arena))
    }
    blocks = (0..<parameters.config.layerCount).map { layer in
      Block(vectors: kept.vectors(layer), linear: parameters.matrices(layer).map(weight))
    }
    embedding = weight(parameters.embedding)
    head = parameters.config.tiedHead ? embedding : weight(parameters.head)
  }

  /// Read from a file and frozen, a few rows in fp32 at a time.
  init(
    config: ModelConfig, source: any TensorSource, precision: Precision
  ) throws(ModelError) {
    precondition(precision != .fp32)
    self.precision = precision
    parameters = try Parameters(config: config, source: source, vectorsOnly: true)
    version = parameters.buffer.version
    if precision == .quantized {
      let matrices = try Self.quantized(config, source)
      blocks = (0..<config.layerCount).map { [parameters] in
        Block(vectors: parameters.vectors($0), linear: matrices.blocks[$0])
      }
      (embedding, head) = (matrices.embedding, matrices.head)
      return
    }
    let (arena, scratch) = (PanelArena(), ScratchBuffer())
    func weight(_ names: [String], rows: Int, columns: Int) throws(ModelError) -> Weight {
      .packed(
        try PackedMatrix(
          reading: names, rows: rows, columns: columns, from: source, in: arena, scratch: scratch))
    }
    // The largest first: its part of the file is let go of before the others take their memory.
    let (rows, columns) = (config.vocabularySize, config.hiddenSize)
    embedding = try weight(["model.embed_tokens.weight"], rows: rows, columns: columns)
    head =
      config.tiedHead ? embedding : try weight(["lm_head.weight"], rows: rows, columns: columns)
    var blocks: [Block] = []
    for layer in 0..<config.layerCount {
      var linear: [Weight] = []
      for projection in Projection.allCases {
        linear.append(
          try weight(
            projection.kinds.map { "\($0.path(layer: layer)).weight" },
            rows: projection.outputs(config), columns: projection.inputs(config)))
      }
      blocks.append(Block(vectors: parameters.vectors(layer), linear: linear))
    }
    self.blocks = blocks
  }

  /// All matrices in the file's own quantisation, or rounded to 8 bits where it has none.
  private static func quantized(
    _ config: ModelConfig, _ source: any TensorSource
  ) throws(ModelError) -> (blocks: [[Weight]], embedding: Weight, head: Weight) {
    var groups: [[String]] = []
    for layer in 0..<config.layerCount {
      groups += Projection.allCases.map { $0.kinds.map { "\($0.path(layer: layer)).weight" } }
    }
    groups.append(["model.embed_tokens.weight"])
    if !config.tiedHead { groups.append(["lm_head.weight"]) }
    let weights = try QuantizedReader.read(groups, from: source).map { Weight.quantized($0) }
    let count = Projection.allCases.count
    let blocks = (0..<config.layerCount).map { Array(weights[$0 * count..<($0 + 1) * count]) }
    return (blocks, weights[config.layerCount * count], weights[weights.count - 1])
  }

  /// What a forward pass multiplies by after a projection. bf16 only.
  func panels(after projection: Projection, _ layer: Int) -> Panels {
    if let next = Projection(rawValue: projection.rawValue + 1) {
      return blocks[layer].linear[next.rawValue].panels.panels
    }
    let next = layer + 1 < blocks.count ? blocks[layer + 1].linear[0] : head
    return next.panels.panels
  }

  /// Makes the panels anew if the parameters have changed. Called before every pass.
  func refresh() {
    guard precision != .fp32, version != parameters.buffer.version, parameters.holdsMatrices else {
      return
    }
    version = parameters.buffer.version
    for (layer, block) in blocks.enumerated() {
      for (weight, matrix) in zip(block.linear, parameters.matrices(layer)) {
        weight.repack(matrix)
      }
    }
    embedding.repack(parameters.embedding)
    if !parameters.config.tiedHead { head.repack(parameters.head) }
    transposedLayer = nil
    transposedHead?.panels.pack(rows: parameters.head)
  }

  /// The panels for dy · w of a block's projection. bf16 only, between ``beginBackward(_:)`` and that
  /// of another layer.
  func transposed(_ layer: Int, _ projection: Projection) -> Panels {
    precondition(!parameters.holdsMatrices || transposedLayer == layer)
    return transposed[parameters.holdsMatrices ? 0 : layer][projection.rawValue].panels
  }

  /// To be called before the backward pass of a block, on one thread.
  func beginBackward(_ layer: Int) {
    guard precision == .bf16 else { return }
    if transposed.isEmpty { makeTransposed() }
    guard parameters.holdsMatrices, transposedLayer != layer else { return }
    for (panels, weight) in zip(transposed[0], parameters.matrices(layer)) {
      panels.panels.pack(rows: weight)
    }
    transposedLayer = layer
  }

  /// dHidden ← dLogits · head, and gradient += dLogitsᵀ · hidden where the head is trained.
  func headBackward(
    _ hidden: Matrix, dLogits: Matrix, into dHidden: Matrix, gradient: Matrix?,
    scratch: ScratchBuffer
  ) {
    if case .float(let weight) = head {
      MatMul.gemm(dLogits, weight, into: dHidden)
      guard let gradient else { return }
      return MatMul.gemm(dLogits, transposeA: true, hidden, into: gradient, beta: 1)
    }
    let transposedHead = self.transposedHead ?? head.panels.transposed()
    self.transposedHead = transposedHead
    let (m, n, k) = (hidden.rows, dLogits.columns, hidden.columns)
    let packed =
      gradient == nil ? 0 : Panels.count(steps: m, columns: n) + Panels.count(steps: m, columns: k)
    var pieces = ScratchPieces(scratch, floats: 0, halves: m * (n + 1) + packed, pieces: 3)
    guard let gradient else {
      let rows = pieces.rounded(dLogits)
      return BF16.multiplyWithLibrary(rows, transposedHead.panels, into: dHidden)
    }
    let panels = pieces.panels(rows: m, columns: n)
    let rows = pieces.rounded(dLogits, packing: [(0..<n, panels)])
    BF16.multiplyWithLibrary(rows, transposedHead.panels, into: dHidden)
    BF16.accumulateOuter(panels, pieces.packed(hidden), into: gradient)
  }

  private func makeTransposed() {
    let arena = PanelArena()
    transposed =
      parameters.holdsMatrices
      ? [
        blocks[0].linear.map {
          PackedMatrix(steps: $0.outputs, columns: $0.inputs, in: arena)
        }
      ] : blocks.map { $0.linear.map { $0.panels.transposed(in: arena) } }
  }
}

extension Weight {
  fileprivate var panels: PackedMatrix {
    guard case .packed(let matrix) = self else {
      preconditionFailure("only bf16 weights have a backward pass of their own")
    }
    return matrix
  }

  fileprivate func repack(_ matrix: Matrix) { panels.panels.pack(columns: matrix) }
}
