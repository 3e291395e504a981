package import Foundation
internal import Tools

/// Reads the report of a ``ReportChannel``, and believes only what is signed and in order.
package enum SignedReport {
  private struct Event: Decodable {
    var n: Int
    var event: String
    var id: String?
    var outcome: String?
    var detail: String?
    var failed: Int?
    var passed: Int?
    var lines: [ExecutedLines.Line]?
  }

  /// - Parameters:
  ///   - data: the report file's bytes; a last line without its newline was cut off and is dropped.
  ///   - key: the run's key.
  package static func read(_ data: Data, key: [UInt8]) -> TestReport {
    var report = TestReport()
    var running: String?
    var next = 0
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for line in lines.dropLast() {
      guard let event = verified(line, key: key), event.n == next else {
        report.tampering = "the report of the tests holds a line that the runner didn't write"
        break
      }
      next += 1
      switch event.event {
      case "start": running = event.id
      case "test":
        running = nil
        guard let id = event.id, let outcome = event.outcome.flatMap(TestOutcome.init) else {
          break
        }
        report.add(TestResult(id: id, outcome: outcome, detail: event.detail ?? ""))
      case "tampered":
        let what = event.detail ?? "unittest"
        report.tampering = "the code under test altered \(what) of the test runner"
      case "load-error": report.remark = event.detail ?? ""
      case "end": report.isComplete = true
      case "lines":
        report.lines = ExecutedLines(
          failing: event.failed ?? 0, passing: event.passed ?? 0, lines: event.lines ?? [])
      default: break
      }
    }
    if let running {
      report.unfinished = running
      let detail = "the process ended while this test was running"
      report.add(TestResult(id: running, outcome: .error, detail: detail))
    }
    return report
  }

  private static func verified(_ line: Data, key: [UInt8]) -> Event? {
    guard line.count > 65, line[line.startIndex + 64] == UInt8(ascii: " ") else { return nil }
    let payload = line.dropFirst(65)
    guard Array(authenticationCode(payload, key: key).utf8) == Array(line.prefix(64)) else {
      return nil
    }
    return try? JSONDecoder().decode(Event.self, from: payload)
  }

  /// HMAC-SHA-256 (RFC 2104) as hexadecimal digits; the key has at most 64 bytes.
  package static func authenticationCode(_ message: Data, key: [UInt8]) -> String {
    precondition(key.count <= 64)
    let padded = key + [UInt8](repeating: 0, count: 64 - key.count)
    let inner = sha256Hex(padded.map { $0 ^ 0x36 } + message)
    let digest = stride(from: 0, to: 64, by: 2).map { start in
      let digits = Array(inner.utf8)[start..<(start + 2)]
      return UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0
    }
    return sha256Hex(padded.map { $0 ^ 0x5C } + digest)
  }
}
