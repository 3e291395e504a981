/// The K largest logits of a row, without sorting the row: a threshold from block maxima leaves few
/// candidates. One selector serves one thread; its storage is reused.
struct TopKSelector {
  private var blockMaxima: [Float] = []
  private var sorted: [Float] = []
  private var candidates: [(logit: Float, token: Int32)] = []
  private static let block = 64

  /// Indices of the `k` largest of `logits[0 ..< count]`, largest first, equal ones by index, into
  /// `indices`. The logits must not be NaN; 1 ≤ k ≤ count.
  mutating func select(
    _ k: Int, from logits: UnsafePointer<Float>, count: Int, into indices: inout [Int32]
  ) {
    precondition(k >= 1 && k <= count, "top-K needs 1 ≤ K ≤ vocabulary")
    findBlockMaxima(logits, count)
    // K blocks each have an element that large, so the K-th largest element is no smaller.
    var threshold = -Float.infinity
    if blockMaxima.count >= k {
      sorted.removeAll(keepingCapacity: true)
      sorted.append(contentsOf: blockMaxima)
      sorted.sort(by: >)
      threshold = sorted[k - 1]
    }
    candidates.removeAll(keepingCapacity: true)
    for (block, largest) in blockMaxima.enumerated() where largest >= threshold {
      let first = block * Self.block
      for i in first..<min(first + Self.block, count) where logits[i] >= threshold {
        candidates.append((logits[i], Int32(i)))
      }
    }
    candidates.sort { $0.logit != $1.logit ? $0.logit > $1.logit : $0.token < $1.token }
    indices.removeAll(keepingCapacity: true)
    for candidate in candidates.prefix(k) { indices.append(candidate.token) }
  }

  private mutating func findBlockMaxima(_ logits: UnsafePointer<Float>, _ count: Int) {
    let row = VectorRow(base: logits, count: count)
    blockMaxima.removeAll(keepingCapacity: true)
    for first in stride(from: 0, to: count, by: Self.block) {
      var best = SIMD16<Float>(repeating: -.infinity)
      for i in stride(from: first, to: min(first + Self.block, count), by: 16) {
        let v = row.vector(i, padding: -.infinity)
        best = best.replacing(with: v, where: v .> best)
      }
      blockMaxima.append(best.max())
    }
  }
}
