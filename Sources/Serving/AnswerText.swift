/// An answer's text as it grows: whole characters only, and nothing of what may become a stop string.
package struct AnswerText: Sendable {
  private let stops: [[UInt8]]
  /// Where the text ends with the object that it begins with.
  private var object: ObjectEnd?
  private var held: [UInt8] = []
  /// Whether a stop string was reached, which isn't part of the text, or the object's end.
  package private(set) var isStopped = false

  /// - endsWithObject: whether nothing may come after a JSON object that the text begins with.
  package init(stops: [String], endsWithObject: Bool = false) {
    self.stops = stops.map { Array($0.utf8) }
    object = endsWithObject ? ObjectEnd() : nil
  }

  /// What can be shown now that `bytes` have come.
  package mutating func append(_ bytes: [UInt8]) -> String {
    guard !isStopped else { return "" }
    let before = held.count
    held += bytes
    var ends = stops.compactMap { stop in Self.place(of: stop, in: held) }
    if let end = object?.find(in: bytes) { ends.append(before + end) }
    if let end = ends.min() {
      isStopped = true
      return take(end)
    }
    let kept = max(beginningOfStop, Self.incompleteTail(held))
    return take(held.count - kept)
  }

  /// What is still held back when no more comes.
  package mutating func flush() -> String { isStopped ? "" : take(held.count) }

  private mutating func take(_ count: Int) -> String {
    let text = String(decoding: held[..<count], as: UTF8.self)
    held.removeFirst(count)
    return text
  }

  /// How much of the end a stop string may begin with.
  private var beginningOfStop: Int {
    stops.reduce(0) { longest, stop in
      let lengths = 1..<max(1, min(stop.count, held.count + 1))
      return max(longest, lengths.last { held.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0)
    }
  }

  private static func place(of stop: [UInt8], in text: [UInt8]) -> Int? {
    guard stop.count <= text.count else { return nil }
    return (0...(text.count - stop.count)).first { start in
      text[start] == stop[0] && text[start..<(start + stop.count)].elementsEqual(stop)
    }
  }

  /// Bytes at the end of a character whose rest is still to come.
  private static func incompleteTail(_ bytes: [UInt8]) -> Int {
    for back in 1...4 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > back ? back : 0
    }
    return 0
  }
}
