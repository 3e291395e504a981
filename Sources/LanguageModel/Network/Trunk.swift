/// Successive sequences that begin alike, and how many tokens they share: computed once.
package struct Trunk: Equatable, Sendable {
  package let sequences: Range<Int>
  package let tokens: Int

  /// A trunk ends where the next sequence shares no more than half of what neighbours share at best:
  /// that is another task's, which has the system's message in common only. Less than a page isn't
  /// worth one.
  ///
  /// - common: tokens that each sequence may share with the next one.
  package static func find(common: [Int]) -> [Trunk] {
    let least = max(KVPage.tokenCount, (common.max() ?? 0) / 2 + 1)
    var trunks: [Trunk] = []
    var start = 0
    for end in 1...common.count + 1 where end > common.count || common[end - 1] < least {
      let tokens = common[start..<end - 1].min() ?? 0
      trunks.append(Trunk(sequences: start..<end, tokens: tokens))
      start = end
    }
    return trunks
  }
}

/// Tokens that both begin with.
package func sharedPrefix(_ a: [TokenID], _ b: [TokenID]) -> Int {
  zip(a, b).prefix { $0 == $1 }.count
}
