public import LanguageModel

/// How much of the first user message each part may take, in characters (UTF-8 bytes). What is too
/// long is cut in the middle or at the end, with a mark; the closing line never is.
public struct OpeningLimits: Sendable, Codable, Hashable {
  public var instruction = 4_000
  public var files = 40
  public var fileList = 1_200
  public var hindsight = 8_000

  public init() {}
}

extension Dialect {
  /// The system message and the first user message: instruction, files, test command, the hindsight
  /// (for a teacher and for warm starts; nil for the student), and the closing line.
  ///
  /// - Parameter files: paths of the work tree, sorted; a long list is shortened.
  public func openingMessages(
    instruction: String, files: [String], testCommand: String?, hindsight: String?,
    tools: [ToolName] = ToolName.allCases, limits: OpeningLimits = OpeningLimits()
  ) -> [ChatMessage] {
    [
      ChatMessage(role: .system, content: systemPrompt(tools: tools)),
      ChatMessage(
        role: .user,
        content: OpeningPrompt(limits: limits).render(
          instruction: instruction, files: files,
          // Who has the tool needn't know the command.
          testCommand: tools.contains(.test) ? nil : testCommand,
          hasTests: tools.contains(.test) || testCommand != nil, hindsight: hindsight)),
    ]
  }
}

/// The first user message.
package struct OpeningPrompt {
  package static let closingLine = "Mend it, run the tests, then submit."

  var limits: OpeningLimits

  /// The message with hindsight in its place, before the closing line.
  package static func telling(_ hindsight: some StringProtocol, in message: String) -> String {
    let closing = "\n\n" + closingLine
    let ends = message.hasSuffix(closing)
    let rest = ends ? message.dropLast(closing.count) : message[...]
    return "\(rest)\n\n\(hindsight)\(ends ? closing : "")"
  }

  func render(
    instruction: String, files: [String], testCommand: String?, hasTests: Bool, hindsight: String?
  ) -> String {
    var parts = [Shortened.middle(trimmed(instruction), to: limits.instruction)]
    if !files.isEmpty { parts.append("Files:\n" + fileList(files)) }
    if let testCommand { parts.append("Tests: \(Shortened.middle(testCommand, to: 300))") }
    if let hindsight, !trimmed(hindsight).isEmpty {
      parts.append(Shortened.end(trimmed(hindsight), to: limits.hindsight))
    }
    parts.append(hasTests ? Self.closingLine : "Mend it, then submit.")
    return parts.joined(separator: "\n\n")
  }

  private func fileList(_ files: [String]) -> String {
    var shown: [String] = []
    var size = 0
    for file in files.prefix(limits.files) {
      let line = QuotedWord.render(file)
      size += line.utf8.count + 1
      guard size <= limits.fileList else { break }
      shown.append(line)
    }
    if shown.count < files.count { shown.append("… \(files.count - shown.count) more") }
    return shown.joined(separator: "\n")
  }

  private func trimmed(_ text: String) -> String {
    let start = text.drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}

/// Text cut to a number of UTF-8 bytes, on character boundaries, with a mark where it was cut.
enum Shortened {
  static func end(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    let kept = prefix(text, limit)
    return kept + cut(text.utf8.count - kept.utf8.count)
  }

  static func middle(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    let head = prefix(text, limit / 2)
    let tail = suffix(text, limit / 2)
    return head + cut(text.utf8.count - head.utf8.count - tail.utf8.count) + tail
  }

  private static func cut(_ bytes: Int) -> String { "\n… \(bytes) bytes left out …\n" }

  private static func prefix(_ text: String, _ limit: Int) -> String {
    var end = text.utf8.index(text.startIndex, offsetBy: max(0, limit))
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
      end = text.utf8.index(before: end)
    }
    return String(text[..<end])
  }

  private static func suffix(_ text: String, _ limit: Int) -> String {
    var start = text.utf8.index(text.endIndex, offsetBy: -max(0, limit))
    while start < text.endIndex, start.samePosition(in: text.unicodeScalars) == nil {
      start = text.utf8.index(after: start)
    }
    return String(text[start...])
  }
}
