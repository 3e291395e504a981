/// The tokens that are matched as whole strings before any pre-tokenizer runs: leftmost first, the
/// longest of those that start there. A trie over bytes.
struct AddedTokens: Sendable {
  private struct Node: Sendable {
    var children: [UInt8: Int32] = [:]
    var id: TokenID?
  }
  private var nodes = [Node()]
  private var starts = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { nodes.count == 1 }

  mutating func insert(_ content: some Sequence<UInt8>, id: TokenID) {
    var node = 0
    for (depth, byte) in content.enumerated() {
      if depth == 0 { starts[Int(byte)] = true }
      if let child = nodes[node].children[byte] {
        node = Int(child)
      } else {
        nodes[node].children[byte] = Int32(nodes.count)
        node = nodes.count
        nodes.append(Node())
      }
    }
    if node != 0 { nodes[node].id = id }
  }

  /// The first added token at or after `start`.
  func firstMatch(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> (range: Range<Int>, id: TokenID)? {
    for position in start..<bytes.count where starts[Int(bytes[position])] {
      if let (end, id) = longestMatch(in: bytes, at: position) { return (position..<end, id) }
    }
    return nil
  }

  private func longestMatch(
    in bytes: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (end: Int, id: TokenID)? {
    var best: (end: Int, id: TokenID)?
    var node = 0
    var position = start
    while position < bytes.count, let child = nodes[node].children[bytes[position]] {
      node = Int(child)
      position += 1
      if let id = nodes[node].id { best = (position, id) }
    }
    return best
  }
}
