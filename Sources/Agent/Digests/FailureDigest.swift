/// Turns what runners, compilers and shells print about failing tests into a short text for a hindsight
/// context: first failure first, each with the call under test, what was expected and got or the error,
/// and the innermost place in the repository's own code.
public struct FailureDigest: Sendable {
  /// Characters a digest has at most.
  public static let limit = 2_000
  /// Characters one line of it has at most.
  public static let fieldLimit = 250
  /// Characters of a tight digest, unless told otherwise.
  public static let tightLimit = 160

  /// The tests that should pass and don't, most important first.
  public var failing: [TestResult] = []
  /// How many tests should pass.
  public var total = 0
  /// What the test command printed.
  public var output = ""
  /// What the runner said outside any test.
  public var remark = ""
  /// How the test command ended, such as "exit code 3"; told where nothing else is known.
  public var ending = ""
  /// Sentences that come first, such as that a time limit was hit.
  public var notes: [String] = []
  /// Sentences about the attempt rather than about a failure, such as that nothing was changed.
  public var asides: [String] = []
  /// The lines most likely at fault, as ``ExecutedLines`` finds them.
  public var suspects: SuspectLines?
  public var repository = RepositoryView()

  public init() {}

  // MARK: The full form

  /// At most ``limit`` characters; empty if nothing fails and there is nothing to note.
  public var text: String {
    var parts = (notes + asides).map(Self.clip)
    if !failing.isEmpty, total > 0 {
      parts.append("\(failing.count) of \(total) tests fail.")
    }
    let suspicion = suspicion(within: 2 * Self.fieldLimit)
    if !suspicion.isEmpty { parts.append(suspicion) }
    let described = failing.filter { !$0.detail.isEmpty }
    let silent = failing.filter(\.detail.isEmpty)
    if described.isEmpty || silent.contains(where: { $0.outcome == .missing }) {
      parts += outputParts?.lines(limit: Self.fieldLimit) ?? []
    }
    var text = parts.joined(separator: "\n")
    var shown = 0
    for entry in entries(described) {
      let next = text.isEmpty ? entry.text : text + "\n" + entry.text
      // Room for the closing line, so that nothing is cut off without a word.
      guard next.count <= Self.limit - 60 else { break }
      text = next
      shown += entry.count
    }
    for line in closing(silent, hidden: described.count - shown) {
      let next = text.isEmpty ? line : text + "\n" + line
      if next.count <= Self.limit { text = next }
    }
    return String(text.prefix(Self.limit))
  }

  /// What is said of tests without a message, and of those there was no room for.
  private func closing(_ silent: [TestResult], hidden: Int) -> [String] {
    var lines: [String] = []
    if hidden > 0 {
      lines.append("\(hidden) more failing \(hidden == 1 ? "test" : "tests") not shown.")
    }
    let missing = silent.filter { $0.outcome == .missing }.map(\.id)
    if !missing.isEmpty {
      lines.append(Self.clip("not run: " + missing.prefix(20).joined(separator: ", ")))
    }
    for test in silent.prefix(Self.described) where test.outcome != .missing {
      lines.append(Self.clip("\(test.outcome.word) \(test.id)"))
    }
    return lines
  }

  /// Different details that are read at most: more never have room.
  private static let described = 64

  /// Entries with the same cause, such as a module that doesn't load, are one.
  private func entries(_ tests: [TestResult]) -> [(text: String, count: Int)] {
    var groups: [(first: TestResult, body: [String], count: Int)] = []
    var byDetail: [String: Int] = [:]
    var byBody: [[String]: Int] = [:]
    for test in tests {
      let key = test.outcome.word + test.detail
      if let known = byDetail[key] {
        groups[known].count += 1
        continue
      }
      guard byDetail.count < Self.described else { continue }
      let body = lines(of: test.detail)
      let group = byBody[[test.outcome.word] + body] ?? groups.count
      if group == groups.count {
        groups.append((test, body, 1))
      } else {
        groups[group].count += 1
      }
      byDetail[key] = group
      byBody[[test.outcome.word] + body] = group
    }
    return groups.map { group in
      let others = group.count > 1 ? " (and \(group.count - 1) more, for the same reason)" : ""
      let heading = Self.clip("\(group.first.outcome.word) \(group.first.id)\(others)")
      return (([heading] + group.body.map { "  " + $0 }).joined(separator: "\n"), group.count)
    }
  }

  private func lines(of detail: String) -> [String] {
    let text = DigestText(detail)
    if let parts = parts(of: text) { return parts.lines(limit: Self.fieldLimit) }
    return unrecognised(text).prefix(4).map(Self.clip)
  }

  // MARK: The tight form

  /// The first failure alone, in at most `limit` characters: call, expected, got or error, frame; then the
  /// suspect lines. Notes of limits come before it, other sentences only where there is no failure to tell.
  public func tight(_ limit: Int = tightLimit) -> String {
    let described = failing.first { !$0.detail.isEmpty }
    var failure = ""
    let said = notes.joined(separator: " ")
    let closing = suspicion(within: limit / 2)
    let room = [said, closing].reduce(limit) { max(0, $0 - ($1.isEmpty ? 0 : $1.count + 1)) }
    if let described {
      let text = DigestText(described.detail)
      failure = parts(of: text)?.tight(room) ?? unrecognised(text).joined(separator: "\n")
    } else if let parts = outputParts {
      failure = parts.tight(room)
    } else if notes.isEmpty {
      failure = (asides + self.closing(failing, hidden: 0)).joined(separator: "\n")
    }
    let all = [said, String(failure.prefix(room)), closing].filter { !$0.isEmpty }
      .joined(separator: "\n")
    return String(all.prefix(limit))
  }

  /// The suspect lines' numbers, then the text of as many as have room; empty if the numbers have none.
  private func suspicion(within room: Int) -> String {
    guard let suspects else { return "" }
    var text = Self.clip(suspects.sentence)
    guard text.count <= room else { return "" }
    for source in suspects.sources.map(Self.clip) where text.count + 1 + source.count <= room {
      text += "\n" + source
    }
    return text
  }

  // MARK: Reading

  private func parts(of text: DigestText) -> FailureParts? {
    guard var failure = FailureReader.read(text, in: repository) else { return nil }
    failure.frames = failure.frames.map(repository.relative)
    for (index, frame) in failure.frames.enumerated()
    where frame.source.isEmpty && frame.isOwn && !repository.isTest(frame.path) {
      let source = repository.line(frame.path, frame.line)?[...].trimmed ?? ""
      // A doctest's example is the call.
      failure.frames[index].source = source.hasPrefix(">>>") ? "" : source
    }
    // Suspect lines say more than where the tested function begins.
    if suspects == nil, let call = failure.call,
      failure.ownFrame(repository)?.source.isEmpty ?? true
    {
      failure.definition = Definition.names(in: call).lazy.compactMap(repository.definition).first
    }
    return FailureParts(failure, repository)
  }

  /// The lines of a text that no reader knows, without marks and blank ones.
  private func unrecognised(_ text: DigestText) -> [String] {
    text.lines.lazy.map { DigestText.stable($0.drop { $0 == "#" || $0.isWhitespace }.trimmed) }
      .filter { !$0.isEmpty && $0 != "---" && $0 != "..." }
  }

  /// What the output as a whole says, where tests say nothing themselves.
  private var outputParts: FailureParts? {
    for said in [remark, output] where !said.isEmpty {
      if let parts = parts(of: DigestText(said)) { return parts }
    }
    guard failing.allSatisfy({ $0.outcome == .missing }) else { return nil }
    var failure = Failure()
    if !ending.isEmpty { failure.error = ending }
    failure.output = lastWords.joined(separator: " | ")
    let parts = FailureParts(failure, repository)
    return parts.parts.isEmpty ? nil : parts
  }

  /// Three lines of an output in no known form: the last, or those before prove's summary.
  private var lastWords: [String] {
    let lines = unrecognised(DigestText(remark.isEmpty ? output : remark))
    if let summary = lines.firstIndex(of: "Test Summary Report") {
      return Array(lines[..<summary].prefix(3))
    }
    // Which tests ran before says nothing about why the rest didn't.
    return lines.filter { line in
      !line.hasSuffix(" ... ok") && !line.hasSuffix(" ...") && !line.hasPrefix("ok ")
        && !line.hasPrefix("1..")
    }.suffix(3)
  }

  /// At most ``fieldLimit`` characters on one line.
  private static func clip(_ text: String) -> String {
    FailureParts.Part(name: "", value: text).cut(fieldLimit)
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
