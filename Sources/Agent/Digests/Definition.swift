/// Where a function or class is defined: what a failed comparison needs that has no frame in the
/// repository's own code.
public struct Definition: Sendable, Equatable {
  /// Relative to the repository's root.
  public var path: String
  /// From 1.
  public var line: Int
  /// The line's text, trimmed.
  public var source: String

  public init(path: String, line: Int, source: String) {
    self.path = path
    self.line = line
    self.source = source
  }

  /// The names that an expression calls, the one that gives its value first: "table", "load" of
  /// `report.table(load(path))`, and "times", "Money" of `Money(50).times(2)`.
  static func names(in call: String) -> [String] {
    var found: [(depth: Int, name: String)] = []
    var depth = 0
    var name = ""
    for character in call {
      if character == "(", !name.isEmpty { found.append((depth, name)) }
      if "([{".contains(character) { depth += 1 }
      if ")]}".contains(character) { depth -= 1 }
      let isPart = character.isLetter || character == "_" || (!name.isEmpty && character.isNumber)
      name = isPart ? name + String(character) : ""
    }
    let ordered = found.enumerated().sorted { first, second in
      (first.element.depth, -first.offset) < (second.element.depth, -second.offset)
    }
    return ordered.prefix(4).map(\.element.name)
  }

  /// All definitions of a name in a file, as Python, C, JavaScript and shells write them.
  package static func all(of name: String, in text: String, path: String) -> [Definition] {
    guard text.contains(name + "(") || text.contains("class " + name) else { return [] }
    var found: [Definition] = []
    for (index, line) in TextLines.split(text).enumerated() where line.contains(name) {
      guard defines(name, line, path) else { continue }
      found.append(Definition(path: path, line: index + 1, source: line.trimmed))
    }
    return found
  }

  private static func defines(_ name: String, _ line: Substring, _ path: String) -> Bool {
    let text = line.trimmed
    if path.hasSuffix(".py") {
      for word in ["def ", "async def ", "class "] where text.hasPrefix(word + name) {
        let next = text.dropFirst(word.count + name.count).first
        return next == "(" || next == ":"
      }
      return false
    }
    if text.hasPrefix("function \(name)") || text.hasPrefix("\(name)()") { return true }
    // C: at the margin, a type before the name, and no prototype.
    guard path.hasSuffix(".c") || path.hasSuffix(".h"), let first = line.first,
      first.isLetter || first == "_", let place = line.firstRange(of: name + "(")
    else { return false }
    let before = line[..<place.lowerBound].last
    return (before == " " || before == "*") && !text.hasSuffix(";") && !text.hasPrefix("return ")
  }
}
