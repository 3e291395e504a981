/// What a test run said in short: how many passed, which failed, the first failure.
///
/// Reads Python's unittest, pytest and TAP (`ok 1 - name`). Times are left out, so that the same
/// result gives the same text.
struct TestSummary {
  var passed: Int
  /// Tests that ran, as the runner counts them.
  var ran: Int
  var failed: [String]
  var firstFailure: [String]

  /// Nil if the output is of none of these.
  init?(_ output: String) {
    let lines = output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map(String.init)
    guard
      let summary = TestSummary(unittest: lines) ?? TestSummary(pytest: lines)
        ?? TestSummary(tap: lines)
    else { return nil }
    self = summary
  }

  private init(passed: Int, ran: Int, failed: [String], firstFailure: [String]) {
    self.passed = passed
    self.ran = ran
    self.failed = failed
    self.firstFailure = firstFailure
  }

  /// "Ran 5 tests in 0.001s", blocks that begin "=====" and "FAIL: name (class)".
  private init?(unittest lines: [String]) {
    guard let ran = lines.last(where: { $0.hasPrefix("Ran ") && $0.contains(" test") }),
      let total = Int(ran.dropFirst(4).prefix { $0.isNumber })
    else { return nil }
    var failed: [String] = []
    var block: [String] = []
    var isFirst = false
    for (index, line) in lines.enumerated() {
      let isRule = line.hasPrefix("======") && line.allSatisfy { $0 == "=" }
      if isRule, index + 1 < lines.count {
        let title = lines[index + 1]
        if title.hasPrefix("FAIL: ") || title.hasPrefix("ERROR: ") {
          failed.append(title)
          isFirst = failed.count == 1
          continue
        }
      }
      if line.hasPrefix("Ran ") { isFirst = false }
      if isFirst { block.append(line) }
    }
    let meaningful = block.filter {
      !$0.isEmpty && !$0.allSatisfy { "-=".contains($0) } && !$0.hasPrefix("Traceback (most")
    }
    self.init(
      passed: max(total - failed.count, 0), ran: total, failed: failed,
      firstFailure: Array(meaningful.dropFirst()))
  }

  /// "=== 1 failed, 2 passed in 0.01s ===", "FAILED path::name - reason".
  private init?(pytest lines: [String]) {
    let counts = lines.last {
      $0.contains(" in ") && ($0.contains(" passed") || $0.contains(" failed"))
        && $0.hasSuffix("=")
    }
    guard let words = counts?.split(separator: " ") else { return nil }
    func number(_ name: String) -> Int {
      words.indices.dropFirst().first { words[$0].hasPrefix(name) }
        .flatMap { Int(words[$0 - 1]) } ?? 0
    }
    let failed = lines.filter { $0.hasPrefix("FAILED ") || $0.hasPrefix("ERROR ") }
    self.init(
      passed: number("passed"), ran: number("passed") + number("failed") + number("error"),
      failed: failed,
      firstFailure: Array(lines.filter { $0.hasPrefix("E  ") || $0.hasPrefix(">  ") }.prefix(12)))
  }

  private init?(tap lines: [String]) {
    let ok = lines.filter { $0.hasPrefix("ok ") }
    let notOK = lines.indices.filter { lines[$0].hasPrefix("not ok ") }
    guard !ok.isEmpty || !notOK.isEmpty else { return nil }
    var block: [String] = []
    if let first = notOK.first {
      block = lines[(first + 1)...].prefix { !$0.hasPrefix("ok ") && !$0.hasPrefix("not ok ") }
        .filter { !$0.isEmpty }
    }
    self.init(
      passed: ok.count, ran: ok.count + notOK.count, failed: notOK.map { lines[$0] },
      firstFailure: block)
  }

  func text(maxCharacters: Int) -> String {
    let total = passed + failed.count
    if failed.isEmpty { return "\(passed) of \(counted(total, "test")) passed." }
    var result = "\(passed) of \(counted(total, "test")) passed, \(failed.count) failed:"
    for name in failed.prefix(8) { result += "\n" + name.prefix(160) }
    if failed.count > 8 { result += "\n[\(failed.count - 8) more]" }
    guard !firstFailure.isEmpty else { return result }
    let block = firstFailure.map { String($0.prefix(200)) }.joined(separator: "\n")
    let room = max(maxCharacters - result.count - 30, 200)
    return result + "\nFirst failure:\n" + block.headAndTail(room)
  }
}
