/// Reads the Test Anything Protocol, versions 12 to 14; indented subtests are diagnostics.
enum TAPText {
  static func parse(_ lines: [Substring]) -> TestReport {
    var tests: [TestLine] = []
    // The other lines before each test, and at the end those after the last.
    var blocks: [[Substring]] = [[]]
    var tail: [Substring] = []
    var plans: [Int] = []
    var bailed: Substring?
    for line in lines {
      if let test = testLine(line) {
        tests.append(test)
        blocks.append([])
      } else if let announced = planLine(line) {
        plans.append(announced)
      } else if line.hasPrefix("Bail out!") {
        bailed = line
      } else if !line.isEmpty, !line.hasPrefix("TAP version") {
        // What follows a plan at the end is about the whole, not about the last test.
        if plans.isEmpty || tests.count < plans[0] || blocks.count == 1 {
          blocks[blocks.count - 1].append(line)
        } else {
          tail.append(line)
        }
      }
    }
    var report = TestReport()
    let after = describesAfter(tests, blocks)
    for (index, test) in tests.enumerated() {
      let id = test.name.isEmpty ? String(test.number ?? index + 1) : test.name
      var detail = test.reason ?? ""
      if test.outcome == .failed {
        let block = after ? blocks[index + 1].filter(isDiagnostic) : Array(blocks[index].suffix(12))
        detail = block.joined(separator: "\n")
      }
      if report.has(id), report.tampering == nil {
        report.tampering = "the report names two tests \"\(id)\""
      }
      report.add(TestResult(id: id, outcome: test.outcome, detail: detail))
    }
    if plans.count > 1, report.tampering == nil { report.tampering = "the report has two plans" }
    check(&report, numbers: tests.enumerated().map { $1.number ?? $0 + 1 }, plan: plans.first)
    if let bailed {
      report.isComplete = false
      report.remark = String(bailed)
    }
    if report.remark.isEmpty {
      report.remark = ((blocks.last ?? []) + tail).joined(separator: "\n")
    }
    return report
  }

  private static func check(_ report: inout TestReport, numbers: [Int], plan: Int?) {
    var seen: Set<Int> = []
    for number in numbers where !seen.insert(number).inserted && report.tampering == nil {
      report.tampering = "the report numbers two tests \(number)"
    }
    guard let plan else {
      report.isComplete = !numbers.isEmpty
      return
    }
    report.isComplete = numbers.count == plan && numbers.allSatisfy { $0 >= 1 && $0 <= plan }
  }

  /// Whether diagnostics follow the test they are about, as the protocol has it, or come before it, as
  /// harnesses do that print when a check fails: the last failure tells.
  private static func describesAfter(_ tests: [TestLine], _ blocks: [[Substring]]) -> Bool {
    guard let last = tests.lastIndex(where: { $0.outcome == .failed }) else { return true }
    return blocks[last + 1].contains(where: isDiagnostic)
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
