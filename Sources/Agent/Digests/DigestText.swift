/// A tool's output made fit for reading: bounded, without what terminals interpret.
///
/// Everything a digest quotes goes through here, so the work is linear in the output's bytes and
/// small after the first pass, whatever a program under test prints.
package struct DigestText {
  package let lines: [Substring]

  /// Bytes kept of the beginning and of the end; failures are told at either.
  private static let head = 96 << 10
  private static let tail = 160 << 10
  /// Bytes kept of one line.
  private static let line = 4 << 10

  package init(_ text: String) {
    lines = TextLines.split(TextLines.withoutEscapes(Self.bounded(text))).map(Self.cleaned)
  }

  /// Head and tail at line ends, with a mark between them where something is missing.
  private static func bounded(_ text: String) -> String {
    let bytes = text.utf8
    guard bytes.count > head + tail else { return text }
    let first = bytes.prefix(head)
    let last = bytes.suffix(tail)
    let newline = UInt8(ascii: "\n")
    let end = first.lastIndex(of: newline) ?? first.endIndex
    let start = last.firstIndex(of: newline).map { last.index(after: $0) } ?? last.startIndex
    return String(decoding: first[..<end], as: UTF8.self) + "\n\(elision)\n"
      + String(decoding: last[start...], as: UTF8.self)
  }

  static let elision = "[...]"

  /// Whether a line stands for what the sandbox, a test runner or this type left out.
  static func isElision(_ line: Substring) -> Bool {
    line.hasPrefix("[") && (line == elision || line.hasSuffix(" left out]"))
  }

  /// What a terminal would show in the end: after the last carriage return, without control
  /// characters; and not more than fits.
  private static func cleaned(_ line: Substring) -> Substring {
    var bytes = line.utf8
    let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    if isPlain, bytes.count <= Self.line { return line }
    if let overwritten = bytes.lastIndex(of: UInt8(ascii: "\r")) {
      bytes = bytes[bytes.index(after: overwritten)...]
    }
    guard bytes.count > Self.line else {
      return Substring(
        String(decoding: bytes.filter { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }, as: UTF8.self))
    }
    let half = Self.line / 2
    let visible = { (part: Substring.UTF8View) in
      String(decoding: part.filter { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }, as: UTF8.self)
    }
    return Substring(visible(bytes.prefix(half)) + "…" + visible(bytes.suffix(half)))
  }

  /// Without what differs from run to run: addresses of objects, names of temporary files.
  static func stable(_ text: String) -> String {
    guard text.contains(" at 0x") || text.contains("/tmp/tmp") else { return text }
    return text.replacing(#/ at 0x[0-9a-f]{6,16}\b/#, with: " at 0x…")
      .replacing(#/\/tmp\/tmp[a-z0-9_]{8}\b/#, with: "/tmp/tmp…")
  }
}

extension Substring {
  /// Without white space at both ends.
  var trimmed: String {
    var text = drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
