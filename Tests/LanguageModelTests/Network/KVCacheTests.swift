import LanguageModel
import Testing

/// Pages that sequences share, and what happens when one of them writes.
@Suite struct KVCacheTests {
  private let transformer = randomTransformer(tinyConfig(.qwen3), seed: 61)

  private func tokens(_ count: Int, seed: UInt64) -> [TokenID] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in TokenID(random.index(below: 37)) }
  }

  private func feed(_ tokens: [TokenID], _ cache: KVCache) -> [Float] {
    let hidden = transformer.extend(
      [.init(tokens: tokens[...], cache: cache, wanted: [tokens.count - 1])], adapter: nil)
    return (0..<hidden.matrix.columns).map { hidden.matrix.row(0)[$0] }
  }

  private func filled(_ tokens: [TokenID]) -> KVCache {
    let cache = KVCache(config: transformer.config)
    _ = feed(tokens, cache)
    return cache
  }

  @Test(arguments: [1, 20, 63, 64, 65, 128, 150])
  func sharedBeginningsAreAsIfComputed(count: Int) {
    let (prefix, mine, yours) = (tokens(count, seed: 1), tokens(9, seed: 2), tokens(70, seed: 3))
    let first = filled(prefix)
    let second = KVCache(sharing: first.pages, count: count, config: transformer.config)
    #expect(feed(mine, first) == feed(mine, filled(prefix)))
    #expect(feed(yours, second) == feed(yours, filled(prefix)))
    #expect(first.count == count + 9 && second.count == count + 70)
    // Neither sees what the other wrote.
    #expect(feed([5], first) == feed([5], filled(prefix + mine)))
  }

  @Test func onlyThePageThatIsWrittenIsCopied() {
    let first = filled(tokens(100, seed: 4))
    let second = KVCache(sharing: first.pages, count: 100, config: transformer.config)
    _ = feed([1], second)
    #expect(second.pages[0] === first.pages[0])
    #expect(second.pages[1] !== first.pages[1])
    let own = second.pages.map(ObjectIdentifier.init)
    _ = feed([2], second)
    #expect(second.pages.map(ObjectIdentifier.init) == own)
  }

  @Test func aPartOfAPageCanBeShared() {
    let prefix = tokens(100, seed: 5)
    let first = filled(prefix)
    let second = KVCache(sharing: first.pages, count: 70, config: transformer.config)
    let next = tokens(3, seed: 6)
    let expected = filled(Array(prefix[..<70]))
    _ = (feed(next, second), feed(next, expected))
    #expect(feed(next, second) == feed(next, expected))
    #expect(feed(next, first) == feed(next, filled(prefix)))
  }

  @Test func truncationGivesPagesBack() {
    let cache = filled(tokens(200, seed: 7))
    #expect(cache.pages.count == 4)
    cache.truncate(to: 64)
    #expect(cache.pages.count == 1 && cache.count == 64)
    cache.truncate(to: 0)
    #expect(cache.pages.isEmpty)
    #expect(feed([3, 4], cache) == feed([3, 4], KVCache(config: transformer.config)))
  }

  @Test func aPageHoldsAllLayers() {
    let config = transformer.config
    let width = config.kvHeadCount * config.headSize
    let cache = filled([1])
    #expect(cache.pageByteCount == 2 * config.layerCount * 64 * width * 4)
  }
}
