/// A Python module cut at its top-level statements, so that test functions can be taken out.
struct TestModule: Sendable {
  private struct Statement: Sendable {
    var lines: [Substring] = []
    /// The test function that it defines, if it does.
    var function: String?
  }

  private var statements = [Statement()]

  init(_ text: String) {
    var isDecorated = false
    var quotes: Substring?
    for line in TextLines.split(text) {
      if quotes == nil, Self.begins(line) {
        if !isDecorated { statements.append(Statement()) }
        isDecorated = line.hasPrefix("@")
        if let match = line.prefixMatch(of: #/(?:async +)?def +(test\w*)/#) {
          statements[statements.count - 1].function = String(match.1)
        }
      }
      statements[statements.count - 1].lines.append(line)
      quotes = Self.open(quotes, after: line)
    }
  }

  /// The names of the test functions, in order.
  var functions: [String] { statements.compactMap(\.function) }

  /// The module with no other test functions than these.
  func text(of functions: [String]) -> String {
    statements.filter { $0.function.map(functions.contains) ?? true }
      .flatMap(\.lines).joined(separator: "\n")
  }

  /// Whether a line that isn't inside a text begins a statement.
  private static func begins(_ line: Substring) -> Bool {
    line.first.map { !$0.isWhitespace && !")]}#".contains($0) } ?? false
  }

  /// The triple quotes that are open after a line.
  private static func open(_ quotes: Substring?, after line: Substring) -> Substring? {
    var quotes = quotes
    var rest = line
    while true {
      if let open = quotes {
        guard let end = rest.firstRange(of: open) else { return open }
        rest = rest[end.upperBound...]
        quotes = nil
      } else {
        guard let match = rest.firstMatch(of: #/"""|'''/#) else { return nil }
        rest = rest[match.range.upperBound...]
        quotes = match.output
      }
    }
  }
}
