extension Toolbox {
  /// Replaces the only occurrence of `old` by `new`, byte for byte. In a file whose lines end in
  /// CRLF, line feeds of `old` and `new` mean CRLF if `old` isn't found as it is.
  func edit(_ path: String, old: String, new: String) async throws -> ToolResult {
    let names = try files.resolve(path)
    let (file, isWhole) = try text(path, names)
    guard isWhole else { throw Refusal("\(path) is too large to edit.") }
    guard !old.isEmpty else {
      throw Refusal("The text to replace is empty: give the exact lines to replace.")
    }
    guard old.utf8.elementsEqual(new.utf8) == false else {
      throw Refusal("The new text is the same as the old; nothing would change.")
    }
    var (before, after) = (Array(old.utf8), Array(new.utf8))
    var places = file.bytes.indices(of: before)
    if places.isEmpty && file.usesCarriageReturns {
      before = before.withCarriageReturns
      after = after.withCarriageReturns
      places = file.bytes.indices(of: before)
    }
    guard let place = places.first else { throw notFound(path, file, old) }
    guard places.count == 1 else {
      let lines = places.prefix(12).map { "\(file.line(at: $0))" }.joined(separator: ", ")
      throw Refusal(
        "The old text is in \(path) \(places.count) times (lines \(lines)). "
          + "Add lines around it so that it is there once.")
    }
    let changed = file.bytes[..<place] + after + file.bytes[(place + before.count)...]
    let result = TextFile(Array(changed))
    let line = file.line(at: place)
    let window = (
      first: line - 4, oldLast: line + before.lineSpan + 3, newLast: line + after.lineSpan + 3
    )
    if options.checksSyntax,
      let error = try await newSyntaxError(names, old: file.bytes, new: result.bytes)
    {
      throw Refusal(
        """
        Edit refused, it would add a syntax error:
        \(error)
        With the edit, \(path) would be:
        \(result.window(window.first, window.newLast, width: options.lineWidth))
        It still is:
        \(file.window(window.first, window.oldLast, width: options.lineWidth))
        """)
    }
    guard files.overwrite(names, with: result.bytes) else {
      throw Refusal("\(path) can't be written.")
    }
    let text =
      "Edited \(path):\n"
      + result.window(window.first, window.newLast, width: options.lineWidth)
    return ToolResult(
      text: noted(
        ToolMemory.Change(path: path, names: names, before: file.bytes, after: result.bytes), text))
  }

  /// Writes a new file; a syntax error in it is told, not refused, for there is nothing to go back to.
  func create(_ path: String, _ contents: String) async throws -> ToolResult {
    let names = try files.resolve(path)
    guard !names.isEmpty else { throw Refusal("\(path) is a folder.") }
    guard files.status(names) == nil else {
      throw Refusal("\(path) exists already. Edit it instead.")
    }
    let bytes = Array(contents.utf8)
    guard bytes.count <= Self.maximumFileBytes else { throw Refusal("The file is too large.") }
    guard files.create(names, bytes: bytes) else {
      throw Refusal("\(path) can't be created: a part of the path is no folder.")
    }
    var text = "Created \(path) with \(counted(TextFile(bytes).lines.count, "line"))."
    if options.checksSyntax, let error = try await newSyntaxError(names, old: nil, new: bytes) {
      text += " It has a syntax error:\n\(error)"
    }
    return ToolResult(
      text: noted(ToolMemory.Change(path: path, names: names, before: nil, after: bytes), text))
  }

  // MARK: When the text isn't there

  private func notFound(_ path: String, _ file: TextFile, _ old: String) -> Refusal {
    let wanted = TextFile(Array(old.utf8)).lines.map(\.trimmed)
    guard let (start, score) = closest(wanted, in: file) else {
      return Refusal("The old text is not in \(path), and nothing in it is like it.")
    }
    let hint =
      score >= Double(wanted.count) ? "Only spaces differ" : "The closest lines are"
    let window = file.window(start - 1, start + wanted.count, width: options.lineWidth)
    return Refusal(
      "The old text is not in \(path); it must match exactly, with its spaces. \(hint):\n\(window)")
  }

  /// The 1-based line where lines most like `wanted` begin, and how many are alike (1 for equal but
  /// for spaces around, less for a common beginning and end).
  private func closest(_ wanted: [ArraySlice<UInt8>], in file: TextFile) -> (Int, Double)? {
    let wanted = Array(wanted.prefix(40))
    let lines = file.lines.prefix(20_000).map(\.trimmed)
    var best: (line: Int, score: Double)?
    for start in lines.indices {
      var score = 0.0
      for (offset, line) in wanted.enumerated() where start + offset < lines.count {
        score += similarity(line, lines[start + offset])
      }
      if score > (best?.score ?? 0.3) { best = (start + 1, score) }
    }
    return best
  }

  private func similarity(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Double {
    if a.isEmpty || b.isEmpty { return a.isEmpty && b.isEmpty ? 0.1 : 0 }
    if a == b { return 1 }
    let front = zip(a, b).prefix { $0 == $1 }.count
    let back = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
    return 0.9 * Double(min(front + back, min(a.count, b.count))) / Double(max(a.count, b.count))
  }
}

extension [UInt8] {
  /// Line feeds that no carriage return precedes get one.
  var withCarriageReturns: [UInt8] {
    var result: [UInt8] = []
    for byte in self {
      if byte == 0x0A && result.last != 0x0D { result.append(0x0D) }
      result.append(byte)
    }
    return result
  }

  /// On how many lines the text lies.
  fileprivate var lineSpan: Int {
    (last == 0x0A ? dropLast() : self[...]).count { $0 == 0x0A } + 1
  }
}
