/// Reads what `python3 -m unittest -v` prints.
enum UnittestText {
  static func parse(_ lines: [Substring]) -> TestReport {
    var report = TestReport()
    var index = 0
    var pending: (id: String, subtest: Bool, text: [Substring])?

    func settle(_ report: inout TestReport) {
      guard let test = pending else { return }
      pending = nil
      guard let outcome = outcome(in: test.text) else { return }
      guard !test.subtest || outcome != .passed else { return }
      report.add(TestResult(id: test.id, outcome: outcome))
    }

    while index < lines.count {
      let line = lines[index]
      index += 1
      if isRule(line, "="), index < lines.count, let failure = failureHeading(lines, at: index) {
        settle(&report)
        var (detail, next) = traceback(lines, from: index + 1)
        index = next
        // As UnittestRunner tells them.
        if let parameters = failure.parameters { detail += "\nin \(parameters)\n" }
        report.add(TestResult(id: failure.id, outcome: failure.outcome, detail: detail))
      } else if var header = header(line) {
        settle(&report)
        // Up to 3.10 a test whose subtests fail prints no status, so the next one follows on its line.
        while header.rest.hasPrefix(" ... "), let next = Self.header(header.rest.dropFirst(5)) {
          header = next
        }
        pending = (header.id, header.subtest, [header.rest])
      } else if let test = doctest(line) {
        settle(&report)
        pending = (test.id, false, [test.rest])
      } else if line.hasPrefix("Ran "), line.contains(" test"), line.contains(" in ") {
        settle(&report)
        report.isComplete = true
      } else {
        pending?.text.append(line)
      }
    }
    if let test = pending, !test.subtest, !report.isComplete, outcome(in: test.text) == nil {
      report.unfinished = test.id
    }
    settle(&report)
    return report
  }

  /// `test_x (pkg.Class) …`: the canonical id, and what follows the closing parenthesis.
  static func header(
    _ line: Substring
  ) -> (id: String, subtest: Bool, rest: Substring)? {
    let trimmed = line.drop { $0 == " " }
    guard let space = trimmed.firstIndex(of: " "), isName(trimmed[..<space]) else { return nil }
    let method = trimmed[..<space]
    let after = trimmed[trimmed.index(after: space)...]
    guard after.first == "(", let close = after.firstIndex(of: ")") else { return nil }
    let container = after[after.index(after: after.startIndex)..<close]
    guard isName(container),
      container.contains(".") || container == "__main__" || fixtures.contains(method)
    else { return nil }
    let rest = after[after.index(after: close)...]
    guard rest.isEmpty || rest.hasPrefix(" ") else { return nil }
    let subtest = rest.hasPrefix(" (") || rest.hasPrefix(" [")
    return (canonicalID(method: method, container: container), subtest, rest)
  }

  /// "module.Class.test_name", whichever of the two forms was printed.
  static func canonicalID(method: Substring, container: Substring) -> String {
    if fixtures.contains(method) {
      return "\(method) (\(container))"
    }
    return container.hasSuffix("." + method) ? String(container) : "\(container).\(method)"
  }

  private static let fixtures: Set<Substring> = [
    "setUpClass", "tearDownClass", "setUpModule", "tearDownModule",
  ]

  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "_.<>".contains($0) }
  }

  /// The status in the text between a test's header and the next: at the end of a line, after the
  /// dots or a doc string, alone on a line, or glued to something the test printed.
  private static func outcome(in text: [Substring]) -> TestOutcome? {
    var glued: TestOutcome?
    for line in text {
      let words = line.firstRange(of: " ... ").map { line[$0.upperBound...] } ?? line
      if let outcome = statuses.first(where: { words == $0.word })?.outcome { return outcome }
      if words.hasPrefix("skipped '") || words.hasPrefix("skipped \"") { return .skipped }
      if let last = statuses.first(where: { line.hasSuffix($0.word) }) {
        glued = glued?.worse(last.outcome) ?? last.outcome
      } else if line.contains("skipped '") || line.contains("skipped \"") {
        glued = glued ?? .skipped
      }
    }
    return glued
  }

  private static let statuses: [(word: String, outcome: TestOutcome)] = [
    ("unexpected success", .unexpectedSuccess), ("expected failure", .expectedFailure),
    ("ok", .passed), ("FAIL", .failed), ("ERROR", .error),
  ]

  private static func isRule(_ line: Substring, _ mark: Character) -> Bool {
    line.utf8.count == 70 && line.allSatisfy { $0 == mark }
  }

  /// `Doctest: calc.mean ... ok`, below a line that names no class.
  private static func doctest(_ line: Substring) -> (id: String, rest: Substring)? {
    guard line.hasPrefix("Doctest: ") else { return nil }
    let id = line.dropFirst(9).prefix { $0 != " " }
    return (String(id), line[id.endIndex...])
  }

  private static func failureHeading(
    _ lines: [Substring], at index: Int
  ) -> (id: String, outcome: TestOutcome, parameters: String?)? {
    let line = lines[index]
    for (word, outcome) in [
      ("FAIL: ", TestOutcome.failed), ("ERROR: ", .error),
      ("UNEXPECTED SUCCESS: ", .unexpectedSuccess),
    ] where line.hasPrefix(word) {
      guard let header = header(line.dropFirst(word.count)) else {
        guard index + 1 < lines.count, let test = doctest(lines[index + 1]) else { return nil }
        return (test.id, outcome, nil)
      }
      return (header.id, outcome, header.subtest ? header.rest.trimmed : nil)
    }
    return nil
  }

  /// The lines after the thin rule, up to the next thick rule or the closing one.
  private static func traceback(_ lines: [Substring], from start: Int) -> (String, next: Int) {
    var index = start
    while index < lines.count, !isRule(lines[index], "-"), !isRule(lines[index], "=") { index += 1 }
    guard index < lines.count, isRule(lines[index], "-") else { return ("", start) }
    if index + 1 < lines.count, lines[index + 1].hasPrefix("Ran ") { return ("", index) }
    index += 1
    var detail: [Substring] = []
    while index < lines.count {
      let line = lines[index]
      if isRule(line, "=") { break }
      if isRule(line, "-"), index + 1 < lines.count, lines[index + 1].hasPrefix("Ran ") { break }
      detail.append(line)
      index += 1
    }
    while detail.last?.isEmpty == true { detail.removeLast() }
    return (detail.joined(separator: "\n"), index)
  }
}
