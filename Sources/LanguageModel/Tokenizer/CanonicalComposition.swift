import Foundation

/// Unicode's normalisation form C over bytes that need not be valid UTF-8.
enum CanonicalComposition {
  /// The composed bytes, nil if nothing changes. Invalid bytes stay as they are and separate the
  /// stretches that are composed.
  static func apply(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    // Everything below U+0300 is composed already; U+0300 is written CC 80.
    guard bytes.contains(where: { $0 >= 0xCC }) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var start = 0
    var position = 0
    func flush() {
      if start == position { return }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      result += text.precomposedStringWithCanonicalMapping.utf8
    }
    while position < bytes.count {
      if bytes[position] < 0x80 {
        position += 1
      } else if let (_, length) = ScalarScan.decode(bytes, at: position) {
        position += length
      } else {
        flush()
        result.append(bytes[position])
        position += 1
        start = position
      }
    }
    flush()
    return result
  }
}
