/// Turns what runners, compilers and shells print about failing tests into a short text for a hindsight context:
/// first failure first, each with its exception, what was got and expected, and the innermost place in
/// the repository's own code.
public struct FailureDigest: Sendable {
  /// Characters a digest has at most.
  public static let limit = 2_000
  /// Characters one field of it has at most.
  public static let fieldLimit = 250

  /// The tests that should pass and don't, most important first.
  public var failing: [TestResult] = []
  /// How many tests should pass.
  public var total = 0
  /// What the test command printed.
  public var output = ""
  /// What the runner said outside any test.
  public var remark = ""
  /// Sentences that come first, such as that a time limit was hit.
  public var notes: [String] = []
  /// Which paths, relative to the repository's root, are tests and not the repository's own code.
  public var isTestCode: @Sendable (String) -> Bool = { _ in false }

  public init() {}

  public var text: String {
    var parts = notes.map { Self.clip($0) }
    if !failing.isEmpty, total > 0 { parts.append("\(failing.count) of \(total) tests fail.") }
    let described = failing.filter { !$0.detail.isEmpty }
    let silent = failing.filter(\.detail.isEmpty)
    if described.isEmpty || silent.contains(where: { $0.outcome == .missing }) {
      parts += outputPart.map { [$0] } ?? []
    }
    let entries = grouped(described)
    var text = parts.joined(separator: "\n")
    var shown = 0
    for entry in entries {
      let next = text.isEmpty ? entry.text : text + "\n" + entry.text
      // Room for the closing line, so that nothing is cut off without a word.
      guard next.count <= Self.limit - 60 else { break }
      text = next
      shown += entry.count
    }
    text = appending(silentPart(silent, hidden: described.count - shown), to: text)
    return String(text.prefix(Self.limit))
  }

  private func appending(_ lines: [String], to text: String) -> String {
    lines.reduce(text) { text, line in
      let next = text.isEmpty ? line : text + "\n" + line
      return next.count <= Self.limit ? next : text
    }
  }

  /// What is said of tests without a message, and of those there was no room for.
  private func silentPart(_ silent: [TestResult], hidden: Int) -> [String] {
    var lines: [String] = []
    if hidden > 0 {
      lines.append("\(hidden) more failing \(hidden == 1 ? "test" : "tests") not shown.")
    }
    let missing = silent.filter { $0.outcome == .missing }.map(\.id)
    if !missing.isEmpty {
      lines.append(Self.clip("not run: " + missing.joined(separator: ", ")))
    }
    for test in silent where test.outcome != .missing {
      lines.append(Self.clip("\(test.outcome.word) \(test.id)"))
    }
    return lines
  }

  /// Entries with the same cause, such as a module that doesn't load, are one.
  private func grouped(_ tests: [TestResult]) -> [(text: String, count: Int)] {
    var groups: [(first: TestResult, body: [String], count: Int)] = []
    for test in tests {
      let body = fields(of: test.detail)
      if let index = groups.firstIndex(where: {
        $0.body == body && $0.first.outcome == test.outcome
      }) {
        groups[index].count += 1
      } else {
        groups.append((test, body, 1))
      }
    }
    return groups.map { group in
      let others = group.count > 1 ? " (and \(group.count - 1) more, for the same reason)" : ""
      let heading = Self.clip("\(group.first.outcome.word) \(group.first.id)\(others)")
      let body = group.body.map { "  " + Self.clip($0) }
      return (([heading] + body).joined(separator: "\n"), group.count)
    }
  }

  private func fields(of detail: String) -> [String] {
    if let traceback = PythonTraceback(detail) { return fields(of: traceback) }
    if let problem = ToolDiagnostics.first(in: detail) { return Self.fields(of: problem) }
    var fields: [String] = []
    for line in TextLines.split(detail) {
      let text = line.drop { $0 == "#" || $0.isWhitespace }.trimmed
      if text.isEmpty || text == "---" || text == "..." { continue }
      // "got:" with the value on the lines below it is one field.
      if let last = fields.last, Self.isOpen(last), !Self.isOpen(text) {
        fields[fields.count - 1] += (last.hasSuffix(":") ? " " : " | ") + text
      } else {
        fields.append(text)
      }
    }
    return fields.prefix(4).map(Self.stable)
  }

  private static func isOpen(_ field: String) -> Bool {
    field.hasSuffix(":") || field.hasPrefix("got: ") || field.hasPrefix("expected: ")
  }

  private func fields(of traceback: PythonTraceback) -> [String] {
    var fields: [String] = []
    if let values = traceback.values {
      fields += ["got: " + Self.stable(values.got), "expected: " + Self.stable(values.expected)]
    } else {
      let more = traceback.message.map { $0[...].trimmed }.filter { !$0.isEmpty }.prefix(2)
      fields.append(
        Self.stable("error: " + ([traceback.exception] + more).joined(separator: " | ")))
    }
    let frames = traceback.frames.map { ($0, path: Self.relative($0.path)) }
    if let (frame, path) = frames.last(where: { isOwn($0.path) && !isTestCode($0.path) }) {
      fields.append("at: " + Self.describe(frame, path))
    }
    if let (frame, path) = frames.last(where: { isOwn($0.path) && isTestCode($0.path) }) {
      fields.append("test: " + Self.describe(frame, path))
    }
    return fields
  }

  private func isOwn(_ path: String) -> Bool { !path.hasPrefix("/") && !path.hasPrefix("<") }

  private static func relative(_ path: String) -> String {
    path.hasPrefix("/workspace/") ? String(path.dropFirst("/workspace/".count)) : path
  }

  private static func describe(_ frame: PythonTraceback.Frame, _ path: String) -> String {
    let function = frame.function.map { $0 == "<module>" ? "" : ", in \($0)" } ?? ""
    return "\(path):\(frame.line)\(function)" + (frame.source.isEmpty ? "" : ": \(frame.source)")
  }

  private static func fields(of problem: ToolDiagnostics) -> [String] {
    let saysSo = problem.message.contains("error: ")
    var fields = [(saysSo ? "" : "error: ") + stable(problem.message)]
    if let place = problem.place { fields.append("at: " + place) }
    if problem.others > 0 {
      fields.append("\(problem.others) more \(problem.others == 1 ? "error" : "errors") like it.")
    }
    return fields
  }

  /// What the output as a whole says, where tests say nothing themselves.
  private var outputPart: String? {
    for text in [remark, output] where !text.isEmpty {
      if let traceback = PythonTraceback(text) {
        return fields(of: traceback).map { Self.clip($0) }.joined(separator: "\n")
      }
      if let problem = ToolDiagnostics.first(in: text) {
        return Self.fields(of: problem).map { Self.clip($0) }.joined(separator: "\n")
      }
    }
    guard failing.allSatisfy({ $0.outcome == .missing }) else { return nil }
    let last = TextLines.split(TextLines.withoutEscapes(output)).map(\.trimmed)
      .filter { !$0.isEmpty }.suffix(3)
    return last.isEmpty
      ? nil : Self.clip("output: " + last.map(Self.stable).joined(separator: " | "))
  }

  /// Without what differs from run to run: addresses of objects.
  private static func stable(_ text: String) -> String {
    text.replacing(#/ at 0x[0-9a-f]{6,16}\b/#, with: " at 0x…")
  }

  /// At most ``fieldLimit`` characters on one line.
  private static func clip(_ text: String) -> String {
    let line = String(text.map { $0.isNewline ? " " : $0 })
    return line.count <= fieldLimit ? line : line.prefix(fieldLimit - 1) + "…"
  }
}

extension TestOutcome {
  /// How a digest calls it.
  fileprivate var word: String {
    switch self {
    case .error: "ERROR"
    case .skipped: "SKIPPED"
    case .unexpectedSuccess: "UNEXPECTED SUCCESS"
    default: "FAIL"
    }
  }
}
