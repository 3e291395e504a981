internal import Tools

/// Which reported test a listed name means: SWE-bench has SymPy's by their functions alone, and Django's by the first
/// lines of their doc strings.
struct ListedNames {
  private let report: TestReport
  /// Tests by the ends of their ids, and by the lines that unittest prints below their names.
  private var others: [String: Set<String>] = [:]

  init(_ run: TestRun) {
    report = run.report
    for test in run.report.tests {
      guard let colons = test.id.ranges(of: "::").last else { continue }
      others[String(test.id[colons.upperBound...]), default: []].insert(test.id)
    }
    var above: Substring = ""
    for line in TextLines.split(run.result.output) {
      if let end = line.firstRange(of: " ... "), let header = UnittestText.header(above),
        header.rest.isEmpty
      {
        others[String(line[..<end.lowerBound]), default: []].insert(header.id)
      }
      above = line
    }
  }

  /// The id of the one test that it can mean; the name itself if it is one, or there isn't one.
  func id(of name: String) -> String {
    guard report.result(of: name).outcome == .missing else { return name }
    if let meant = others[name], meant.count == 1 { return meant.first ?? name }
    // Tests that are run in their folder are told without it.
    var rest = name[...]
    while let slash = rest.firstIndex(of: "/"), rest[slash...].contains("::") {
      rest = rest[rest.index(after: slash)...]
      if report.has(String(rest)) { return String(rest) }
    }
    return name
  }
}
