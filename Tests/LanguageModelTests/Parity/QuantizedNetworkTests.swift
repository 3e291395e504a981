import LanguageModel
import Testing

/// The network over the default model's own quantised weights, and in bf16, against the same in fp32.
@Suite(
  .serialized,
  .enabled(if: Reference.hasModel, "the default model isn't in models/ (`make model` fetches it)"))
struct QuantizedNetworkTests {
  static let quantized = Result { try LoadedModel.load(Reference.model, precision: .quantized) }

  private func ids(_ chat: Int) throws -> [TokenID] {
    try Reference.tensors("smollm2/chat\(chat).safetensors").integers("input_ids")
      .map { TokenID($0) }
  }

  /// What a mean log-probability may differ by, and which share of the most probable tokens may be another
  /// where the margin is clear.
  private static let limits: [(precision: Precision, mean: Double, flips: Double)] =
    [(.quantized, 0.1, 0.02)]
    // Without the instructions 135 million parameters take minutes.
    + (BF16.isSupported ? [(.bf16, 0.02, 0)] : [])

  /// With quantised weights only activations are rounded, to 8 bits: the weights are the file's.
  @Test(arguments: limits)
  func logProbabilitiesAreClose(
    _ limit: (precision: Precision, mean: Double, flips: Double)
  ) throws {
    let exact = try Reference.smollm2.get()
    let rounded =
      limit.precision == .quantized
      ? try Self.quantized.get() : try LoadedModel.load(Reference.model, precision: .bf16)
    let vocabulary = exact.config.vocabularySize
    var (sum, count, flips, clear) = (0.0, 0, 0, 0)
    for chat in 0..<3 {
      let tokens = try ids(chat)
      let expected = allLogits(exact.transformer, tokens)
      let found = allLogits(rounded.transformer, tokens)
      for row in tokens.indices {
        let range = row * vocabulary..<(row + 1) * vocabulary
        let (a, b) = (logSoftmax(expected[range]), logSoftmax(found[range]))
        let best = a.firstIndex(of: a.max()!)!
        if a.indices.allSatisfy({ $0 == best || a[$0] < a[best] - 0.1 }) {
          clear += 1
          if b.max() != b[best] { flips += 1 }
        }
        guard row + 1 < tokens.count else { continue }
        let next = Int(tokens[row + 1])
        sum += abs(a[next] - b[next])
        count += 1
      }
    }
    let name = limit.precision
    measured("\(name), mean |Δ log-prob| of \(count) tokens", sum / Double(count))
    measured("\(name), top-1 changed of \(clear) with a margin over 0.1", Double(flips))
    #expect(sum / Double(count) < limit.mean)
    #expect(Double(flips) <= limit.flips * Double(clear))
  }

  /// Every row's bits are its own, however a sequence is cut and whoever shares the batch.
  @Test func resultsDoNotDependOnTheBatch() throws {
    let transformer = try Self.quantized.get().transformer
    let tokens = Array(try ids(0).prefix(24))
    let whole = allLogits(transformer, tokens)
    #expect(allLogits(transformer, tokens, pieces: [5, 1, 1, 17]) == whole)
    let inputs = [Array(tokens.prefix(9)), tokens, Array(tokens.suffix(13))].map {
      Transformer.Input(tokens: $0[...], cache: transformer.makeCache(), wanted: [$0.count - 1])
    }
    let hidden = transformer.extend(inputs, adapter: nil)
    let vocabulary = transformer.config.vocabularySize
    let logits = FloatBuffer(count: 3 * vocabulary)
    transformer.logits(hidden.matrix, into: Matrix(logits.base, rows: 3, columns: vocabulary))
    #expect(Array(logits.values[vocabulary..<2 * vocabulary]) == Array(whole.suffix(vocabulary)))
  }

  @Test func adaptersWork() throws {
    let (exact, quantized) = (try Reference.smollm2.get(), try Self.quantized.get())
    let adapter = LoRAParameters(config: LoRAConfig(rank: 4), model: exact.config)
    adapter.initialize(seed: 1)
    let tokens = Array(try ids(1).prefix(16))
    #expect(
      allLogits(quantized.transformer, tokens, adapter: adapter)
        == allLogits(quantized.transformer, tokens))
    var random = SplitMix64(seed: 2)
    for i in 0..<adapter.buffer.count {
      adapter.buffer.base[i] += Float.random(in: -0.02...0.02, using: &random)
    }
    let expected = exact.transformer.score(tokens, adapter: adapter)
    let found = quantized.transformer.score(tokens, adapter: adapter)
    let plain = quantized.transformer.score(tokens, adapter: nil)
    let (error, effect) = (distance(found, expected), distance(found, plain))
    measured("quantized with an adapter, mean |Δ log-prob|", error)
    #expect(effect > 0.2 && error < 0.15)
  }

  private func distance(_ a: [TokenScore], _ b: [TokenScore]) -> Float {
    zip(a, b).reduce(0) { $0 + abs($1.0.token.logprob - $1.1.token.logprob) } / Float(a.count)
  }

  @Test func trainingIsRefused() {
    let error = #expect(throws: ModelError.self) {
      try LoadedModel.load(Reference.model, precision: .quantized, trainable: true)
    }
    #expect(error.map { "\($0)".contains("can't be trained") } == true)
  }
}
