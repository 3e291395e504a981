internal import LanguageModel

/// Prefill and decoding, through what `generate` and the agent use.
struct GenerationBench {
  let subject: BenchSubject
  let clock: BenchClock

  private var config: ModelConfig { subject.config }
  private var bytesPerWeight: Double { subject.precision.bytesPerWeight }

  /// One sequence's tokens and the logits of the last one.
  func prefill(_ count: Int = BenchSize.prefill) async throws -> BenchResult {
    var cost = BenchCost()
    cost.add(
      operations: BenchCost.forward(config, count: count) + BenchCost.head(config, rows: 1),
      bytes: BenchCost.blockWeights(config) * bytesPerWeight)
    let tokens = subject.tokens(count, seed: 0)
    return try await clock.measure("prefill", tokens: count, cost: cost) {
      try await subject.engine.read { transformer in
        let input = Transformer.Input(
          tokens: tokens[...], cache: transformer.makeCache(), wanted: [count - 1])
        let hidden = transformer.extend([input], adapter: nil)
        let logits = FloatBuffer(count: transformer.config.vocabularySize)
        transformer.logits(
          hidden.matrix, into: Matrix(logits.base, rows: 1, columns: logits.count))
      }
      return [:]
    }
  }

  /// Sequences of `BenchSize.context` tokens that go on together, sampling at temperature 1.
  func decode(_ work: BenchWork, sequences: Int) async throws -> BenchResult {
    var cost = BenchCost()
    let step = BenchCost.decoding(
      config, sequences: sequences, context: BenchSize.context + BenchSize.decoded / 2,
      bytesPerWeight: bytesPerWeight)
    cost.add(operations: step.operations, bytes: step.bytes, times: BenchSize.decoded)
    let streams = (0..<sequences).map { number in
      Stream(
        tokens: subject.tokens(BenchSize.context, seed: 1, UInt64(number)),
        random: SplitMix64(seeds: 2, UInt64(number)))
    }
    // The contexts are computed before the clock runs.
    let begun = await go(on: streams, by: 1)
    return try await clock.measure(
      work.rawValue, tokens: sequences * BenchSize.decoded, cost: cost
    ) {
      _ = await go(on: begun, by: BenchSize.decoded)
      return [:]
    }
  }

  struct Stream: Sendable {
    var tokens: [TokenID]
    var random: SplitMix64
    /// Of the sampled tokens.
    var logprobs: [Float] = []
  }

  private func go(on streams: [Stream], by count: Int) async -> [Stream] {
    let engine = subject.engine
    return await withTaskGroup(of: (Int, Stream).self) { group in
      for (index, stream) in streams.enumerated() {
        group.addTask { (index, await stream.extended(engine, by: count)) }
      }
      var results = streams
      for await (index, stream) in group { results[index] = stream }
      return results
    }
  }
}

extension GenerationBench.Stream {
  /// `count` tokens more, whatever they are.
  func extended(
    _ engine: Engine, by count: Int, adapter: LoRAParameters? = nil
  ) async -> GenerationBench.Stream {
    let result = await engine.generate(
      GenerationRequest(
        tokens: tokens, adapter: adapter, sampling: SamplingParameters(),
        random: random, stopTokens: [], maxTokens: count))
    return GenerationBench.Stream(
      tokens: tokens + result.tokens.map(\.id), random: result.random,
      logprobs: logprobs + result.tokens.map(\.logprob))
  }
}

extension Precision {
  /// Bytes of a weight as products read it; of the quantised formats, about.
  var bytesPerWeight: Double {
    switch self {
    case .fp32: 4
    case .bf16: 2
    case .quantized: 0.625
    }
  }
}
