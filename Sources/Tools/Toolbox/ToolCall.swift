/// One action of the policy, already parsed from its dialect.
///
/// Encoded as `{"name": "edit", "arguments": {"path": …, "old": …, "new": …}}`, the form that
/// Hermes-style tool calls and transcripts share; an edit of lines has `first_line`, `last_line` and
/// `new`.
public enum ToolCall: Sendable, Hashable {
  /// Shows lines `firstLine…lastLine` (1-based, inclusive) of a file, or lists a folder.
  case view(path: String, firstLine: Int? = nil, lastLine: Int? = nil)
  /// Finds lines that contain a text (or match a simple regular expression) under a path.
  case search(pattern: String, path: String? = nil)
  /// Replaces the one exact occurrence of `old`.
  case edit(path: String, old: String, new: String)
  /// Replaces lines `firstLine…lastLine` (1-based, inclusive) by `lines`, none of which holds a line
  /// feed; no lines take them away. Without a path: of the file that was viewed or changed last.
  case editLines(path: String?, firstLine: Int, lastLine: Int, lines: [String])
  /// Puts `lines`, none of which holds a line feed, after a line (1-based; 0: before the first).
  case insert(path: String, line: Int, lines: [String])
  /// Replaces lines of the file that was viewed or changed last, runs the visible tests, and takes it back unless
  /// fewer fail. Without `firstLine` it is the line most like the first of `lines` that is replaced; or, where that
  /// begins with a number and a bar as views print it, each line so numbered by itself, until one helps.
  case tryOut(firstLine: Int? = nil, lastLine: Int? = nil, lines: [String])
  /// Writes a new file.
  case create(path: String, contents: String)
  /// Runs a shell command in the workspace.
  case shell(command: String)
  /// Runs the task's visible tests.
  case test
  /// Takes back the last edit or created file that wasn't taken back yet.
  case undo
  /// Ends the episode.
  case submit

  /// The tool's name as dialects and transcripts write it.
  public var name: String {
    switch self {
    case .view: "view"
    case .search: "search"
    case .edit, .editLines: "edit"
    case .insert: "insert"
    case .tryOut: "try"
    case .create: "create"
    case .shell: "shell"
    case .test: "test"
    case .undo: "undo"
    case .submit: "submit"
    }
  }

  /// Whether the work tree may be another one afterwards, but for what a try leaves as it was.
  var mayChangeFiles: Bool {
    switch self {
    case .edit, .editLines, .insert, .create, .shell, .undo: true
    case .view, .search, .tryOut, .test, .submit: false
    }
  }

  /// One line for a commit message or a log: the tool and its main argument.
  public var summary: String {
    let argument =
      switch self {
      case .view(let path, let first, let last):
        first == nil && last == nil ? path : "\(path):\(first ?? 1)-\(last.map(String.init) ?? "")"
      case .search(let pattern, let path): path.map { "\(pattern) in \($0)" } ?? pattern
      case .edit(let path, _, _), .create(let path, _): path
      case .editLines(let path, let first, let last, _):
        path.map { "\($0):\(first)-\(last)" } ?? "lines \(first)-\(last)"
      case .insert(let path, let line, _): "\(path):\(line)"
      case .tryOut(_, _, let lines):
        String((lines.first ?? "").drop { $0 == " " || $0 == "\t" })
      case .shell(let command): command
      case .test, .undo, .submit: ""
      }
    let line = argument.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return line.isEmpty ? name : "\(name) \(line.prefix(120))"
  }
}

extension ToolCall: Codable {
  private enum CodingKeys: String, CodingKey { case name, arguments }
  private enum ArgumentKeys: String, CodingKey {
    case path
    case firstLine = "first_line"
    case lastLine = "last_line"
    case line, pattern, old, new, contents, command
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .name)
    if name == "test" {
      self = .test
      return
    }
    if name == "submit" {
      self = .submit
      return
    }
    if name == "undo" {
      self = .undo
      return
    }
    let arguments = try container.nestedContainer(keyedBy: ArgumentKeys.self, forKey: .arguments)
    func text(_ key: ArgumentKeys) throws -> String {
      try arguments.decode(String.self, forKey: key)
    }
    switch name {
    case "view":
      self = .view(
        path: try text(.path),
        firstLine: try arguments.decodeIfPresent(Int.self, forKey: .firstLine),
        lastLine: try arguments.decodeIfPresent(Int.self, forKey: .lastLine))
    case "search":
      self = .search(
        pattern: try text(.pattern),
        path: try arguments.decodeIfPresent(String.self, forKey: .path))
    case "edit" where arguments.contains(.firstLine):
      let first = try arguments.decode(Int.self, forKey: .firstLine)
      self = .editLines(
        path: try arguments.decodeIfPresent(String.self, forKey: .path), firstLine: first,
        lastLine: try arguments.decodeIfPresent(Int.self, forKey: .lastLine) ?? first,
        lines: Self.lines(try text(.new)))
    case "edit": self = .edit(path: try text(.path), old: try text(.old), new: try text(.new))
    case "insert":
      self = .insert(
        path: try text(.path), line: try arguments.decode(Int.self, forKey: .line),
        lines: Self.lines(try text(.new)))
    case "try":
      let first = try arguments.decodeIfPresent(Int.self, forKey: .firstLine)
      let last = try arguments.decodeIfPresent(Int.self, forKey: .lastLine)
      guard first != nil || last == nil else {
        throw DecodingError.dataCorruptedError(
          forKey: .lastLine, in: arguments, debugDescription: "last_line goes with first_line")
      }
      self = .tryOut(firstLine: first, lastLine: last, lines: Self.lines(try text(.new)))
    case "create": self = .create(path: try text(.path), contents: try text(.contents))
    case "shell": self = .shell(command: try text(.command))
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .name, in: container,
        debugDescription: "\(name) is no tool; expected view, search, edit, insert, try, "
          + "create, shell, test, undo or submit")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    var arguments = container.nestedContainer(keyedBy: ArgumentKeys.self, forKey: .arguments)
    switch self {
    case .view(let path, let first, let last):
      try arguments.encode(path, forKey: .path)
      try arguments.encodeIfPresent(first, forKey: .firstLine)
      try arguments.encodeIfPresent(last, forKey: .lastLine)
    case .search(let pattern, let path):
      try arguments.encode(pattern, forKey: .pattern)
      try arguments.encodeIfPresent(path, forKey: .path)
    case .edit(let path, let old, let new):
      try arguments.encode(path, forKey: .path)
      try arguments.encode(old, forKey: .old)
      try arguments.encode(new, forKey: .new)
    case .editLines(let path, let first, let last, let lines):
      try arguments.encodeIfPresent(path, forKey: .path)
      try arguments.encode(first, forKey: .firstLine)
      try arguments.encode(last, forKey: .lastLine)
      try arguments.encode(Self.text(lines), forKey: .new)
    case .insert(let path, let line, let lines):
      try arguments.encode(path, forKey: .path)
      try arguments.encode(line, forKey: .line)
      try arguments.encode(Self.text(lines), forKey: .new)
    case .tryOut(let first, let last, let lines):
      try arguments.encodeIfPresent(first, forKey: .firstLine)
      try arguments.encodeIfPresent(last, forKey: .lastLine)
      try arguments.encode(Self.text(lines), forKey: .new)
    case .create(let path, let contents):
      try arguments.encode(path, forKey: .path)
      try arguments.encode(contents, forKey: .contents)
    case .shell(let command): try arguments.encode(command, forKey: .command)
    case .test, .undo, .submit: break
    }
  }
}

extension ToolCall {
  /// Lines as one text, each with its line feed.
  package static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  /// A text's lines; the last one's line feed may be missing.
  package static func lines(_ text: String) -> [String] {
    var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
