/// Python source taken apart at its top level: outside of brackets and quotes.
enum PythonExpression {
  /// The parts between commas; nil if brackets or quotes don't close, as where a line was cut.
  static func arguments(_ text: Substring) -> [String]? {
    split(text, at: ",").map { $0.map { $0[...].trimmed } }
  }

  /// Both sides of an operator that stands exactly once at the top level, such as " == ".
  static func sides(_ text: Substring, of operation: String) -> (String, String)? {
    guard let parts = split(text, at: operation), parts.count == 2 else { return nil }
    return (parts[0][...].trimmed, parts[1][...].trimmed)
  }

  /// The text within the parentheses that open first, even if they don't close.
  static func parenthesized(_ text: Substring) -> Substring? {
    guard let open = text.firstIndex(of: "(") else { return nil }
    let inside = text[text.index(after: open)...]
    var scanner = Scanner()
    for index in inside.indices {
      scanner.read(inside[index])
      if scanner.depth < 0 { return inside[..<index] }
    }
    return inside
  }

  /// A value written out in the test itself: what it expects.
  static func isLiteral(_ text: String) -> Bool {
    guard let first = text.first else { return false }
    if ["None", "True", "False"].contains(text) { return true }
    if text.hasSuffix(")"), first != "(" { return false }
    // A list that is computed, or that holds a call, isn't written out.
    if text.contains(" for "), "[({".contains(first) { return false }
    if "[({".contains(first), text.contains(/[A-Za-z_]\(/) { return false }
    return first.isNumber || "'\"[{(-".contains(first)
  }

  /// Whether evaluating it does something: a name alone tells nothing.
  static func isTelling(_ text: String) -> Bool {
    text.contains { "([.+-*/%".contains($0) } && !isLiteral(text)
  }

  private static func split(_ text: Substring, at separator: String) -> [String]? {
    var parts: [String] = []
    var part = text.startIndex
    var scanner = Scanner()
    var index = text.startIndex
    while index < text.endIndex {
      if scanner.isTopLevel, text[index...].hasPrefix(separator) {
        parts.append(String(text[part..<index]))
        index = text.index(index, offsetBy: separator.count)
        part = index
        continue
      }
      scanner.read(text[index])
      index = text.index(after: index)
    }
    guard scanner.isTopLevel else { return nil }
    let last = String(text[part...])
    // A trailing comma ends the list.
    if !(separator == "," && last.allSatisfy(\.isWhitespace)) { parts.append(last) }
    return parts
  }

  private struct Scanner {
    var depth = 0
    private var quote: Character?
    private var escaped = false

    var isTopLevel: Bool { depth == 0 && quote == nil }

    mutating func read(_ character: Character) {
      if escaped {
        escaped = false
      } else if let mark = quote {
        if character == "\\" { escaped = true }
        if character == mark { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if "([{".contains(character) {
        depth += 1
      } else if ")]}".contains(character) {
        depth -= 1
      }
    }
  }
}
