package import LanguageModel

/// A forward pass over contexts whose action tokens are to be scored, with no gradient: the
/// teacher's.
///
/// Contexts of one task begin alike, up to the hindsight: that trunk is computed once and its cache
/// shared. Contexts of one trajectory, with a hint before each turn's action, follow its history to
/// where the hint stands: the history is computed once and each context forks from it, so that a
/// hint costs its own tokens and the action behind it.
package struct ContextForward {
  private let families: [Family]
  /// Of successive trajectories.
  package let trunks: [Trunk]

  /// - trajectories: those of a task one after another; each has one context or more.
  package init(_ trajectories: [[ScoredContext]]) {
    var families = trajectories.map(Family.init)
    trunks = Self.trunks(families)
    for trunk in trunks {
      for index in trunk.sequences { families[index].trunk = trunk.tokens }
    }
    self.families = families
  }

  /// Tokens that go through the network.
  package var computedTokens: Int {
    trunks.reduce(0) { $0 + $1.tokens }
      + families.reduce(0) { sum, family in
        sum + max(0, family.stem - family.trunk)
          + family.contexts.indices.reduce(0) { $0 + family.rest(of: $1).count }
      }
  }

  /// Final hidden states of the positions that predict the action tokens, a row each.
  package func hiddenStates(_ learner: Learner) -> HiddenStates {
    let transformer = learner.transformer
    func extend(_ inputs: [Transformer.Input]) -> HiddenStates {
      transformer.extend(inputs, adapter: learner.adapter, kernel: .library)
    }
    let stems = families.map { _ in transformer.makeCache() }
    let shared = trunks.filter { $0.tokens > 0 }
    _ = extend(
      shared.map { trunk in
        let first = trunk.sequences.lowerBound
        return Transformer.Input(
          tokens: families[first].last.tokens[..<trunk.tokens], cache: stems[first], wanted: [])
      })
    for trunk in shared {
      let pages = stems[trunk.sequences.lowerBound].pages
      for index in trunk.sequences.dropFirst() { stems[index].adopt(pages, count: trunk.tokens) }
    }
    _ = extend(
      zip(families, stems).filter { family, _ in family.stem > family.trunk }.map { family, cache in
        Transformer.Input(
          tokens: family.last.tokens[family.trunk..<family.stem], cache: cache, wanted: [])
      })
    return extend(
      zip(families, stems).flatMap { family, stem in
        family.contexts.indices.map { index in
          let rest = family.rest(of: index)
          let cache = transformer.makeCache()
          cache.adopt(stem.pages, count: rest.lowerBound)
          return Transformer.Input(
            tokens: family.contexts[index].tokens[rest], cache: cache,
            wanted: family.contexts[index].actions.map { $0 - 1 - rest.lowerBound })
        }
      })
  }

  private static func trunks(_ families: [Family]) -> [Trunk] {
    guard !families.isEmpty else { return [] }
    return Trunk.find(
      common: zip(families, families.dropFirst()).map { a, b in
        min(sharedTokens(a.last, b.last), a.common, b.common)
      })
  }
}

/// The contexts of one trajectory.
private struct Family {
  let contexts: [ScoredContext]
  /// How many tokens each shares with the last one, before any row that either wants.
  let forks: [Int]
  /// Tokens of the last one that the others fork from; 0 without others.
  let stem: Int
  /// How many tokens all of them share.
  let common: Int
  /// How many they share with other trajectories.
  var trunk = 0

  init(_ contexts: [ScoredContext]) {
    precondition(!contexts.isEmpty, "a trajectory has a context")
    self.contexts = contexts
    let last = contexts[contexts.count - 1]
    let others = contexts.dropLast().map { sharedTokens($0, last) }
    stem = others.max() ?? 0
    forks = others + [stem]
    common = min(others.min() ?? .max, last.free)
  }

  var last: ScoredContext { contexts[contexts.count - 1] }

  /// The tokens of a context that it has for itself; a row stands for each of its actions.
  func rest(of index: Int) -> Range<Int> {
    let start = max(forks[index], trunk)
    return start..<max(start, contexts[index].actions.last ?? start)
  }
}

/// Tokens that both begin with, before the rows that either wants.
private func sharedTokens(_ a: ScoredContext, _ b: ScoredContext) -> Int {
  min(sharedPrefix(a.tokens, b.tokens), a.free, b.free)
}

extension ScoredContext {
  /// Tokens before the first row that is wanted.
  fileprivate var free: Int { max(0, (actions.first ?? tokens.count) - 1) }
}
