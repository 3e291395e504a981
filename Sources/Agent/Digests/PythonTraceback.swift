/// What a Python traceback says: its exceptions, the first raised first.
struct PythonTraceback {
  /// One exception of a chain and the way to where it was raised.
  struct Link {
    /// Outermost first.
    var frames: [Failure.Frame] = []
    /// "ValueError: bad", the first line.
    var exception = ""
    /// Further lines of the exception's message.
    var message: [String] = []
  }

  private(set) var links: [Link] = []

  /// Lines of an exception's message that are kept.
  private static let messageLines = 200
  /// Characters of a source line, or of a statement of several lines, that are kept.
  private static let sourceCharacters = 400

  private static let header = "Traceback (most recent call last):"
  private static let groupHeader = "+ Exception Group Traceback (most recent call last):"

  /// The first failure's traceback; nil if the text holds none.
  static func read(_ lines: [Substring], in repository: RepositoryView) -> Failure? {
    PythonTraceback(lines)?.failure(repository)
  }

  private init?(_ lines: [Substring]) {
    if let index = lines.firstIndex(where: { $0.hasSuffix("(most recent call first):") }) {
      readFatal(lines, at: index)
    } else if let index = lines.firstIndex(where: {
      $0.hasPrefix(Self.header) || $0.hasSuffix(Self.groupHeader)
    }) {
      let isGroup = lines[index].hasSuffix(Self.groupHeader)
      let body = isGroup ? Self.firstLeaf(lines[index...]) : lines[index...]
      readChain(body)
    } else if let index = lines.firstIndex(where: { Self.frame($0) != nil }) {
      // A syntax error that the compiler itself reports, or a traceback whose beginning is lost.
      readLink(lines[index...])
    }
    guard let last = links.last, !last.exception.isEmpty else { return nil }
  }

  // MARK: Reading

  private mutating func readChain(_ lines: ArraySlice<Substring>) {
    var rest = lines
    while rest.first?.contains("most recent call last") == true {
      rest = readLink(rest.dropFirst())
      while rest.first?.isEmpty == true { rest = rest.dropFirst() }
      guard rest.first.map(Self.joinsExceptions) == true else { return }
      rest = rest.dropFirst().drop { $0.isEmpty }
    }
  }

  static func joinsExceptions(_ line: Substring) -> Bool {
    line.hasPrefix("During handling of the above exception")
      || line.hasPrefix("The above exception was the direct cause")
  }

  /// Reads the frames and the exception below a header; returns what follows.
  @discardableResult
  private mutating func readLink(_ lines: ArraySlice<Substring>) -> ArraySlice<Substring> {
    var link = Link()
    // Below an elision, and in the line right below it: that one has lost its beginning.
    var (isCut, isRest) = (false, false)
    var index = lines.startIndex
    while index < lines.endIndex {
      let line = lines[index]
      defer { isRest = DigestText.isElision(line) }
      if DigestText.isElision(line) {
        isCut = true
      } else if let frame = Self.frame(line) {
        link.frames.append(frame)
      } else if line.hasPrefix("    ") {
        Self.add(line, to: &link.frames)
      } else if !line.isEmpty, line.first != " ",
        !isCut || Self.looksLikeException(line, isRest: isRest)
      {
        link.exception = String(line)
        index += 1
        break
      }
      index += 1
    }
    while index < lines.endIndex, !Self.endsMessage(lines[index]) {
      if link.message.count < Self.messageLines { link.message.append(String(lines[index])) }
      index += 1
    }
    if !link.exception.isEmpty { links.append(link) }
    return lines[index...]
  }

  private static func endsMessage(_ line: Substring) -> Bool {
    joinsExceptions(line) || line.hasPrefix(header) || line == "Stdout:" || line == "Stderr:"
      || (line.utf8.count == 70 && line.allSatisfy { $0 == "=" || $0 == "-" })
  }

  /// "KeyError: 'x'" or "calc.Error", and not the rest of a line that was cut.
  private static func looksLikeException(_ line: Substring, isRest: Bool) -> Bool {
    let name = line.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
    let rest = line[name.endIndex...]
    return name.first?.isLetter == true && (rest.isEmpty && !isRest || rest.hasPrefix(": "))
  }

  /// A source line, or a further one of the same statement; the marks below it say nothing in text.
  private static func add(_ line: Substring, to frames: inout [Failure.Frame]) {
    guard let last = frames.indices.last, !line.allSatisfy({ " ~^".contains($0) }),
      frames[last].source.count < sourceCharacters
    else { return }
    let text = line.trimmed
    if frames[last].source.isEmpty {
      frames[last].source = text
    } else if frames[last].function != nil {
      frames[last].source += (frames[last].source.last == "(" ? "" : " ") + text
    }
  }

  /// `  File "a.py", line 7, in f`; faulthandler leaves the comma out.
  static func frame(_ line: Substring) -> Failure.Frame? {
    let line = line.drop { $0 == " " }
    guard line.hasPrefix("File \"") else { return nil }
    let rest = line.dropFirst(6)
    guard let end = rest.firstRange(of: "\", line ") else { return nil }
    let after = rest[end.upperBound...]
    let digits = after.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let name = after.dropFirst(digits.count).drop { $0 == "," }
    return Failure.Frame(
      path: String(rest[..<end.lowerBound]), line: number,
      function: name.hasPrefix(" in ") ? String(name.dropFirst(4)) : nil)
  }

  /// faulthandler's report: why the process died, then frames, innermost first.
  private mutating func readFatal(_ lines: [Substring], at index: Int) {
    let mark = "Fatal Python error: "
    guard
      let reason = lines[..<index].last(where: { $0.contains(mark) || $0.hasPrefix("Timeout (") })
    else { return }
    var link = Link()
    link.frames = lines[(index + 1)...].lazy.map(Self.frame).prefix { $0 != nil }.compactMap(\.self)
    link.frames.reverse()
    link.exception = String(
      reason[(reason.firstRange(of: mark)?.lowerBound ?? reason.startIndex)...])
    links = [link]
  }

  /// The lines of the first exception in a group that isn't a group itself, without margins.
  private static func firstLeaf(_ lines: ArraySlice<Substring>) -> ArraySlice<Substring> {
    var sections: [[Substring]] = [[]]
    for line in lines {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("+-") {
        sections.append([])
      } else if text.hasPrefix("|") {
        sections[sections.count - 1].append(
          text.dropFirst().hasPrefix(" ") ? text.dropFirst(2) : "")
      } else if text.hasPrefix("+ ") {
        sections[sections.count - 1].append(text.dropFirst(2))
      } else {
        break
      }
    }
    let leaf = sections.dropFirst().first { section in
      !section.isEmpty && !section.contains { $0.hasPrefix("Exception Group Traceback") }
    }
    guard var leaf = leaf ?? sections.first else { return [] }
    if leaf.first?.contains("most recent call last") != true { leaf.insert(header[...], at: 0) }
    return leaf[...]
  }

  // MARK: Meaning

  private func failure(_ repository: RepositoryView) -> Failure? {
    guard let last = links.last else { return nil }
    var failure = PythonFailure.make(last, repository)
    if links.count > 1 { failure.cause = links.first?.exception }
    return failure
  }
}
