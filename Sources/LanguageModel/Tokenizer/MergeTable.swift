/// The merges of a byte-pair encoding: pairs of token ids to (rank, merged id), open addressing.
struct MergeTable: Sendable {
  private var keys: [UInt64]
  private var values: [UInt64]
  private let shift: UInt64
  /// No pair has this key, because ids are not negative.
  private static let free = UInt64.max

  init(capacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    keys = [UInt64](repeating: Self.free, count: 1 << bits)
    values = [UInt64](repeating: 0, count: 1 << bits)
    shift = 64 - bits
  }

  /// Adds a merge; a pair that is there already gets the new rank, as in Hugging Face's tokenizers.
  /// At most `capacity` distinct pairs may be added.
  mutating func insert(_ left: TokenID, _ right: TokenID, rank: UInt32, merged: TokenID) {
    let key = Self.key(left, right)
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while keys[slot] != Self.free, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    values[slot] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merged))
  }

  /// `rank << 32 | merged id`, or `noMerge`.
  @inline(__always)
  func lookup(_ left: TokenID, _ right: TokenID) -> UInt64 {
    let key = Self.key(left, right)
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while true {
      let found = keys[slot]
      if found == key { return values[slot] }
      if found == Self.free { return Self.noMerge }
      slot = (slot + 1) & (keys.count - 1)
    }
  }

  static let noMerge = UInt64.max

  @inline(__always)
  private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}
