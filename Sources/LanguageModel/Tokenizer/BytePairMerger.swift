/// Applies merges to one piece of text: always the pair of the lowest rank, the leftmost first.
struct BytePairMerger {
  private let merges: MergeTable
  private var ids: [TokenID] = []
  private var pairs: [UInt64] = []
  /// From here on a heap pays for itself; below, scanning a short array for its minimum wins.
  private static let heapFrom = 48

  init(merges: MergeTable) {
    self.merges = merges
  }

  /// Appends the tokens of a piece that starts as `symbols` (one per byte, missing ones left out).
  mutating func merge(_ symbols: some Collection<TokenID>, into output: inout [TokenID]) {
    ids.removeAll(keepingCapacity: true)
    ids.append(contentsOf: symbols)
    if ids.count < Self.heapFrom { mergeByScanning() } else { mergeWithHeap() }
    output.append(contentsOf: ids)
  }

  private mutating func mergeByScanning() {
    pairs.removeAll(keepingCapacity: true)
    for index in 0..<max(ids.count - 1, 0) {
      pairs.append(merges.lookup(ids[index], ids[index + 1]))
    }
    while true {
      var best = MergeTable.noMerge
      var place = 0
      for index in 0..<pairs.count where pairs[index] < best {
        best = pairs[index]
        place = index
      }
      if best == MergeTable.noMerge { return }
      ids[place] = TokenID(truncatingIfNeeded: best)
      ids.remove(at: place + 1)
      pairs.remove(at: place)
      if place > 0 { pairs[place - 1] = merges.lookup(ids[place - 1], ids[place]) }
      if place < pairs.count { pairs[place] = merges.lookup(ids[place], ids[place + 1]) }
    }
  }

  /// The same result in O(n log n): symbols in a linked list, candidate pairs in a heap by
  /// (rank, place); a candidate whose symbols have changed since is recognised by its rank.
  private mutating func mergeWithHeap() {
    let count = ids.count
    var next = (1...count).map { Int32($0) }
    var previous = (-1..<count - 1).map { Int32($0) }
    var heap = MinimumHeap()
    for index in 0..<count - 1 {
      let pair = merges.lookup(ids[index], ids[index + 1])
      if pair != MergeTable.noMerge { heap.push((pair >> 32) << 32 | UInt64(index)) }
    }
    while let candidate = heap.pop() {
      let left = Int(truncatingIfNeeded: candidate & 0xFFFF_FFFF)
      let right = Int(next[left])
      guard ids[left] >= 0, right < count else { continue }
      let pair = merges.lookup(ids[left], ids[right])
      guard pair != MergeTable.noMerge, pair >> 32 == candidate >> 32 else { continue }
      ids[left] = TokenID(truncatingIfNeeded: pair)
      ids[right] = -1
      let after = Int(next[right])
      next[left] = Int32(after)
      if after < count {
        previous[after] = Int32(left)
        let pair = merges.lookup(ids[left], ids[after])
        if pair != MergeTable.noMerge { heap.push((pair >> 32) << 32 | UInt64(left)) }
      }
      let before = Int(previous[left])
      if before >= 0 {
        let pair = merges.lookup(ids[before], ids[left])
        if pair != MergeTable.noMerge { heap.push((pair >> 32) << 32 | UInt64(before)) }
      }
    }
    ids.removeAll { $0 < 0 }
  }
}

/// A binary heap of numbers, the smallest first.
private struct MinimumHeap {
  private var items: [UInt64] = []

  mutating func push(_ item: UInt64) {
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if items[parent] <= items[child] { return }
      items.swapAt(parent, child)
      child = parent
    }
  }

  mutating func pop() -> UInt64? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    if items.isEmpty { return first }
    items[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= items.count { break }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      if items[parent] <= items[child] { break }
      items.swapAt(parent, child)
      parent = child
    }
    return first
  }
}
