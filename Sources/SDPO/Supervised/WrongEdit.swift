package import LanguageModel

/// Plausible wrong repairs: one small mistake in the right place, or a repair where nothing is wrong.
package enum WrongEdit {
  /// Pairs that people mix up; each is tried both ways.
  private static let confusions: [(String, String)] = [
    (" < ", " <= "), (" > ", " >= "), (" == ", " != "), (" + ", " - "), (" * ", " / "),
    (" and ", " or "), ("True", "False"), (" + 1", ""), (" - 1", ""), ("not ", ""),
    ("min(", "max("), ("[0]", "[-1]"), (" is not None", " is None"), ("&&", "||"),
  ]

  /// `new` with one mistake, different from both `old` and `new`; nil if none fits.
  package static func mistake(in edit: LineEdit, random: inout SplitMix64) -> String? {
    var candidates: [String] = []
    for (left, right) in confusions {
      for (from, to) in [(left, right), (right, left)] where !from.isEmpty {
        if let changed = replacingFirst(from, with: to, in: edit.new) { candidates.append(changed) }
      }
    }
    candidates += numbersOffByOne(edit.new) + swappedArguments(edit.new) + lackingALine(edit)
    candidates.removeAll { $0 == edit.old || $0 == edit.new || $0.isEmpty }
    guard !candidates.isEmpty else { return nil }
    return candidates[random.index(below: candidates.count)]
  }

  /// A line of `text` away from `places` with one small change; nil if none is found.
  package static func elsewhere(
    in text: String, not places: [ClosedRange<Int>], random: inout SplitMix64
  ) -> NumberedEdit? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let code = lines.indices.filter { index in
      let line = lines[index].drop { $0 == " " || $0 == "\t" }
      return !places.contains { $0.contains(index + 1) } && !line.isEmpty
        && !["#", "//", "\"\"\"", "import ", "from ", ">>>"].contains { line.hasPrefix($0) }
    }
    for index in code.shuffled(using: &random).prefix(8) {
      let same = LineEdit(old: lines[index], new: lines[index])
      if let changed = mistake(in: same, random: &random) {
        return NumberedEdit(old: index + 1...index + 1, lines: [changed])
      }
    }
    return nil
  }

  private static func replacingFirst(
    _ part: String, with other: String, in text: String
  ) -> String? {
    guard let range = text.firstRange(of: part) else { return nil }
    return text.replacingCharacters(in: range, with: other)
  }

  private static func swappedArguments(_ text: String) -> [String] {
    text.matches(of: #/\((\w+), (\w+)\)/#).map { match in
      text.replacingCharacters(in: match.range, with: "(\(match.2), \(match.1))")
    }
  }

  /// Without one of the lines that the repair adds.
  private static func lackingALine(_ edit: LineEdit) -> [String] {
    let lines = edit.new.split(separator: "\n", omittingEmptySubsequences: false)
    let known = Set(edit.old.split(separator: "\n"))
    let added = lines.indices.filter { !lines[$0].isEmpty && !known.contains(lines[$0]) }
    guard added.count > 1 else { return [] }
    return added.map { index in
      (lines[..<index] + lines[(index + 1)...]).joined(separator: "\n")
    }
  }

  private static func numbersOffByOne(_ text: String) -> [String] {
    text.matches(of: #/\b\d{1,6}\b/#).compactMap { match in
      Int(match.output).map { text.replacingCharacters(in: match.range, with: String($0 + 1)) }
    }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
    self[..<range.lowerBound] + other + self[range.upperBound...]
  }
}
