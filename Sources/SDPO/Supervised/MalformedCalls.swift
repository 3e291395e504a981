import Agent
import Tools

/// Calls as a small model gets them wrong.
enum MalformedCalls {
  /// Texts that mean the same action as `text` and that the dialect refuses.
  static func of(_ text: String, dialect: any Dialect) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var candidates = [
      // Prose and no call.
      "I will look into this and mend it.",
      // A Markdown block around it.
      "```\n\(text)\n```",
      // Two actions in one reply.
      text + "\n" + dialect.render(.test),
      // A call in brackets.
      "[\(lines[0])]",
      // A JSON call whose end is missing.
      String(text.dropLast(2)),
    ]
    if lines.count > 2 {
      // A block that is never closed, and one without its markers.
      candidates.append(lines.dropLast().joined(separator: "\n"))
      candidates.append(lines.filter { !$0.hasPrefix("<<<") }.joined(separator: "\n"))
    }
    return candidates.filter { candidate in
      if case .failure = dialect.parse(candidate) { true } else { false }
    }
  }
}
