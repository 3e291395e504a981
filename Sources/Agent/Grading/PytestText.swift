/// Reads what pytest prints with `-rA` or `-v`.
enum PytestText {
  static func parse(_ lines: [Substring]) -> TestReport {
    var report = TestReport()
    var summary: [TestResult] = []
    var details: [String: String] = [:]
    var section: (name: String, lines: [Substring])?

    for line in lines {
      if let title = ruled(line, by: "_") ?? ruled(line, by: "=") {
        if let section { details[section.name] = section.lines.joined(separator: "\n") }
        section = line.first == "_" ? (title, []) : nil
        // Only the last summary counts: an earlier one was printed by a test.
        if line.first == "=", title == "short test summary info" { summary = [] }
        if line.first == "=", closing(title) { report.isComplete = true }
      } else if section != nil {
        section?.lines.append(line)
      } else if let test = summaryLine(line) {
        summary.append(test)
      } else if let test = verboseLine(line) {
        report.add(test)
      }
    }
    for test in summary { report.add(test) }
    for test in report.tests where test.outcome != .passed {
      let name = sectionName(test.id)
      let loading = "ERROR collecting \(test.id)"
      let subtests = details.filter { $0.key.hasPrefix(name + " (") }.min { $0.key < $1.key }
      if let detail = subtests?.value ?? details[name] ?? details[loading]
        ?? details["ERROR at setup of \(name)"] ?? details["[doctest] \(name)"]
      {
        report.explain(test.id, detail)
      }
    }
    return report
  }

  /// `FAILED tests/test_a.py::test_x - AssertionError: …`
  private static func summaryLine(_ line: Substring) -> TestResult? {
    if line.hasPrefix("SUBFAILED"),
      let space = line.firstRange(of: ") ") ?? line.firstRange(of: " ")
    {
      return summaryLine("FAILED " + line[space.upperBound...])
    }
    for (word, outcome) in outcomes where line.hasPrefix(word + " ") {
      let rest = line.dropFirst(word.count + 1)
      guard isNodeID(rest) || (word == "ERROR" && rest.contains(".py")) else { return nil }
      let reason = rest.firstRange(of: " - ")
      let id = reason.map { rest[..<$0.lowerBound] } ?? rest
      let detail = reason.map { String(rest[$0.upperBound...]) } ?? ""
      return TestResult(id: String(id), outcome: outcome, detail: detail)
    }
    return nil
  }

  /// `tests/test_a.py::test_x PASSED   [ 50%]`
  private static func verboseLine(_ line: Substring) -> TestResult? {
    guard isNodeID(line) else { return nil }
    for (word, outcome) in outcomes {
      guard let place = line.firstRange(of: " \(word)") else { continue }
      let rest = line[place.upperBound...]
      guard rest.isEmpty || rest.hasPrefix(" ") else { continue }
      return TestResult(id: String(line[..<place.lowerBound]), outcome: outcome)
    }
    return nil
  }

  private static func isNodeID(_ text: Substring) -> Bool {
    guard let colons = text.firstRange(of: "::") else { return false }
    return text[..<colons.lowerBound].hasSuffix(".py")
  }

  /// `tests/test_a.py::TestA::test_x[1]` is headed `TestA.test_x[1]`.
  private static func sectionName(_ id: String) -> String {
    guard let colons = id.firstRange(of: "::") else { return id }
    return String(id[colons.upperBound...]).replacing("::", with: ".")
  }

  private static func ruled(_ line: Substring, by mark: Character) -> String? {
    guard line.first == mark, line.last == mark, line.contains(" ") else { return nil }
    let title = line.drop { $0 == mark }
    guard title.first == " " else { return nil }
    let text = String(title.dropFirst().prefix { $0 != mark || mark == "_" }).trimmingMarks(mark)
    return text.isEmpty ? nil : text
  }

  /// `3 failed, 1 passed in 0.12s`
  private static func closing(_ title: String) -> Bool {
    guard title.contains(" in ") else { return false }
    return [
      "passed", "failed", "error", "skipped", "xfailed", "xpassed", "deselected", "no tests ran",
    ]
    .contains { title.contains($0) }
  }

  private static let outcomes: [(String, TestOutcome)] = [
    ("PASSED", .passed), ("FAILED", .failed), ("ERROR", .error), ("SKIPPED", .skipped),
    ("XFAIL", .expectedFailure), ("XPASS", .unexpectedSuccess),
  ]
}

extension String {
  fileprivate func trimmingMarks(_ mark: Character) -> String {
    var text = self[...]
    while let last = text.last, last == mark || last == " " { text.removeLast() }
    return String(text)
  }
}
