import Foundation
import LanguageModel
import Testing

/// The bf16 network against the fp32 one, through the passes that training and generation make.
/// Without the instructions the same runs in plain C, so nothing here depends on the processor.
@Suite struct BF16Tests {
  private func load(
    _ architecture: Architecture, _ precision: Precision, trainable: Bool = true
  ) throws -> Transformer {
    let files = try ModelFiles.find(Reference.path("tiny-\(architecture.rawValue)"))
    return try Transformer(files, precision: precision, trainable: trainable)
  }

  private func batch(_ architecture: Architecture) throws -> ReferenceBatch {
    try ReferenceBatch(try Reference.tensors("tiny-\(architecture.rawValue)/reference.safetensors"))
  }

  private func cosine(_ a: FloatBuffer, _ b: FloatBuffer) -> Double {
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a.values, b.values) {
      ab += Double(x) * Double(y)
      aa += Double(x) * Double(x)
      bb += Double(y) * Double(y)
    }
    return ab / (aa * bb).squareRoot()
  }

  private func buffer(_ values: [Float]) -> FloatBuffer {
    let buffer = FloatBuffer(count: values.count)
    buffer.base.update(from: values, count: values.count)
    return buffer
  }

  private static let shapes = [
    (1, 1, 1), (1, 7, 3), (3, 64, 16), (8, 65, 33), (6, 130, 64), (67, 9, 576), (130, 66, 31),
    (200, 300, 65), (256, 64, 32), (600, 100, 96),
  ]

  /// Operands that bf16 holds exactly: then only the sums round.
  @Test(arguments: shapes, [(MatMulKernel.library, 2), (.library, 0), (.invariant, 2)])
  func linearLayer(_ shape: (m: Int, n: Int, k: Int), _ way: (kernel: MatMulKernel, gap: Int)) {
    let (m, n, k) = shape
    var random = SplitMix64(seeds: UInt64(m), UInt64(n), UInt64(k))
    func whole(_ rows: Int, _ columns: Int) -> Strided {
      let x = Strided(rows: rows, columns: columns, gap: 3, random: &random)
      for row in 0..<rows {
        for column in 0..<columns {
          x.matrix.row(row)[column] = Float(Int.random(in: -99...99, using: &random)) / 64
        }
      }
      return x
    }
    let (x, w) = (whole(m, k), whole(n, k))
    // Only a result without gaps goes to oneDNN.
    let y = Strided(rows: m, columns: n, gap: way.gap, random: &random)
    let weight = Weight.packed(PackedMatrix(weight: w.matrix))
    MatMul.linear(x.matrix, weight, into: y.matrix, kernel: way.kernel)
    let transposed = Naive.transpose(w.values, rows: n, columns: k)
    let expected = Naive.product(x.values, transposed, m: m, k: k, n: n)
    #expect(largestDifference(y.values, expected) < 2e-7 * Double(k + 10))
    #expect(y.gapsAreUntouched)
    // A row is the same bits in every batch.
    for row in [0, m / 2, m - 1] where way.kernel == .invariant {
      let alone = Strided(rows: 1, columns: n, gap: 0, random: &random)
      MatMul.linear(x.matrix.rows(row..<row + 1), weight, into: alone.matrix, kernel: .invariant)
      #expect(alone.row(0) == y.row(row))
    }
  }

  /// A row is the same bits in every batch, of long contractions too, which many rows take in parts.
  @Test(arguments: [(7, 70, 576), (130, 66, 2600), (100, 40, 4100)])
  func rowsAreTheirOwn(_ shape: (m: Int, n: Int, k: Int)) {
    let (m, n, k) = shape
    var random = SplitMix64(seeds: UInt64(m), UInt64(n), UInt64(k))
    let x = Strided(rows: m, columns: k, gap: 0, random: &random)
    let w = Strided(rows: n, columns: k, gap: 0, random: &random)
    let weight = Weight.packed(PackedMatrix(weight: w.matrix))
    let y = Strided(rows: m, columns: n, gap: 0, random: &random)
    MatMul.linear(x.matrix, weight, into: y.matrix, kernel: .invariant)
    for row in [0, m / 2, m - 1] {
      let alone = Strided(rows: 1, columns: n, gap: 0, random: &random)
      MatMul.linear(x.matrix.rows(row..<row + 1), weight, into: alone.matrix, kernel: .invariant)
      #expect(alone.row(0) == y.row(row))
    }
  }

  /// Members that begin with panels, whose parts of an adapter are added to their own columns only: few
  /// rows and many.
  @Test(arguments: [LinearKind.allCases, [.q, .v], [.k, .v, .up], [.gate, .o]], [9, 130])
  func membersOfAnAdapter(_ targets: [LinearKind], rows: Int) {
    let config = ModelConfig(
      architecture: .llama, vocabularySize: 40, hiddenSize: 64, intermediateSize: 128,
      layerCount: 2, headCount: 2, kvHeadCount: 1, headSize: 64, tiedHead: true,
      contextLength: 256)
    let adapter = LoRAParameters(
      config: LoRAConfig(rank: 4, alpha: 8, targets: targets), model: config)
    var random = SplitMix64(seed: 8)
    for i in 0..<adapter.buffer.count {
      adapter.buffer.base[i] = Float.random(in: -0.1...0.1, using: &random)
    }
    let tokens = (0..<rows).map { _ in TokenID(random.index(below: 40)) }
    let runs = [Precision.fp32, .bf16].map { precision in
      let transformer = randomTransformer(config, seed: 9, scale: 0.2, precision: precision)
      let gradient = LoRAParameters(config: adapter.config, model: config)
      var logits: [Float] = []
      TrainingPass(
        transformer, sequences: [tokens],
        outputs: (0..<rows - 1).map { .init(sequence: 0, position: $0) }, adapter: adapter
      ).backward(gradients: .lora(gradient)) { range, values in
        logits += values
        _ = crossEntropy(
          values, targets: tokens[range.lowerBound + 1..<range.upperBound + 1], count: rows - 1)
      }
      return (logits: buffer(logits), gradient: gradient.buffer)
    }
    let logits = cosine(runs[0].logits, runs[1].logits)
    let gradient = cosine(runs[0].gradient, runs[1].gradient)
    measured("members of an adapter in bf16, logits' 1 − cosine", 1 - logits)
    measured("members of an adapter in bf16, gradients' 1 − cosine", 1 - gradient)
    #expect(logits > 0.999 && gradient > 0.999)
  }

  @Test(arguments: Architecture.allCases, [false, true])
  func gradientsOfAllParameters(_ architecture: Architecture, recompute: Bool) throws {
    let batch = try batch(architecture)
    let gradients = try [Precision.fp32, .bf16].map { precision in
      let transformer = try load(architecture, precision)
      let gradient = Parameters(config: transformer.config)
      _ = batch.loss(transformer, nil, .full(gradient), recompute: recompute)
      return gradient.buffer
    }
    let cosine = cosine(gradients[0], gradients[1])
    measured("\(architecture) bf16 gradient, 1 − cosine", 1 - cosine)
    #expect(cosine > 0.999)
  }

  @Test(arguments: Architecture.allCases)
  func gradientsOfAnAdapter(_ architecture: Architecture) throws {
    let batch = try batch(architecture)
    let gradients = try [Precision.fp32, .bf16].map { precision in
      let transformer = try load(architecture, precision, trainable: false)
      let adapter = randomAdapter(transformer.config)
      let gradient = LoRAParameters(config: adapter.config, model: transformer.config)
      _ = batch.loss(transformer, adapter, .lora(gradient))
      return gradient.buffer
    }
    let cosine = cosine(gradients[0], gradients[1])
    measured("\(architecture) bf16 adapter gradient, 1 − cosine", 1 - cosine)
    #expect(cosine > 0.999)
  }

  private func randomAdapter(_ model: ModelConfig) -> LoRAParameters {
    let adapter = LoRAParameters(
      config: LoRAConfig(rank: 3, alpha: 6, targets: [.q, .v, .gate, .down, .o]), model: model)
    var random = SplitMix64(seed: 4)
    for i in 0..<adapter.buffer.count {
      adapter.buffer.base[i] = Float.random(in: -0.2...0.2, using: &random)
    }
    adapter.buffer.changed()
    return adapter
  }

  /// Frozen weights are read one matrix at a time and kept in bf16 only: the same numbers.
  @Test(arguments: Architecture.allCases)
  func frozenWeightsAreTheSame(_ architecture: Architecture) throws {
    let batch = try batch(architecture)
    let losses = try [true, false].map { trainable in
      let transformer = try load(architecture, .bf16, trainable: trainable)
      let adapter = randomAdapter(transformer.config)
      let gradient = LoRAParameters(config: adapter.config, model: transformer.config)
      let loss = batch.loss(transformer, adapter, .lora(gradient))
      return [Float(loss)] + Array(gradient.buffer.values)
    }
    let same = losses[0] == losses[1]
    #expect(same)
  }

  /// Panels follow the parameters that they were made from, an adapter's too.
  @Test func changedParametersAreSeen() throws {
    let batch = try batch(.llama)
    let transformer = try load(.llama, .bf16)
    let adapter = randomAdapter(transformer.config)
    let gradient = Parameters(config: transformer.config)
    func loss() -> Double { batch.loss(transformer, adapter, .full(gradient)) }
    let before = loss()
    let values = adapter.buffer.values.map { $0 }
    adapter.buffer.zero()
    let without = loss()
    #expect(without != before)
    _ = adapter.buffer.values.update(fromContentsOf: values)
    adapter.buffer.changed()
    #expect(loss() == before)
    gradient.buffer.zero()
    _ = loss()
    let optimizer = AdamW(parameterCount: transformer.parameters.buffer.count)
    optimizer.update(
      transformer.parameters.buffer, gradients: gradient.buffer, step: 1,
      config: AdamWConfig(learningRate: 0.01))
    #expect(loss() < before - 0.01)
  }

  /// So do those of the backward direction: gradients after an update are a fresh network's.
  @Test(arguments: [1, 2], [true, false])
  func gradientsSeeChangedParameters(layers: Int, tied: Bool) {
    var config = tinyConfig(.llama)
    (config.layerCount, config.tiedHead) = (layers, tied)
    func gradients(_ transformer: Transformer) -> [Float] {
      let target = Parameters(config: transformer.config)
      let pass = TrainingPass(
        transformer, sequences: [[1, 2, 3, 4]],
        outputs: (0..<3).map { TrainingPass.Output(sequence: 0, position: $0) }, adapter: nil)
      pass.backward(gradients: .full(target)) { _, logits in
        for i in logits.indices { logits[i] = i % 3 == 0 ? 0.1 : -0.05 }
      }
      return Array(target.buffer.values)
    }
    let transformer = randomTransformer(config, seed: 3, precision: .bf16)
    let before = gradients(transformer)
    let values = transformer.parameters.buffer.values
    for index in values.indices { values[index] *= index % 2 == 0 ? 1.25 : 0.75 }
    transformer.parameters.buffer.changed()
    let after = gradients(transformer)
    let copy = Parameters(config: config)
    copy.buffer.copy(from: transformer.parameters.buffer)
    let fresh = gradients(Transformer(parameters: copy, precision: .bf16))
    let (moved, same) = (after != before, after == fresh)
    #expect(moved && same)
  }
}
