/// How the sequences of a training batch stand in its rows, without padding: what successive ones begin
/// with stands once, and behind it what each goes on with.
package struct PackedSequences {
  /// A row each.
  package private(set) var tokens: [TokenID] = []
  package private(set) var positions: [Int32] = []
  /// Runs of rows, each of which follows the rows of a trunk, or none.
  private(set) var runs: [(rows: Range<Int>, trunk: Range<Int>)] = []
  /// Which run is each sequence's own.
  private var own: [Int] = []

  /// Every sequence must be non-empty.
  package init(_ sequences: [[TokenID]]) {
    precondition(!sequences.isEmpty && sequences.allSatisfy { !$0.isEmpty })
    let common = zip(sequences, sequences.dropFirst()).map { a, b in
      // Everyone keeps a row of its own.
      min(sharedPrefix(a, b), a.count - 1, b.count - 1)
    }
    for trunk in Trunk.find(common: common) {
      let first = sequences[trunk.sequences.lowerBound]
      var shared = 0..<0
      if trunk.tokens > 0 { shared = append(first[..<trunk.tokens], after: shared) }
      for index in trunk.sequences {
        own.append(runs.count)
        _ = append(sequences[index][trunk.tokens...], after: shared)
      }
    }
  }

  private mutating func append(_ part: ArraySlice<TokenID>, after trunk: Range<Int>) -> Range<Int> {
    let rows = tokens.count..<tokens.count + part.count
    tokens += part
    positions += (trunk.count..<trunk.count + part.count).map { Int32($0) }
    runs.append((rows, trunk))
    return rows
  }

  /// The row of a position of a sequence.
  func row(of position: Int, in sequence: Int) -> Int {
    let run = runs[own[sequence]]
    return position < run.trunk.count
      ? run.trunk.lowerBound + position : run.rows.lowerBound + position - run.trunk.count
  }
}
