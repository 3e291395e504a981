internal import Foundation

/// What the agent is told: how some call behaves and how it should, never where the bug is.
struct IssueText {
  let candidate: MakingResult.Candidate
  let subject: MakingResult.Subject
  /// Chooses the wording.
  let choice: Int

  var text: String {
    let shown = candidate.failing.filter(\.visible).prefix(2)
    let parts = shown.map { choice % 3 == 0 ? session($0) : sentence($0) }
    var result = parts.joined(separator: choice % 3 == 0 ? "\n" : " ")
    switch choice / 3 % 3 {
    case 0 where !subject.title.isEmpty:
      result = "`\(subject.title)` doesn't do what it should. " + lead(result)
    case 1: result += tail("Not every call is wrong.")
    default: result = choice % 3 == 0 ? "This is wrong:\n\n" + result : result
    }
    return result + "\n"
  }

  private func lead(_ text: String) -> String { choice % 3 == 0 ? "For example:\n\n" + text : text }

  private func tail(_ text: String) -> String { choice % 3 == 0 ? "\n\n" + text : " " + text }

  /// As it looks in an interpreter.
  private func session(_ failure: MakingResult.Candidate.Failure) -> String {
    var lines = failure.setup.flatMap(Self.prompted)
    lines += Self.prompted(failure.kind == "print" ? "print(\(failure.call))" : failure.call)
    let expected = failure.kind == "raises" ? failure.expected : clipped(expectation(failure))
    lines.append("\(clipped(observation(failure)))  # expected \(expected)")
    return lines.map { "    " + $0 }.joined(separator: "\n")
  }

  private func sentence(_ failure: MakingResult.Candidate.Failure) -> String {
    let call = "`\(Printable.line(failure.call, most: 300))`"
    var before = ""
    if !failure.setup.isEmpty {
      let setup = failure.setup.map { "    " + $0.replacing("\n", with: "\n    ") }
      before = "After\n\n" + setup.joined(separator: "\n") + "\n\n"
    }
    let seen = clipped(observation(failure))
    let outcome = failure.seen.hasPrefix("raises ") ? "raises `\(seen)`" : "gives `\(seen)`"
    if failure.kind == "raises" {
      return before + "\(call) should raise `\(failure.expected)`, but it \(outcome)."
    }
    if failure.kind == "true" { return before + "\(call) should hold, but it \(outcome)." }
    let expected = "`\(clipped(expectation(failure)))`"
    return choice % 3 == 1
      ? before + "\(call) should give \(expected), but it \(outcome)."
      : before + "I expected \(expected) from \(call); it \(outcome)."
  }

  private static func prompted(_ statement: String) -> [String] {
    statement.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
      ($0.offset == 0 ? ">>> " : "... ") + Printable.line(String($0.element))
    }
  }

  private func observation(_ failure: MakingResult.Candidate.Failure) -> String {
    let seen = failure.seen
    if seen.hasPrefix("raises ") { return String(seen.dropFirst(7)) }
    // A result that is compared by its text was seen as the text's own repr.
    return ["repr", "print"].contains(failure.kind) ? Self.unquoted(seen) : seen
  }

  private func expectation(_ failure: MakingResult.Candidate.Failure) -> String {
    failure.expected
  }

  private static func unquoted(_ text: String) -> String {
    guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"",
      text.last == quote, !text.contains("\\")
    else { return text }
    return String(text.dropFirst().dropLast())
  }

  private func clipped(_ text: String) -> String {
    let line = Printable.line(text.split(separator: "\n").joined(separator: " "), most: 400)
    return line.count <= 160 ? line : line.prefix(150) + "…"
  }
}
