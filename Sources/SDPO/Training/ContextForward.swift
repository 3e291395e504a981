package import LanguageModel

/// A forward pass over contexts whose action tokens are to be scored, with no gradient: the
/// teacher's. Contexts of one task begin alike, up to the hindsight; that trunk is computed once and
/// its cache is shared, so that a hint costs its own tokens and what stands behind it.
package struct ContextForward {
  package struct Context {
    package let tokens: [TokenID]
    /// Where the action tokens stand, ascending, from 1 on.
    package let actions: [Int]

    package init(tokens: [TokenID], actions: [Int]) {
      self.tokens = tokens
      self.actions = actions
    }
  }

  /// Successive contexts and how many tokens their first ones share, whole pages.
  package struct Trunk {
    package let contexts: Range<Int>
    package let tokens: Int
  }

  private let contexts: [Context]
  package let trunks: [Trunk]

  /// - contexts: those of a task one after another.
  package init(_ contexts: [Context]) {
    self.contexts = contexts
    trunks = Self.trunks(contexts)
  }

  /// Final hidden states of the positions that predict the action tokens, a row each.
  package func hiddenStates(_ learner: Learner) -> HiddenStates {
    let transformer = learner.transformer
    let caches = contexts.map { _ in transformer.makeCache() }
    let shared = trunks.filter { $0.tokens > 0 }
    _ = transformer.extend(
      shared.map { trunk in
        let first = trunk.contexts.lowerBound
        return Transformer.Input(
          tokens: contexts[first].tokens[..<trunk.tokens], cache: caches[first], wanted: [])
      }, adapter: learner.adapter, kernel: .library)
    for trunk in shared {
      let pages = caches[trunk.contexts.lowerBound].pages
      for index in trunk.contexts.dropFirst() { caches[index].adopt(pages, count: trunk.tokens) }
    }
    let inputs = zip(contexts, caches).map { context, cache in
      Transformer.Input(
        tokens: context.tokens[cache.count..<(context.actions.last ?? cache.count)], cache: cache,
        wanted: context.actions.map { $0 - 1 - cache.count })
    }
    return transformer.extend(inputs, adapter: learner.adapter, kernel: .library)
  }

  /// A trunk ends where the next context shares no more than half of what neighbours share at best:
  /// that is another task's, which has the system's message in common only.
  private static func trunks(_ contexts: [Context]) -> [Trunk] {
    guard !contexts.isEmpty else { return [] }
    let common = zip(contexts, contexts.dropFirst()).map { sharedTokens($0, $1) }
    let least = max(KVPage.tokenCount, (common.max() ?? 0) / 2 + 1)
    var trunks: [Trunk] = []
    var start = 0
    for end in 1...contexts.count where end == contexts.count || common[end - 1] < least {
      let tokens = common[start..<end - 1].min() ?? 0
      trunks.append(Trunk(contexts: start..<end, tokens: tokens))
      start = end
    }
    return trunks
  }

  /// Whole pages that both begin with, before the rows that either wants.
  private static func sharedTokens(_ a: Context, _ b: Context) -> Int {
    let equal = zip(a.tokens, b.tokens).prefix { $0 == $1 }.count
    let free = min(a.actions.first ?? a.tokens.count, b.actions.first ?? b.tokens.count) - 1
    return max(0, min(equal, free)) / KVPage.tokenCount * KVPage.tokenCount
  }
}
