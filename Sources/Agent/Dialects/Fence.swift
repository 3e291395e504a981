/// Raw text between marker lines: how the compact dialect carries contents without escaping.
///
/// ```
/// <<<
/// old lines
/// ===
/// new lines
/// >>>
/// ```
/// Contents are whole lines, each with its newline. A closing marker that ends in `-` (`===-`,
/// `>>>-`) says that the newline before it isn't part of the contents, so text without a final
/// newline survives. When the contents have a line that looks like a marker, all markers of the
/// block grow (`<<<<`, `====`, `>>>>`) until none does.
enum Fence {
  static let opening = UInt8(ascii: "<")
  static let separator = UInt8(ascii: "=")
  static let closing = UInt8(ascii: ">")
  private static let shortest = 3

  /// Writes `sections` between markers: one section for `create`, two for `edit`.
  static func render(_ sections: [String]) -> String {
    let count = length(for: sections)
    var text = marker(opening, count) + "\n"
    for (index, section) in sections.enumerated() {
      text += section
      let isWhole = section.isEmpty || section.utf8.last == UInt8(ascii: "\n")
      if !isWhole { text += "\n" }
      let isLast = index == sections.count - 1
      text += marker(isLast ? closing : separator, count) + (isWhole ? "" : "-")
      if !isLast { text += "\n" }
    }
    return text
  }

  /// Whether a block begins with this line.
  static func isOpening(_ line: ArraySlice<UInt8>) -> Bool { Marker(line, of: opening) != nil }

  /// The marker made of `character`, for messages.
  static func marker(_ character: UInt8, _ count: Int) -> String {
    String(repeating: String(UnicodeScalar(character)), count: count)
  }

  /// The shortest marker that no line of `sections` could be taken for.
  private static func length(for sections: [String]) -> Int {
    var taken: Set<Int> = []
    for section in sections {
      for line in section.utf8.split(separator: UInt8(ascii: "\n")) {
        for character in [opening, separator, closing] {
          if let found = Marker(line, of: character) { taken.insert(found.count) }
        }
      }
    }
    var count = shortest
    while taken.contains(count) { count += 1 }
    return count
  }

  /// A line that consists of one repeated character, perhaps `-`, and blanks at its end.
  struct Marker {
    var count: Int
    /// The newline before the marker is not part of the contents.
    var dropsNewline: Bool

    init?(_ line: some BidirectionalCollection<UInt8>, of character: UInt8) {
      var end = line.endIndex
      while end > line.startIndex, isBlank(line[line.index(before: end)]) {
        end = line.index(before: end)
      }
      var body = line[..<end]
      dropsNewline = body.last == UInt8(ascii: "-")
      if dropsNewline { body = body.dropLast() }
      guard body.count >= shortest, body.allSatisfy({ $0 == character }) else { return nil }
      count = body.count
    }
  }
}

/// Space, tab or carriage return: what may stand at the end of a line without meaning anything.
func isBlank(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
}

/// Reads the sections of a fenced block from the lines of a reply.
struct FencedBlockReader {
  private var lines: ArraySlice<ArraySlice<UInt8>>
  private let count: Int

  /// - Parameter lines: what follows the action's first line.
  init(_ lines: ArraySlice<ArraySlice<UInt8>>) throws(FormatProblem) {
    let body = lines.drop { $0.allSatisfy(isBlank) }
    guard let first = body.first, let marker = Fence.Marker(first, of: Fence.opening) else {
      throw FormatProblem("the line after it must be <<<")
    }
    self.lines = body.dropFirst()
    count = marker.count
  }

  /// Reads up to the next marker of `character` and goes behind it.
  mutating func section(closedBy character: UInt8) throws(FormatProblem) -> String {
    for (offset, line) in lines.enumerated() {
      guard let marker = Fence.Marker(line, of: character), marker.count == count else { continue }
      var bytes = Array(lines.prefix(offset).joined(separator: [UInt8(ascii: "\n")]))
      if offset > 0, !marker.dropsNewline { bytes.append(UInt8(ascii: "\n")) }
      lines = lines.dropFirst(offset + 1)
      return String(decoding: bytes, as: UTF8.self)
    }
    let missing = Fence.marker(character, count)
    throw FormatProblem(
      "the block opened by \(Fence.marker(Fence.opening, count)) has no \(missing)")
  }

  /// Only blanks may follow the last marker.
  func expectEnd() throws(FormatProblem) {
    guard lines.allSatisfy({ $0.allSatisfy(isBlank) }) else {
      throw FormatProblem(
        "nothing may follow the closing \(Fence.marker(Fence.closing, count))"
          + " (if a line of the contents looks like it, use longer markers such as <<<<)")
    }
  }
}
