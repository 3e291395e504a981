/// What a command prints: the first and the last bytes are kept, those between are counted.
struct OutputBuffer {
  private let half: Int
  private var head: [UInt8] = []
  /// Used as a ring once it is full.
  private var tail: [UInt8] = []
  private var next = 0
  private(set) var elided = 0

  init(limit: Int) { half = max(limit / 2, 1) }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    let fits = min(half - head.count, rest.count)
    head += rest.prefix(fits)
    rest = rest.dropFirst(fits)
    if rest.count > half {
      // Only its end can stay: what the ring holds and the beginning of this are gone.
      elided += tail.count + rest.count - half
      tail = Array(rest.suffix(half))
      next = 0
      return
    }
    let room = min(half - tail.count, rest.count)
    tail += rest.prefix(room)
    for byte in rest.dropFirst(room) {
      tail[next] = byte
      next = next + 1 == half ? 0 : next + 1
      elided += 1
    }
  }

  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  /// Removes `marker` near the start and what is before it; false if it isn't there.
  mutating func removeMarker(_ marker: [UInt8]) -> Bool {
    guard head.count >= marker.count else { return false }
    for start in 0...min(head.count - marker.count, 4096)
    where head[start..<(start + marker.count)].elementsEqual(marker) {
      head.removeFirst(start + marker.count)
      return true
    }
    return false
  }

  /// Head, a line that tells how much was left out, tail; invalid UTF-8 is replaced.
  var text: String {
    let end = tail[next...] + tail[..<next]
    if elided == 0 { return String(decoding: head + end, as: UTF8.self) }
    // A character cut in two at a seam would become a replacement character.
    let first = head.droppingPartialEnd
    let last = end.drop { $0 & 0xC0 == 0x80 }
    return String(decoding: first, as: UTF8.self) + Self.note(elided)
      + String(decoding: last, as: UTF8.self)
  }

  /// Stands in the middle of ``text`` where so many bytes were left out.
  static func note(_ elided: Int) -> String { "\n[\(elided) bytes left out]\n" }
}

extension [UInt8] {
  /// Without an incomplete UTF-8 sequence at the end.
  var droppingPartialEnd: ArraySlice<UInt8> {
    var start = endIndex
    while start > startIndex, endIndex - start < 4 {
      start -= 1
      let byte = self[start]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return endIndex - start < length ? self[..<start] : self[...]
    }
    return self[...]
  }
}
