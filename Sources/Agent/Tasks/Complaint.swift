internal import Tools

/// The line in which a test, its runner or a script says what is wrong, as the end of a sentence that a person may see:
/// a colon before it, and nothing where nothing is said.
enum Complaint {
  static func of(_ test: TestResult) -> String {
    let lines = TextLines.split(test.detail)
    // pytest marks what it found.
    let marked = lines.filter { $0.hasPrefix("E  ") }.map { $0.dropFirst() }
    let said = marked.isEmpty ? lines : marked
    let named = said.last { $0.trimmed.prefixMatch(of: #/[\w.]*[A-Z]\w*(: |$)/#) != nil }
    return shown(named ?? (marked.first ?? lines.last(where: isSaid)))
  }

  /// Of a run that reported no test.
  static func of(_ run: TestRun) -> String {
    guard run.report.tests.isEmpty else { return "" }
    let text = run.report.remark.isEmpty ? run.result.output : run.report.remark
    let lines = TextLines.split(text).suffix(40).filter(isSaid)
    // Below it, pytest names its configuration.
    guard let line = lines.last(where: { $0.lowercased().contains("error") }) ?? lines.last else {
      return ""
    }
    return shown(line.hasPrefix("E  ") ? line.dropFirst() : line)
  }

  /// Of a script.
  static func of(output: String) -> String { shown(TextLines.split(output).last(where: isSaid)) }

  private static func isSaid(_ line: Substring) -> Bool { line.contains { !$0.isWhitespace } }

  private static func shown(_ line: Substring?) -> String {
    guard let line, isSaid(line) else { return "" }
    let scalars = line.trimmed.unicodeScalars.prefix(200)
    return ": " + VisibleText.escaped(String(String.UnicodeScalarView(scalars)))
  }
}
