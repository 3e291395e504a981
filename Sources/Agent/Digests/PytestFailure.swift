/// Reads pytest's own form of a failure, `--tb=long` and `--tb=short`: `>` marks the source line, `E`
/// the exception, and `path:line:` a frame.
struct PytestFailure {
  private var links: [PythonTraceback.Link] = []
  private var link = PythonTraceback.Link()
  /// The statement at `>`, for the frame that is named below it.
  private var statement = ""
  /// Whether the last line was part of that statement, of an exception, or of a frame's source.
  private var open = Open.nothing

  private enum Open { case nothing, statement, exception, frame }

  /// Nil if no line is marked as pytest marks an exception.
  static func read(_ lines: [Substring], in repository: RepositoryView) -> Failure? {
    guard lines.contains(where: isException) else { return nil }
    var reader = PytestFailure()
    for line in lines {
      if line.hasPrefix("-----"), line.contains(" Captured ") { break }
      // The next test's title: only the first failure is told.
      if line.hasPrefix("____") || line.hasPrefix("====") {
        if !reader.link.exception.isEmpty { break }
        reader = PytestFailure()
      }
      reader.read(line)
    }
    reader.endLink()
    guard let last = reader.links.last else { return nil }
    var failure = PythonFailure.make(last, repository)
    if reader.links.count > 1 { failure.cause = reader.links.first?.exception }
    return failure
  }

  private static func isException(_ line: Substring) -> Bool { line.hasPrefix("E   ") }

  private mutating func read(_ line: Substring) {
    if Self.isException(line) {
      readException(line.dropFirst(4))
    } else if line.hasPrefix(">") {
      guard open != .exception else { return }
      statement = line.dropFirst().trimmed
      open = .statement
    } else if let frame = Self.frame(line) {
      link.frames.append(frame)
      if frame.source.isEmpty { link.frames[link.frames.count - 1].source = statement }
      statement = ""
      open = .frame
    } else if PythonTraceback.joinsExceptions(line) {
      endLink()
    } else {
      readOther(line)
    }
  }

  private mutating func readException(_ text: Substring) {
    let isPlace = link.exception.isEmpty && text.hasPrefix(" ")
    if isPlace, let frame = PythonTraceback.frame(text) {
      link.frames.append(frame)
    } else if isPlace, let last = link.frames.indices.last, link.frames[last].function == nil,
      link.frames[last].source.isEmpty
    {
      link.frames[last].source = text.trimmed
    } else if isPlace, text.allSatisfy({ " ^~".contains($0) }) {
      return
    } else if link.exception.isEmpty {
      link.exception = text.trimmed
    } else {
      link.message.append(text.trimmed)
    }
    open = .exception
  }

  /// The rest of a statement of several lines, or the source line below a short frame.
  private mutating func readOther(_ line: Substring) {
    let isMark = line.allSatisfy { " ~^".contains($0) }
    switch open {
    case .statement where line.isEmpty: open = .nothing
    case .statement where !isMark && statement.utf8.count < 400:
      statement += " " + line.trimmed
    case .frame where line.hasPrefix("    ") && !isMark:
      if let last = link.frames.indices.last, link.frames[last].source.isEmpty {
        link.frames[last].source = line.trimmed
      }
      open = .nothing
    default: break
    }
  }

  private mutating func endLink() {
    if !link.exception.isEmpty { links.append(link) }
    link = PythonTraceback.Link()
    (statement, open) = ("", .nothing)
  }

  /// `calc.py:6: ValueError`, `calc.py:6: in mean` and `/a/test_x.py:3`.
  private static func frame(_ line: Substring) -> Failure.Frame? {
    guard line.first != " ", let mark = line.firstRange(of: ".py:") else { return nil }
    let rest = line[mark.upperBound...]
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let after = rest[digits.endIndex...]
    guard after.isEmpty || after.hasPrefix(":") else { return nil }
    return Failure.Frame(
      path: line[..<mark.lowerBound] + ".py", line: number,
      function: after.hasPrefix(": in ") ? String(after.dropFirst(5)) : nil)
  }
}
