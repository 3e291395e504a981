/// A file's lines as bytes; what tools count, compare and show.
struct TextFile {
  let bytes: [UInt8]
  /// Without their line feeds; a line feed at the very end begins no further line.
  let lines: [ArraySlice<UInt8>]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    self.lines = lines
  }

  /// As git guesses it: a NUL near the beginning.
  var isBinary: Bool { bytes.prefix(8000).contains(0) }

  var usesCarriageReturns: Bool { lines.first?.last == 0x0D }

  /// The 1-based number of the line that holds a byte.
  func line(at offset: Int) -> Int { bytes[..<offset].count { $0 == 0x0A } + 1 }

  /// Lines `first...last` (1-based, cut to what there is) as "12|text".
  func window(_ first: Int, _ last: Int, width: Int) -> String {
    let range = max(first, 1)...max(min(last, lines.count), max(first, 1))
    return range.filter { $0 <= lines.count }.map { numbered($0, width: width) }
      .joined(separator: "\n")
  }

  /// "12|text", without a carriage return at the end and cut to a width.
  func numbered(_ number: Int, width: Int) -> String {
    NumberedLine(number: number, text: lines[number - 1].shown(width: width)).description
  }
}

/// A line as views print it, and as a try writes it: "12|text".
struct NumberedLine: CustomStringConvertible {
  var number: Int
  var text: String

  init(number: Int, text: String) {
    self.number = number
    self.text = text
  }

  /// Nil for a line that doesn't begin with digits and a bar.
  init?(_ line: String) {
    let bytes = line.utf8
    guard let bar = bytes.firstIndex(of: UInt8(ascii: "|")), bar > bytes.startIndex,
      bytes[..<bar].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(line[..<bar])
    else { return nil }
    self.init(number: number, text: String(line[bytes.index(after: bar)...]))
  }

  var description: String { "\(number)|\(text)" }
}

extension ArraySlice<UInt8> {
  /// As a line for a person: invalid UTF-8 replaced, too long ones cut.
  func shown(width: Int) -> String {
    let line = last == 0x0D ? dropLast() : self
    let text = String(decoding: line.prefix(width * 4 + 4), as: UTF8.self)
    let cut = text.unicodeScalars.prefix(width)
    return cut.count < text.unicodeScalars.count || line.count > width * 4 + 4
      ? String(String.UnicodeScalarView(cut)) + "…" : text
  }
}

extension String {
  /// At most about `limit` characters: whole lines of the beginning and of the end, and how many
  /// characters were left out between them.
  ///
  /// - missing: bytes that were left out of the middle before; what is said counts bytes then.
  package func headAndTail(_ limit: Int, missing: Int = 0) -> String {
    let scalars = unicodeScalars
    guard scalars.count > limit else { return self }
    let half = Swift.max(limit / 2 - 20, 1)
    var head = String(String.UnicodeScalarView(scalars.prefix(half)))
    var tail = String(String.UnicodeScalarView(scalars.suffix(half)))
    // Only where a line end is near: one long line is cut anywhere.
    if let end = head.lastIndex(where: \.isNewline),
      head.distance(from: end, to: head.endIndex) < 120
    {
      head = String(head[..<end])
    }
    if let end = tail.firstIndex(where: \.isNewline),
      tail.distance(from: tail.startIndex, to: end) < 120
    {
      tail = String(tail[tail.index(after: end)...])
    }
    if missing > 0 {
      let left = utf8.count - head.utf8.count - tail.utf8.count + missing
      return "\(head)\n[\(left) bytes left out]\n\(tail)"
    }
    let left = scalars.count - head.unicodeScalars.count - tail.unicodeScalars.count
    return "\(head)\n[\(left) characters left out]\n\(tail)"
  }
}

/// "1 line", "2 lines".
package func counted(_ number: Int, _ noun: String) -> String {
  number == 1 ? "1 \(noun)" : "\(number) \(noun.hasSuffix("ch") ? noun + "es" : noun + "s")"
}
