import CKernels

/// The K largest logits of a row, without sorting the row: a threshold from block maxima leaves few
/// candidates. One selector serves one thread; its storage is reused.
struct TopKSelector {
  private var blockMaxima: [Float] = []
  private var keys: [Int32] = []
  private var candidates: [(logit: Float, token: Int32)] = []
  private static let block = HS_MAXIMA_BLOCK

  /// Indices of the `k` largest of `logits[0 ..< count]`, largest first, equal ones by index, into
  /// `indices`. The logits must not be NaN; 1 ≤ k ≤ count.
  mutating func select(
    _ k: Int, from logits: UnsafePointer<Float>, count: Int, into indices: inout [Int32]
  ) {
    precondition(k >= 1 && k <= count, "top-K needs 1 ≤ K ≤ vocabulary")
    blockMaxima.removeAll(keepingCapacity: true)
    let blocks = (count + Self.block - 1) / Self.block
    blockMaxima.append(contentsOf: repeatElement(0, count: blocks))
    hs_block_maxima(logits, count, &blockMaxima)
    // K blocks each have an element that large, so the K-th largest element is no smaller.
    let threshold = blocks >= k ? kthLargest(k) : -.infinity
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

  /// Of the blocks' maxima, by halving where it can lie: `keys` are ordered as the numbers are.
  private mutating func kthLargest(_ k: Int) -> Float {
    keys.removeAll(keepingCapacity: true)
    for value in blockMaxima {
      let bits = Int32(bitPattern: value.bitPattern)
      keys.append(bits < 0 ? bits ^ .max : bits)
    }
    var (low, high) = (Int32.min, Int32.max)  // at least k are ≥ low
    while low < high {
      let middle = Int32((Int64(low) + Int64(high) + 1) >> 1)
      var reached: Int32 = 0
      for key in keys { reached &+= key >= middle ? 1 : 0 }
      if reached >= k { low = middle } else { high = middle - 1 }
    }
    return Float(bitPattern: UInt32(bitPattern: low < 0 ? low ^ .max : low))
  }
}
