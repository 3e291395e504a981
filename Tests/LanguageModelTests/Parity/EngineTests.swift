import Foundation
import LanguageModel
import Testing

@Suite struct EngineTests {
  private let config = tinyConfig(.qwen2)

  private func request(
    _ seed: UInt64, length: Int, maxTokens: Int = 20, adapter: LoRAParameters? = nil,
    sampling: SamplingParameters = .init(temperature: 0.9, topP: 0.95), stop: [TokenID] = []
  ) -> GenerationRequest {
    var random = SplitMix64(seed: seed)
    return GenerationRequest(
      tokens: (0..<length).map { _ in TokenID(random.index(below: 37)) },
      adapter: adapter, sampling: sampling,
      random: SplitMix64(seeds: seed, 1), stopTokens: stop, maxTokens: maxTokens)
  }

  /// Concurrent requests, with two adapters and none, join and leave at any time; each gets the
  /// tokens and log-probabilities that it gets alone, to the bit.
  @Test func togetherIsAlone() async {
    let transformer = randomTransformer(config, seed: 1)
    let adapters = (0..<2).map { seed in
      let adapter = LoRAParameters(config: LoRAConfig(rank: 2, alpha: 4), model: config)
      adapter.initialize(seed: UInt64(seed))
      for i in 0..<adapter.buffer.count { adapter.buffer.base[i] += 0.1 }
      return adapter
    }
    let requests: @Sendable (Int) -> GenerationRequest = { index in
      let adapter = index % 3 < 2 ? adapters[index % 3] : nil
      return request(
        UInt64(index), length: 1 + index * 3 % 30, maxTokens: 1 + index * 7 % 25, adapter: adapter)
    }
    var alone: [GenerationResult] = []
    for index in 0..<24 { alone.append(await Engine(transformer).generate(requests(index))) }
    let engine = Engine(transformer)
    let together = await withTaskGroup(of: (Int, GenerationResult).self) { group in
      for index in 0..<24 { group.addTask { (index, await engine.generate(requests(index))) } }
      var results: [Int: GenerationResult] = [:]
      for await (index, result) in group { results[index] = result }
      return results
    }
    for index in 0..<24 {
      #expect(together[index]?.tokens == alone[index].tokens)
      #expect(together[index]?.finish == alone[index].finish)
      #expect(together[index]?.random == alone[index].random)
    }
  }

  /// Half the machine's memory holds what may go on at once, and one conversation goes on in any case.
  @Test func conversationsFitInMemory() {
    let transformer = randomTransformer(tinyConfig(.llama), seed: 2)
    let page = transformer.makeCache().pageByteCount
    let half = Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
    let three = Engine.cache(of: transformer, conversations: 3, tokens: 200)
    #expect(three.conversations == 3 && three.bytes >= 3 * page)
    let many = Engine.cache(of: transformer, conversations: 1 << 40, tokens: 200)
    #expect(many.conversations > 3 && many.bytes <= half && many.bytes > half - 6 * page)
    #expect(Engine.cache(of: transformer, conversations: 0, tokens: 1).conversations == 1)
  }

  @Test func seedsDecide() async {
    let engine = Engine(randomTransformer(config, seed: 2))
    let first = await engine.generate(request(5, length: 6))
    let again = await engine.generate(request(5, length: 6))
    #expect(first.tokens == again.tokens)
    var other = request(5, length: 6)
    other.random = SplitMix64(seed: 99)
    #expect(await engine.generate(other).tokens != first.tokens)
  }

  /// A conversation's next turn costs only what is new, and goes on as if all were fed again.
  @Test func goesOnFromWhatIsComputed() async {
    let transformer = randomTransformer(config, seed: 3)
    let engine = Engine(transformer)
    let first = request(8, length: 9, maxTokens: 5)
    let result = await engine.generate(first)
    #expect(engine.statistics.computedTokens == 9 && engine.statistics.sampledTokens == 5)
    var next = first
    next.tokens += result.tokens.map(\.id) + [1, 2, 3]
    next.random = result.random
    let kept = await engine.generate(next)
    // All but the last sampled token had run.
    #expect(engine.statistics.reusedTokens == 9 + 5 - 1)
    #expect(engine.statistics.computedTokens == 9 + 1 + 3)
    let anew = await Engine(transformer).generate(next)
    #expect(kept.tokens.map(\.id) == anew.tokens.map(\.id))
    let difference = largestDifference(kept.tokens.map(\.logprob), anew.tokens.map(\.logprob))
    measured("log-probs from what was computed before", difference)
    #expect(difference < 2e-5)
  }

  @Test func stopsAtAStopToken() async {
    let engine = Engine(randomTransformer(config, seed: 4))
    let free = await engine.generate(request(3, length: 4, maxTokens: 30))
    let stop = free.tokens[7].id
    let stopped = await engine.generate(request(3, length: 4, maxTokens: 30, stop: [stop]))
    let place = free.tokens.firstIndex { $0.id == stop }!
    #expect(stopped.finish == .stop)
    #expect(stopped.tokens == Array(free.tokens[...place]))
  }

  @Test func theContextEnds() async {
    let engine = Engine(randomTransformer(config, seed: 6))
    let result = await engine.generate(request(1, length: 60, maxTokens: 20))
    #expect(result.finish == .contextFull)
    #expect(result.tokens.count == 4)
    let full = await engine.generate(request(1, length: 64, maxTokens: 20))
    #expect(full.finish == .contextFull && full.tokens.isEmpty)
    let none = await engine.generate(request(1, length: 3, maxTokens: 0))
    #expect(none.finish == .length && none.tokens.isEmpty)
  }

  @Test func aCancelledRequestGetsWhatItHad() async {
    var large = config
    large.contextLength = 1 << 20
    let transformer = randomTransformer(large, seed: 7)
    let engine = Engine(transformer)
    let neverEnding = request(2, length: 3, maxTokens: 1 << 19)
    let work = Task { await engine.generate(neverEnding) }
    // Another request decodes beside it and ends on its own.
    #expect(await engine.generate(request(4, length: 3, maxTokens: 5)).tokens.count == 5)
    work.cancel()
    let result = await work.value
    #expect(result.finish == .length)
    #expect(result.tokens.count < 1 << 19)
    // The engine is free again, also for other work.
    let size = try? await engine.perform { $0.config.vocabularySize }
    #expect(size == 37)
  }
}
