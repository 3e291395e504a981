import Tools

/// Reads one reply in the compact dialect. It works on bytes: Swift's characters would join
/// "\r\n", and contents must come out as they went in.
struct CompactParser {
  private let lines: [ArraySlice<UInt8>]

  init(_ text: String) {
    lines = Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  }

  func parse() -> Result<ToolCall, FormatError> {
    guard let (index, tool) = firstAction() else { return .failure(noAction()) }
    do throws(FormatProblem) {
      let line = lines[index]
      let rest = line.drop(while: isBlank).dropFirst(tool.rawValue.utf8.count)
      return .success(try call(tool, rest, after: lines[(index + 1)...]))
    } catch {
      let problem = "\(tool.rawValue): \(error.problem)"
      return .failure(FormatError(problem: problem, example: CompactDialect.example(tool)))
    }
  }

  /// The first line whose first word is a tool. Lines before it are thoughts, and a line that
  /// begins with `#` is one whatever it says, as is one that begins with "try" and other words: people say that.
  private func firstAction() -> (index: Int, tool: ToolName)? {
    for (index, line) in lines.enumerated() {
      let word = line.drop(while: isBlank).prefix { !isBlank($0) }
      guard let tool = ToolName(rawValue: String(decoding: word, as: UTF8.self)) else { continue }
      let rest = line.drop(while: isBlank).dropFirst(word.count)
      if tool == .tryOut, !rest.allSatisfy({ isBlank($0) || "-0123456789".utf8.contains($0) }) {
        continue
      }
      return (index, tool)
    }
    return nil
  }

  private func noAction() -> FormatError {
    let isEmpty = lines.allSatisfy { $0.allSatisfy(isBlank) }
    let tools = CompactDialect.told.map(\.rawValue).joined(separator: ", ")
    return FormatError(
      problem: isEmpty
        ? "the reply is empty; expected one action"
        : "no line begins with an action (\(tools))",
      example: CompactDialect.example(.view))
  }

  private func call(
    _ tool: ToolName, _ rest: ArraySlice<UInt8>, after body: ArraySlice<ArraySlice<UInt8>>
  ) throws(FormatProblem) -> ToolCall {
    switch tool {
    case .view:
      try expectNothing(body)
      return try view(try QuotedWord.words(rest))
    case .search:
      try expectNothing(body)
      return try search(rest)
    case .edit:
      let words = try QuotedWord.words(rest)
      let isNumber = words.first.map { Int($0) != nil && !QuotedWord.isQuoted(rest) } ?? false
      if isNumber { return try editLines(nil, words, body) }
      if words.count > 1 { return try editLines(words[0], Array(words.dropFirst()), body) }
      let path = try path(rest)
      var block = try FencedBlockReader(body)
      let old = try block.section(closedBy: Fence.separator)
      let new = try block.section(closedBy: Fence.closing)
      try block.expectEnd()
      return .edit(path: path, old: old, new: new)
    case .insert:
      let words = try QuotedWord.words(rest)
      guard words.count == 2 else {
        throw FormatProblem("expected a path and the line after which the new ones go")
      }
      return .insert(path: words[0], line: try number(words[1]), lines: try newLines(body))
    case .tryOut: return try tryOut(try QuotedWord.words(rest), body)
    case .create:
      let path = try path(rest)
      return .create(path: path, contents: try onlySection(body))
    case .shell:
      let command = trimmed(rest)
      guard !command.isEmpty else { return .shell(command: try onlySection(body)) }
      try expectNothing(body)
      return .shell(command: command)
    case .test, .undo, .submit:
      guard trimmed(rest).isEmpty else {
        throw FormatProblem("nothing may follow it on its line (a thought begins with #)")
      }
      try expectNothing(body)
      return tool == .test ? .test : tool == .undo ? .undo : .submit
    }
  }

  private func editLines(
    _ path: String?, _ numbers: [String], _ body: ArraySlice<ArraySlice<UInt8>>
  ) throws(FormatProblem) -> ToolCall {
    guard numbers.count <= 2 else {
      throw FormatProblem("expected a path, and perhaps the first and the last line")
    }
    let first = try number(numbers[0])
    let last = numbers.count == 2 ? try number(numbers[1]) : first
    return .editLines(path: path, firstLine: first, lastLine: last, lines: try newLines(body))
  }

  private func tryOut(
    _ numbers: [String], _ body: ArraySlice<ArraySlice<UInt8>>
  ) throws(FormatProblem) -> ToolCall {
    guard numbers.count <= 2 else {
      throw FormatProblem("expected at most the first and the last line on its line")
    }
    let first = try numbers.first.map(number)
    let last = try numbers.dropFirst().first.map(number)
    let lines = try newLines(body)
    guard first != nil || !lines.isEmpty else {
      throw FormatProblem("expected the new line under it")
    }
    return .tryOut(firstLine: first, lastLine: last, lines: lines)
  }

  /// The new lines as they stand, to the end of the reply without its blank lines; or between markers,
  /// as ``CompactDialect`` writes what wouldn't survive that.
  private func newLines(
    _ body: ArraySlice<ArraySlice<UInt8>>
  ) throws(FormatProblem) -> [String] {
    if let line = body.first, Fence.isOpening(line) {
      return ToolCall.lines(try onlySection(body))
    }
    var body = body
    while let line = body.last, line.allSatisfy(isBlank) { body.removeLast() }
    return body.map { String(decoding: $0, as: UTF8.self) }
  }

  private func number(_ word: String) throws(FormatProblem) -> Int {
    guard let number = Int(word) else {
      throw FormatProblem("'\(word.prefix(40))' is not a line number")
    }
    return number
  }

  private func onlySection(
    _ body: ArraySlice<ArraySlice<UInt8>>
  ) throws(FormatProblem) -> String {
    var block = try FencedBlockReader(body)
    let contents = try block.section(closedBy: Fence.closing)
    try block.expectEnd()
    return contents
  }

  private func path(_ rest: ArraySlice<UInt8>) throws(FormatProblem) -> String {
    let words = try QuotedWord.words(rest)
    guard words.count == 1 else {
      throw FormatProblem("expected one path on its line (in double quotes if it has spaces)")
    }
    return words[0]
  }

  private func view(_ words: [String]) throws(FormatProblem) -> ToolCall {
    guard (1...3).contains(words.count) else {
      throw FormatProblem("expected a path, and perhaps the first and the last line")
    }
    var numbers: [Int?] = [nil, nil]
    for (index, word) in words.dropFirst().enumerated() where !(index == 0 && word == "-") {
      numbers[index] = try number(word)
    }
    return .view(path: words[0], firstLine: numbers[0], lastLine: numbers[1])
  }

  private func search(_ rest: ArraySlice<UInt8>) throws(FormatProblem) -> ToolCall {
    let text = trimmed(rest)
    guard !text.isEmpty else { throw FormatProblem("expected the text to look for") }
    guard text.utf8.first == UInt8(ascii: "\"") else { return .search(pattern: text) }
    let words = try QuotedWord.words(rest)
    guard words.count <= 2 else {
      throw FormatProblem("expected \"TEXT\" and perhaps one path after it")
    }
    return .search(pattern: words[0], path: words.count == 2 ? words[1] : nil)
  }

  private func expectNothing(_ body: ArraySlice<ArraySlice<UInt8>>) throws(FormatProblem) {
    guard body.allSatisfy({ $0.allSatisfy(isBlank) }) else {
      throw FormatProblem("nothing may follow it; reply with one action at a time")
    }
  }

  private func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes.drop(while: isBlank)
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
