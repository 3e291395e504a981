import Agent

/// What a judge says, made fit to be quoted.
enum Critique {
  /// One line of at most `limit` characters, without what terminals and Markdown interpret.
  ///
  /// - Parameter isComplete: false if the answer was cut off: then its last sentence, if it isn't the only
  ///   one, is left out.
  static func clean(_ text: String, limit: Int, isComplete: Bool) -> String {
    let words = plainLines(text).filter { !$0.hasPrefix("```") }
      .joined(separator: " ").split(whereSeparator: \.isWhitespace)
    var line = words.joined(separator: " ")
    for title in ["Critique:", "Answer:", "Review:"] where line.hasPrefix(title) {
      line = String(line.dropFirst(title.count).drop { $0 == " " })
    }
    if isComplete, line.count <= limit { return line }
    let kept = line.prefix(limit)
    if let end = kept.lastIndex(where: { ".!?".contains($0) }),
      isSentenceEnd(end, in: line), kept.distance(from: kept.startIndex, to: end) >= 20
    {
      return String(line[...end])
    }
    return line.count < limit ? line + "…" : kept.prefix(max(0, limit - 1)) + "…"
  }

  /// The point of "calc.py" ends nothing.
  private static func isSentenceEnd(_ index: String.Index, in line: String) -> Bool {
    let next = line.index(after: index)
    return next == line.endIndex || line[next] == " "
  }

  /// Lines without control characters and escapes, each of a bounded length.
  static func plainLines(_ text: String) -> [Substring] { DigestText(text).lines }
}
