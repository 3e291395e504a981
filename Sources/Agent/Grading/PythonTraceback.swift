/// What a Python traceback says: the last of a chain.
struct PythonTraceback {
  struct Frame: Equatable {
    var path: String
    var line: Int
    /// Nil for the place of a syntax error.
    var function: String?
    var source: String
  }

  var frames: [Frame] = []
  /// "ValueError: bad", the first line.
  var exception = ""
  /// Further lines of the exception's message.
  var message: [String] = []

  /// Nil if the text holds no traceback.
  init?(_ text: String) {
    let lines = TextLines.split(text)
    let start =
      lines.lastIndex { $0.hasPrefix("Traceback (most recent call last):") }
      ?? lines.firstIndex { $0.hasPrefix("  File \"") }.map { $0 - 1 }
    guard let start else {
      readPytest(lines)
      if exception.isEmpty { return nil }
      return
    }
    var index = start + 1
    while index < lines.count, lines[index].hasPrefix(" ") || lines[index].isEmpty {
      if let frame = Self.frame(lines[index]) {
        frames.append(frame)
      } else if let last = frames.indices.last, frames[last].source.isEmpty,
        lines[index].hasPrefix("    ")
      {
        frames[last].source = lines[index].trimmed
      }
      index += 1
    }
    guard index < lines.count else { return nil }
    exception = lines[index].trimmed
    for line in lines[(index + 1)...] {
      if line.hasPrefix("During handling of") || line == "Stdout:" || line == "Stderr:" { break }
      message.append(String(line))
    }
  }

  /// pytest's own form: `>` marks the source line, `E` the exception, and `path:line: Type` ends a frame.
  private mutating func readPytest(_ lines: [Substring]) {
    var source = ""
    var inException = false
    for line in lines {
      if line.hasPrefix("----") { break }
      if line.hasPrefix("E   ") {
        let text = line.dropFirst(4).trimmed
        if inException { message.append(text) } else { (exception, message) = (text, []) }
        inException = true
        continue
      }
      inException = false
      if line.hasPrefix(">") { source = line.dropFirst().trimmed }
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      if parts.count == 3, parts[0].hasSuffix(".py"), let number = Int(parts[1]) {
        frames.append(Frame(path: String(parts[0]), line: number, function: nil, source: source))
      }
    }
  }

  /// `  File "a.py", line 7, in f`.
  private static func frame(_ line: Substring) -> Frame? {
    let line = line.drop { $0 == " " }
    guard line.hasPrefix("File \"") else { return nil }
    let rest = line.dropFirst(6)
    guard let end = rest.firstRange(of: "\", line ") else { return nil }
    let after = rest[end.upperBound...]
    let digits = after.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let function = after.dropFirst(digits.count)
    return Frame(
      path: String(rest[..<end.lowerBound]), line: number,
      function: function.hasPrefix(", in ") ? String(function.dropFirst(5)) : nil, source: "")
  }

  /// The two sides of a failed equality as (got, expected), if the message gives them.
  ///
  /// unittest calls them first and second; the one whose argument is written as a literal in the test is
  /// what was expected, and where that doesn't tell, the second.
  var values: (got: String, expected: String)? {
    guard let colon = exception.firstRange(of: "AssertionError: ") else { return nil }
    var text = exception[colon.upperBound...]
    if let differ = text.firstRange(of: " differ: "), !text[..<differ.lowerBound].contains(" ") {
      text = text[differ.upperBound...]
    }
    let parts = text.ranges(of: " != ")
    guard parts.count == 1, let middle = parts.first else { return nil }
    let first = String(text[..<middle.lowerBound])
    var second = String(text[middle.upperBound...])
    if let note = second.firstRange(of: " : ") { second = String(second[..<note.lowerBound]) }
    guard let arguments = assertedArguments, Self.isLiteral(arguments.0),
      !Self.isLiteral(arguments.1)
    else { return (first, second) }
    return (second, first)
  }

  /// The first two arguments of the innermost `assert…(a, b)` as written.
  private var assertedArguments: (String, String)? {
    guard let source = frames.last(where: { $0.source.contains("assert") })?.source,
      let open = source.firstIndex(of: "(")
    else { return nil }
    var arguments: [String] = [""]
    var depth = 0
    var quote: Character?
    for character in source[source.index(after: open)...] {
      if let mark = quote {
        if character == mark { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if "([{".contains(character) {
        depth += 1
      } else if ")]}".contains(character) {
        depth -= 1
        if depth < 0 { break }
      } else if character == ",", depth == 0 {
        arguments.append("")
        continue
      }
      arguments[arguments.count - 1].append(character)
    }
    guard arguments.count >= 2 else { return nil }
    return (arguments[0][...].trimmed, arguments[1][...].trimmed)
  }

  private static func isLiteral(_ text: String) -> Bool {
    guard let first = text.first else { return false }
    if ["None", "True", "False"].contains(text) { return true }
    if text.hasSuffix(")"), first != "(" { return false }
    return first.isNumber || "'\"[{(-".contains(first)
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
