/// Reads the diagnostics of the Test Anything Protocol: lines behind `#` as Perl's Test::More, shell
/// and C harnesses write them, and YAML blocks as node writes them.
struct TAPDiagnostic {
  private var failure = Failure()
  /// The field that further lines belong to.
  private var field: Field?
  private var isYAML = false
  /// What stands there without a field's name.
  private var plain: [String] = []

  private enum Field { case expected, got, error, stack, ignored }

  private static let names: [String: Field] = [
    "got": .got, "actual": .got, "received": .got, "found": .got, "have": .got,
    "expected": .expected, "wanted": .expected, "want": .expected,
    "error": .error, "message": .error, "stack": .stack,
  ]

  /// Nil if there is neither a `#` line nor a YAML block. Of several of Test::More's failures, the
  /// first is read and the others are counted.
  static func read(_ lines: [Substring]) -> Failure? {
    if lines.contains(where: { $0.trimmed == "---" }) { return readYAML(lines) }
    let start = lines.firstIndex(where: isTitle)
    let block = lines[(start ?? 0)...]
    var reader = TAPDiagnostic()
    var others = 0
    var isFirst = true
    for (index, line) in block.enumerated() where line.hasPrefix("#") {
      if index > 0, start != nil, isTitle(line) {
        isFirst = false
        others += 1
      }
      if isFirst, !line.hasPrefix("# Looks like ") {
        reader.read(line.dropFirst())
      }
    }
    guard var failure = reader.finished else { return nil }
    failure.others = others
    return failure
  }

  private static func isTitle(_ line: Substring) -> Bool { line.hasPrefix("#   Failed test") }

  private mutating func read(_ line: Substring) {
    let text = line.trimmed
    if Self.isTitle("#" + line) || text.isEmpty { return }
    if let frame = Self.perlPlace(text), plain.isEmpty, field == nil {
      failure.frames = [frame]
    } else if let (name, value) = Self.pair(text), let field = Self.names[name] {
      begin(field, value)
    } else if let (name, value) = Self.structurePart(text) {
      begin(name == "$got" ? .got : .expected, value)
      failure.difference = "at " + text.prefix { $0 != " " }.drop { $0 != "-" && $0 != "[" }
    } else if text.hasSuffix("begin differing at:") {
      return
    } else if field != nil {
      add(text)
    } else if !readComparison(text) {
      plain.append(text)
    }
  }

  /// `name: value`, where the name is one word.
  private static func pair(_ text: String) -> (name: String, value: String)? {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let name = text[..<colon]
    guard name.allSatisfy({ $0.isLetter || $0 == "_" }) else { return nil }
    return (name.lowercased(), text[text.index(after: colon)...].trimmed)
  }

  /// `$got->[2] = '5'`.
  private static func structurePart(_ text: String) -> (name: String, value: String)? {
    guard text.hasPrefix("$"), let mark = text.firstRange(of: " = ") else { return nil }
    let name = text.prefix { $0 != "-" && $0 != " " && $0 != "[" && $0 != "{" }
    guard name == "$got" || name == "$expected" else { return nil }
    return (String(name), text[mark.upperBound...].trimmed)
  }

  /// `at t/calc.t line 8.`
  private static func perlPlace(_ text: String) -> Failure.Frame? {
    guard text.hasPrefix("at "), let mark = text.firstRange(of: " line ") else { return nil }
    guard let line = Int(text[mark.upperBound...].prefix { $0.isNumber }) else { return nil }
    let path = text[..<mark.lowerBound].dropFirst(3)
    return Failure.Frame(path: String(path), line: line)
  }

  /// `t.c:7: clamp(9, 2, 4) is 2, expected 4` and `t.c:9: not true: is_sorted(list)`.
  private mutating func readComparison(_ text: String) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 2)
    guard plain.isEmpty, parts.count == 3, let line = Int(parts[1]), !parts[0].contains(" ") else {
      return false
    }
    let said = parts[2].trimmed
    if let wanted = said.ranges(of: ", expected ").last,
      let equals = said[..<wanted.lowerBound].ranges(of: " is ").last
    {
      failure.call = String(said[..<equals.lowerBound])
      failure.got = String(said[equals.upperBound..<wanted.lowerBound])
      failure.expected = String(said[wanted.upperBound...])
    } else {
      failure.error = said
    }
    failure.frames = [Failure.Frame(path: String(parts[0]), line: line)]
    return true
  }

  // MARK: YAML

  private static func readYAML(_ lines: [Substring]) -> Failure? {
    guard let start = lines.firstIndex(where: { $0.trimmed == "---" }) else { return nil }
    var reader = TAPDiagnostic()
    reader.isYAML = true
    let indent = lines[start].prefix { $0 == " " || $0 == "#" }.count
    for line in lines[(start + 1)...] {
      if line.trimmed == "..." { break }
      let depth = line.prefix { $0 == " " || $0 == "#" }.count
      if depth == indent, let (name, value) = pair(line.dropFirst(indent).trimmed) {
        reader.begin(names[name] ?? .ignored, value)
      } else {
        reader.add(line.trimmed)
      }
    }
    return reader.finished
  }

  private mutating func begin(_ field: Field, _ value: String) {
    self.field = field
    if value.isEmpty || (isYAML && ["|", "|-", ">", ">-"].contains(value)) { return }
    let isQuoted = value.count > 1 && value.first == "\"" && value.last == "\""
    add(isYAML && isQuoted ? String(value.dropFirst().dropLast()) : value)
  }

  private mutating func add(_ text: String) {
    func joined(_ old: String?) -> String {
      guard let old else { return text }
      return text.isEmpty ? old : old + " | " + text
    }
    switch field {
    case .expected: failure.expected = joined(failure.expected)
    case .got: failure.got = joined(failure.got)
    case .error: failure.error = joined(failure.error)
    case .stack: if let frame = Self.stackFrame(text) { failure.frames.insert(frame, at: 0) }
    case .ignored, nil: break
    }
  }

  /// `TestContext.<anonymous> (/workspace/test_add.js:8:10)`, innermost first.
  private static func stackFrame(_ text: String) -> Failure.Frame? {
    guard let open = text.lastIndex(of: "("), text.hasSuffix(")") else { return nil }
    let parts = text[text.index(after: open)...].dropLast().split(separator: ":")
    guard parts.count >= 3, let line = Int(parts[parts.count - 2]) else { return nil }
    let path = parts.dropLast(2).joined(separator: ":")
    let isCode = !path.hasPrefix("node:")
    let name = text[..<open].trimmed
    return isCode
      ? Failure.Frame(path: path, line: line, function: name.contains("<") ? nil : name) : nil
  }

  private var finished: Failure? {
    var failure = failure
    if failure.got != nil, failure.expected != nil {
      // The message says the same again.
      failure.error = nil
    } else if failure.error == nil, !plain.isEmpty {
      failure.error = plain.prefix(4).joined(separator: " | ")
    }
    let isEmpty = failure.error == nil && failure.got == nil && failure.expected == nil
    return isEmpty ? nil : failure
  }
}
