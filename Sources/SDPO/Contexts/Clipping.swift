/// Cutting text to a budget so that the cut shows. Nothing here interprets the text.
enum Clipping {
  /// At most `limit` characters of `text`: whole lines from its head where there are any, then a
  /// note of how much was left out.
  static func head(_ text: String, limit: Int) -> String {
    let count = text.count
    guard count > limit else { return text }
    let note = { (left: Int) in "[… \(left) characters left out]" }
    let room = limit - note(count).count - 1
    guard room > 0 else { return String(text.prefix(max(0, limit))) }
    var kept = text.prefix(room)
    if let newline = kept.lastIndex(where: \.isNewline), newline != kept.startIndex {
      kept = kept[..<newline]
    }
    return kept + "\n" + note(count - kept.count)
  }

  /// Every line cut to `limit` characters, its last one "…" where something is missing.
  static func lines(_ text: String, limit: Int) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { line in
        line.count > limit ? line.prefix(max(0, limit - 1)) + "…" : String(line)
      }
      .joined(separator: "\n")
  }
}
