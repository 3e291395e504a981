public import Tools

/// Raw text blocks with few tokens: no JSON, no escaping of code.
///
/// A reply is an optional line that begins with `#` (a thought) and one action:
/// ```
/// view PATH [FIRST LAST]      search TEXT      test      undo      submit      shell COMMAND
/// edit [PATH] FIRST [LAST]    try          try [FIRST [LAST]]
/// new lines                   LINE|new     new lines
///
/// insert PATH LINE
/// new lines
///
/// edit PATH                   create PATH
/// <<<                         <<<
/// old lines                   contents
/// ===                         >>>
/// new lines
/// >>>
/// ```
/// Contents are exact, see ``Fence`` for their last newline and for contents that look like
/// markers. An edit of lines without a path is one of the file that was viewed or changed last, as a try is; a
/// try with a number before each new line, as views print it, tries each by itself, and one without any number goes
/// where the line most like its first one stands, or to each of a few that are alike.
/// `search "TEXT" PATH` looks in one folder or file; a command of several lines stands
/// between `<<<` and `>>>` under a line `shell`. A path with blanks is put in double quotes.
public struct CompactDialect: Dialect {
  public let name = "compact"

  public init() {}

  public func systemPrompt(tools: [ToolName]) -> String {
    let forms = Self.told.filter(tools.contains).map(Self.form)
    return (["Fix the bug. Reply with one action, perhaps after a line `# why`:"] + forms).joined(
      separator: "\n")
  }

  /// The tools that a model is told of. An edit of one line can say what an insertion does, and a small model does better
  /// with fewer forms.
  static let told = ToolName.allCases.filter { $0 != .insert }

  private static func form(_ tool: ToolName) -> String {
    switch tool {
    case .view: "view PATH [FIRST LAST]"
    case .search: "search TEXT"
    case .edit: "edit [PATH] FIRST [LAST]\nnew lines"
    case .insert: "insert PATH LINE\nnew lines"
    case .tryOut: "try\nLINE|new line"
    case .create: "create PATH\n<<<\ncontents\n>>>"
    case .test: "test"
    case .undo: "undo"
    case .shell: "shell COMMAND"
    case .submit: "submit"
    }
  }

  /// An action as format errors show it.
  static func example(_ tool: ToolName) -> String {
    switch tool {
    case .view: "view src/calc.py 1 40"
    case .search: "search def total"
    case .edit: "edit src/calc.py 12\n    return a + b"
    case .insert: "insert src/calc.py 12\n    return a + b"
    case .tryOut: "try\n12|    return a + b"
    case .create: "create notes.txt\n<<<\nfirst line\n>>>"
    case .test: "test"
    case .undo: "undo"
    case .shell: "shell ls src"
    case .submit: "submit"
    }
  }

  public func parse(_ text: String) -> Result<ToolCall, FormatError> {
    CompactParser(text).parse()
  }

  public func render(thought: String, call: ToolCall) -> String {
    let line = thought.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.isEmpty ? render(call) : "# \(line)\n\(render(call))"
  }

  public func render(_ call: ToolCall) -> String {
    switch call {
    case .view(let path, let first, let last):
      var words = ["view", QuotedWord.render(path)]
      if first != nil || last != nil { words.append(first.map(String.init) ?? "-") }
      if let last { words.append(String(last)) }
      return words.joined(separator: " ")
    case .search(let pattern, nil):
      return "search " + (isPlain(pattern) ? pattern : QuotedWord.quoted(pattern))
    case .search(let pattern, .some(let path)):
      return "search \(QuotedWord.quoted(pattern)) \(QuotedWord.render(path))"
    case .edit(let path, let old, let new):
      return "edit \(pathWord(path))\n\(Fence.render([old, new]))"
    case .editLines(let path, let first, let last, let lines):
      var words = ["edit"] + (path.map { [pathWord($0)] } ?? []) + ["\(first)"]
      if first != last { words.append("\(last)") }
      return ([words.joined(separator: " ")] + body(lines)).joined(separator: "\n")
    case .insert(let path, let line, let lines):
      return (["insert \(QuotedWord.render(path)) \(line)"] + body(lines)).joined(separator: "\n")
    case .tryOut(let first, let last, let lines):
      var words = ["try"] + (first.map { ["\($0)"] } ?? [])
      if let last { words.append("\(last)") }
      return ([words.joined(separator: " ")] + body(lines)).joined(separator: "\n")
    case .create(let path, let contents):
      return "create \(QuotedWord.render(path))\n\(Fence.render([contents]))"
    case .shell(let command):
      return isPlain(command) ? "shell \(command)" : "shell\n\(Fence.render([command]))"
    case .test, .undo, .submit:
      return call.name
    }
  }

  /// Quoted where an edit would read it as a line's number.
  private func pathWord(_ path: String) -> String {
    Int(path) == nil ? QuotedWord.render(path) : QuotedWord.quoted(path)
  }

  /// Lines as they stand where the parser reads them back, else between markers.
  private func body(_ lines: [String]) -> [String] {
    guard let first = lines.first, let last = lines.last else { return [] }
    let isPlain = !Fence.isOpening(Array(first.utf8)[...]) && !last.utf8.allSatisfy(isBlank)
    return isPlain ? lines : [Fence.render([ToolCall.text(lines)])]
  }

  /// Whether a text survives as the rest of a line.
  private func isPlain(_ text: String) -> Bool {
    let bytes = text.utf8
    guard let first = bytes.first, let last = bytes.last else { return false }
    return first != UInt8(ascii: "\"") && !isBlank(first) && !isBlank(last)
      && !bytes.contains(UInt8(ascii: "\n"))
  }
}
