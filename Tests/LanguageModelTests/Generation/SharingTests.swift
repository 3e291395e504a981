import LanguageModel
import Testing

/// Requests that begin alike share what is computed, and nobody's result changes with it.
@Suite struct SharingTests {
  private static let config: ModelConfig = {
    var config = tinyConfig(.qwen3)
    config.contextLength = 2048
    return config
  }()

  private static let precisions = [Precision.fp32, .bf16]

  private func network(_ precision: Precision, seed: UInt64) -> Transformer {
    Transformer(
      parameters: randomTransformer(Self.config, seed: seed).parameters, precision: precision)
  }

  private func tokens(_ count: Int, seed: UInt64) -> [TokenID] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in TokenID(random.index(below: 37)) }
  }

  private func request(
    _ tokens: [TokenID], _ seed: UInt64, maxTokens: Int = 12, adapter: LoRAParameters? = nil
  ) -> GenerationRequest {
    GenerationRequest(
      tokens: tokens, adapter: adapter, sampling: .init(), random: SplitMix64(seed: seed),
      stopTokens: [], maxTokens: maxTokens)
  }

  private func together(_ engine: Engine, _ requests: [GenerationRequest]) async
    -> [GenerationResult]
  {
    await withTaskGroup(of: (Int, GenerationResult).self) { group in
      for (index, request) in requests.enumerated() {
        group.addTask { (index, await engine.generate(request)) }
      }
      var results: [Int: GenerationResult] = [:]
      for await (index, result) in group { results[index] = result }
      return requests.indices.compactMap { results[$0] }
    }
  }

  private func alone(
    _ transformer: Transformer, _ requests: [GenerationRequest]
  ) async -> [GenerationResult] {
    var results: [GenerationResult] = []
    for request in requests { results.append(await Engine(transformer).generate(request)) }
    return results
  }

  private func same(_ a: [GenerationResult], _ b: [GenerationResult]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { $0.tokens == $1.tokens && $0.random == $1.random }
  }

  /// Whenever they arrive, only one of a group's members computes the prompt.
  @Test(arguments: [2, 65, 200, 700], precisions)
  func aGroupComputesItsPromptOnce(length: Int, precision: Precision) async {
    let transformer = network(precision, seed: 1)
    let prompt = tokens(length, seed: 2)
    let requests = (0..<8).map { request(prompt, $0) }
    let engine = Engine(transformer)
    let results = await together(engine, requests)
    #expect(same(results, await alone(transformer, requests)))
    let statistics = engine.statistics
    #expect(statistics.computedTokens + statistics.reusedTokens == 8 * length)
    // The last token runs for everyone. What is short isn't worth waiting for.
    if length > 20 { #expect(statistics.computedTokens == length - 1 + 8) }
    #expect(statistics.sampledTokens == 8 * 12)
    #expect(statistics.prefillSeconds > 0 && statistics.decodeSeconds > 0)
  }

  /// Prompts that part at different places, some inside a page, beside contexts in pieces.
  @Test(arguments: precisions)
  func commonBeginningsDontChangeResults(precision: Precision) async {
    let transformer = network(precision, seed: 3)
    let base = tokens(600, seed: 4)
    let requests = [30, 64, 65, 100, 128, 200, 300, 500, 600].flatMap { common in
      (0..<2).map { index in
        let seed = UInt64(common + index)
        return request(
          Array(base[..<common]) + tokens(1 + common % 90 + 70 * index, seed: seed), seed,
          maxTokens: 3 + common % 20)
      }
    }
    let engine = Engine(transformer)
    let results = await together(engine, requests)
    #expect(same(results, await alone(transformer, requests)))
    #expect(engine.statistics.reusedTokens > 2000)
    // The same once more, when everything is known.
    let before = engine.statistics
    #expect(same(await together(engine, requests), results))
    let again = engine.statistics - before
    #expect(again.computedTokens == requests.count)
  }

  /// Room for a few pages only: requests wait, pages are dropped, and all get what they get alone.
  @Test(arguments: [1, 3, 10], precisions)
  func memoryIsBounded(pages: Int, precision: Precision) async {
    let transformer = network(precision, seed: 5)
    let page = transformer.makeCache().pageByteCount
    let requests = (0..<12).map { index in
      request(tokens(20 + 40 * Int(index % 4), seed: index % 6), index)
    }
    let engine = Engine(transformer, cacheBytes: pages * page)
    #expect(same(await together(engine, requests), await alone(transformer, requests)))
  }

  @Test func adaptersShareNothing() async {
    let transformer = randomTransformer(Self.config, seed: 6)
    let adapters = (0..<2).map { seed in
      let adapter = LoRAParameters(config: LoRAConfig(rank: 2, alpha: 4), model: Self.config)
      adapter.initialize(seed: UInt64(seed))
      for i in 0..<adapter.buffer.count { adapter.buffer.base[i] += 0.1 }
      return adapter
    }
    let prompt = tokens(150, seed: 7)
    let requests = [nil, adapters[0], adapters[1], nil, adapters[0]].map {
      request(prompt, 1, adapter: $0)
    }
    let engine = Engine(transformer)
    let results = await together(engine, requests)
    #expect(same(results, await alone(transformer, requests)))
    #expect(engine.statistics.computedTokens == 3 * 149 + 5)
    #expect(results[0].tokens != results[1].tokens && results[1].tokens != results[2].tokens)
  }

  /// Work that may train leaves nothing that was computed before; work that only reads leaves all.
  @Test func newWeightsForgetOldValues() async throws {
    let transformer = randomTransformer(Self.config, seed: 8)
    let engine = Engine(transformer)
    let request = request(tokens(150, seed: 9), 1)
    let before = await engine.generate(request)
    try await engine.read { _ in }
    #expect(await engine.generate(request).tokens == before.tokens)
    #expect(engine.statistics.reusedTokens == 149)
    try await engine.perform { network in
      for value in network.parameters.buffer.values.indices {
        network.parameters.buffer.base[value] *= 1.25
      }
    }
    let after = await engine.generate(request)
    #expect(engine.statistics.reusedTokens == 149)
    #expect(after.tokens != before.tokens)
    #expect(after.tokens == (await Engine(transformer).generate(request)).tokens)
  }

  /// A long context comes in while others sample: it is cut into pieces, and nobody notices.
  @Test(arguments: precisions)
  func longContextsComeInPieces(precision: Precision) async {
    let transformer = network(precision, seed: 10)
    let requests =
      (0..<4).map { request(tokens(10, seed: $0), $0, maxTokens: 60) }
      + [1000, 1300, 641].map { request(tokens($0, seed: UInt64($0)), UInt64($0)) }
    let engine = Engine(transformer)
    #expect(same(await together(engine, requests), await alone(transformer, requests)))
  }

  /// Those who wait for a context that its owner gives up compute it themselves.
  @Test(arguments: precisions)
  func aLeaderMayLeave(precision: Precision) async {
    let transformer = network(precision, seed: 11)
    let engine = Engine(transformer)
    let prompt = tokens(2000, seed: 12)
    let first = Task { await engine.generate(request(prompt, 1)) }
    let others = (2..<5).map { seed in
      Task { await engine.generate(request(prompt, UInt64(seed))) }
    }
    first.cancel()
    others[0].cancel()
    _ = await first.value
    var results: [GenerationResult] = []
    for other in others { results.append(await other.value) }
    // Not before all are done: a network has one caller.
    let expected = await Engine(transformer).generate(request(prompt, 4))
    #expect(results[2].tokens == expected.tokens)
  }

  /// In bf16 a row has the same bits however it is computed: a conversation whose pages were dropped
  /// goes on as if they hadn't been.
  @Test func droppedPagesAreMadeAgain() async {
    let transformer = network(.bf16, seed: 14)
    var turn = request(tokens(90, seed: 15), 1, maxTokens: 30)
    let (kept, dropping) = (Engine(transformer), Engine(transformer, cacheBytes: 1))
    for _ in 0..<4 {
      let result = await kept.generate(turn)
      _ = await dropping.generate(request(tokens(50, seed: 16), 2))
      #expect(await dropping.generate(turn).tokens == result.tokens)
      turn.tokens += result.tokens.map(\.id) + tokens(17, seed: 17)
      turn.random = result.random
    }
    #expect(kept.statistics.reusedTokens > dropping.statistics.reusedTokens)
  }

  @Test func anEndedConversationIsForgottenFirst() async {
    let transformer = randomTransformer(Self.config, seed: 13)
    let page = transformer.makeCache().pageByteCount
    let engine = Engine(transformer, cacheBytes: 6 * page)
    let (old, ended) = (request(tokens(100, seed: 1), 1), request(tokens(100, seed: 2), 2))
    _ = await engine.generate(old)
    let said = await engine.generate(ended).tokens.map(\.id)
    engine.end(ended.tokens + said, adapter: nil)
    // Takes three pages where two are free.
    _ = await engine.generate(request(tokens(150, seed: 3), 3))
    let before = engine.statistics
    _ = await engine.generate(old)
    #expect((engine.statistics - before).reusedTokens == 99)
  }
}
