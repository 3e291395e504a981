/// Reads the Test Anything Protocol, versions 12 to 14; indented subtests are diagnostics.
enum TAPText {
  static func parse(_ lines: [Substring]) -> TestReport {
    var report = TestReport()
    var plan: Int?
    var numbers: Set<Int> = []
    var count = 0
    var bailed = false
    var before: [Substring] = []
    var failing: Int?

    for line in lines {
      if let test = testLine(line) {
        count += 1
        let number = test.number ?? count
        if !numbers.insert(number).inserted, report.tampering == nil {
          report.tampering = "the report numbers two tests \(number)"
        }
        let id = test.name.isEmpty ? String(number) : test.name
        if report.tests.contains(where: { $0.id == id }), report.tampering == nil {
          report.tampering = "the report names two tests \"\(id)\""
        }
        let failed = test.outcome == .failed
        let detail = test.reason ?? (failed ? before.suffix(12).joined(separator: "\n") : "")
        report.add(TestResult(id: id, outcome: test.outcome, detail: detail))
        failing = failed ? report.tests.firstIndex { $0.id == id } : nil
        before = []
      } else if let announced = planLine(line) {
        if plan != nil, report.tampering == nil { report.tampering = "the report has two plans" }
        plan = announced
      } else if line.hasPrefix("Bail out!") {
        bailed = true
        report.remark = String(line)
      } else if let failing, isDiagnostic(line) {
        let old = report.tests[failing].detail
        report.tests[failing].detail = old.isEmpty ? String(line) : "\(old)\n\(line)"
      } else if !line.isEmpty, !line.hasPrefix("TAP version") {
        before.append(line)
      }
    }
    let planned = plan.map { count == $0 && numbers.allSatisfy((1...max($0, 1)).contains) } ?? true
    report.isComplete = planned && !bailed && (plan != nil || count > 0)
    if report.remark.isEmpty { report.remark = before.joined(separator: "\n") }
    return report
  }

  private static func isDiagnostic(_ line: Substring) -> Bool {
    line.hasPrefix("#") || line.hasPrefix(" ") || line.hasPrefix("\t")
  }

  private struct TestLine {
    var number: Int?
    var name: String
    var outcome: TestOutcome
    var reason: String?
  }

  /// `ok 3 - name # SKIP why`.
  private static func testLine(_ line: Substring) -> TestLine? {
    var rest = line
    let failed = rest.hasPrefix("not ok")
    guard failed || rest.hasPrefix("ok") else { return nil }
    rest = rest.dropFirst(failed ? 6 : 2)
    guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { return nil }
    rest = rest.drop { $0 == " " || $0 == "\t" }
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    let number = Int(digits)
    if number != nil { rest = rest.dropFirst(digits.count).drop { $0 == " " } }
    if rest.hasPrefix("- ") || rest == "-" { rest = rest.dropFirst(1) }
    let (name, directive) = splitDirective(rest)
    var test = TestLine(
      number: number, name: trimmed(name).replacing("\\#", with: "#"),
      outcome: failed ? .failed : .passed)
    let word = directive.uppercased()
    if word.hasPrefix("SKIP") {
      test.outcome = .skipped
      test.reason = trimmed(directive.dropFirst(4))
    } else if word.hasPrefix("TODO"), failed {
      test.outcome = .expectedFailure
      test.reason = trimmed(directive.dropFirst(4))
    }
    return test
  }

  /// The part after an unescaped `#`, if it is a directive; any other `#` belongs to the name.
  private static func splitDirective(_ text: Substring) -> (name: Substring, directive: Substring) {
    var previous: Character = " "
    for index in text.indices {
      if text[index] == "#", previous != "\\" {
        let after = text[text.index(after: index)...].drop { $0 == " " }
        let word = after.prefix(4).uppercased()
        if word == "SKIP" || word == "TODO" { return (text[..<index], after) }
      }
      previous = text[index]
    }
    return (text, "")
  }

  /// `1..4`, perhaps with a comment.
  private static func planLine(_ line: Substring) -> Int? {
    guard line.hasPrefix("1..") else { return nil }
    let digits = line.dropFirst(3).prefix { $0.isASCII && $0.isNumber }
    let rest = line.dropFirst(3 + digits.count)
    guard rest.allSatisfy({ $0 == " " }) || rest.drop(while: { $0 == " " }).hasPrefix("#") else {
      return nil
    }
    return Int(digits)
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
