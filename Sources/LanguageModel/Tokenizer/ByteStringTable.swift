/// A hash table from byte strings to token ids, open addressing over one flat store: strings are
/// equal when their bytes are, which `Dictionary<String, …>` doesn't promise.
struct ByteStringTable: Sendable {
  private var store: [UInt8] = []
  private var entries: [(start: Int, count: Int, id: TokenID)] = []
  private var slots: [Int32]

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    entries.reserveCapacity(capacity)
  }

  /// Adds a key; returns the id that already has it, if one does, and changes nothing then.
  mutating func insert(_ key: some Collection<UInt8>, _ id: TokenID) -> TokenID? {
    let bytes = Array(key)
    if entries.count * 2 >= slots.count { grow() }
    let slot = bytes.withUnsafeBufferPointer { find($0) }
    if slots[slot] >= 0 { return entries[Int(slots[slot])].id }
    slots[slot] = Int32(entries.count)
    entries.append((store.count, bytes.count, id))
    store += bytes
    return nil
  }

  /// The id of a key, nil if it isn't there.
  func id(of key: UnsafeBufferPointer<UInt8>) -> TokenID? {
    let entry = slots[find(key)]
    return entry >= 0 ? entries[Int(entry)].id : nil
  }

  func id(of key: String) -> TokenID? {
    var key = key
    return key.withUTF8 { id(of: $0) }
  }

  /// The slot that holds the key, or the free one where it belongs.
  private func find(_ key: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(key) & mask
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.count == key.count, matches(key, at: entry.start) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func matches(_ key: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
    for index in 0..<key.count where store[start + index] != key[index] { return false }
    return true
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    let mask = slots.count - 1
    for (number, entry) in entries.enumerated() {
      var slot = store.withUnsafeBufferPointer { bytes in
        Self.hash(UnsafeBufferPointer(rebasing: bytes[entry.start..<entry.start + entry.count]))
          & mask
      }
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(number)
    }
  }

  /// FNV-1a, folded so that the low bits depend on every byte.
  private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 29))
  }
}
