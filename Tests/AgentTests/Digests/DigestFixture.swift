import Agent
import Foundation
import Testing

/// A text in Tests/Fixtures/failures, and how a digest is made of it as the grader does.
struct DigestFixture: Sendable, CustomTestStringConvertible {
  /// The file's name without ".txt".
  var name: String
  /// The runner that printed it; nil for one whose form no report is read from.
  var kind: TestReport.Kind?
  /// The failing test; nil where no test is reported.
  var test: String?
  var ending = ""
  var notes: [String] = []
  /// The digest without its first line, which counts, and the last, which names tests not run.
  var text = ""
  /// The digest in at most 160 characters.
  var tight = ""

  var testDescription: String { name + (test.map { ": \($0)" } ?? "") }

  static func read(_ name: String) throws -> String {
    let file = TestReportTests.fixtures.appending(path: "failures/\(name).txt")
    return String(decoding: try Data(contentsOf: file), as: UTF8.self)
  }

  func digest() throws -> FailureDigest { digest(of: try Self.read(name)) }

  func digest(of output: String) -> FailureDigest {
    let report = kind.map { TestReport.parse(output, kind: $0) } ?? TestReport()
    let id = test ?? "m.T.test_a"
    var digest = FailureDigest()
    digest.failing = [report.result(of: id)]
    digest.total = 1
    digest.output = output
    digest.remark = report.remark
    digest.ending = ending
    digest.notes = notes
    if let unfinished = report.unfinished { digest.notes.append("\(unfinished) was running.") }
    digest.repository.isTest = { path in
      let file = path.split(separator: "/").last ?? ""
      return file.hasPrefix("test_") || path.hasPrefix("t/") || path == "t.c"
    }
    digest.repository.line = { path, line in
      guard let text = Self.source(path) else { return nil }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      return line <= lines.count ? String(lines[line - 1]) : nil
    }
    digest.repository.definition = { name in
      let found = ["calc.py", "memory.c"].flatMap { path in
        Definition.all(of: name, in: Self.source(path) ?? "", path: path)
      }
      return found.count == 1 ? found[0] : nil
    }
    return digest
  }

  private static func source(_ path: String) -> String? {
    let file = TestReportTests.fixtures.appending(path: "failures/sources/\(path)")
    return try? String(contentsOf: file, encoding: .utf8)
  }

  /// Without the lines that every digest has.
  static func body(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.removeAll { $0 == "1 of 1 tests fail." || $0.hasPrefix("not run: m.T.test_a") }
    return lines.joined(separator: "\n")
  }
}
