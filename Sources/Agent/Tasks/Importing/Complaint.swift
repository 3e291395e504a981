internal import Tools

/// The line in which a test or its runner says what is wrong, as a person may see it.
enum Complaint {
  /// Nil where nothing is said.
  static func of(_ test: TestResult) -> String? {
    let lines = TextLines.split(test.detail)
    // pytest marks what it found.
    let marked = lines.filter { $0.hasPrefix("E  ") }.map { $0.dropFirst() }
    let said = marked.isEmpty ? lines : marked
    let named = said.last { $0.trimmed.prefixMatch(of: #/[\w.]*[A-Z]\w*(: |$)/#) != nil }
    return shown(named ?? (marked.first ?? lines.last(where: isSaid)))
  }

  /// Of a run that reported no test; nil where nothing is said.
  static func of(_ run: TestRun) -> String? {
    guard run.report.tests.isEmpty else { return nil }
    let text = run.report.remark.isEmpty ? run.result.output : run.report.remark
    let lines = TextLines.split(text).suffix(40).filter(isSaid)
    // Below it, pytest names its configuration.
    guard let line = lines.last(where: { $0.lowercased().contains("error") }) ?? lines.last else {
      return nil
    }
    return shown(line.hasPrefix("E  ") ? line.dropFirst() : line)
  }

  private static func isSaid(_ line: Substring) -> Bool { line.contains { !$0.isWhitespace } }

  private static func shown(_ line: Substring?) -> String? {
    guard let line, isSaid(line) else { return nil }
    let scalars = line.trimmed.unicodeScalars.prefix(200)
    return VisibleText.escaped(String(String.UnicodeScalarView(scalars)))
  }
}
