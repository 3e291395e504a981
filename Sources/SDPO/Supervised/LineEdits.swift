/// A change to lines of a file, as their text before and after.
public struct LineEdit: Sendable, Equatable {
  public var old: String
  public var new: String

  public init(old: String, new: String) {
    self.old = old
    self.new = new
  }
}

/// A change to one file as an edit of numbered lines.
package struct NumberedEdit: Sendable, Equatable {
  /// From 1; never empty.
  package var old: ClosedRange<Int>
  package var lines: [String]

  package init(old: ClosedRange<Int>, lines: [String]) {
    self.old = old
    self.lines = lines
  }
}

/// Works on bytes throughout: "\r\n" would be one character, and strings that only look the same would
/// be equal.
package enum LineEdits {
  /// Edits of numbered lines that, applied in order, turn `before` into `after`: the last one in the
  /// file comes first, so that numbers stay true. New lines are told with the line that they follow, or
  /// at the top of a file the one that follows them. Nil for an empty file, and where the two differ in
  /// their line breaks.
  package static func numbered(_ before: String, _ after: String) -> [NumberedEdit]? {
    let texts = Texts(old: lines(before), new: lines(after))
    guard !texts.old.isEmpty, isPlain(texts.old), isPlain(texts.new),
      before.utf8.last == after.utf8.last || after.isEmpty
    else { return nil }
    return hunks(texts).reversed().map { hunk in
      var (old, new) = (hunk.old, hunk.new)
      if old.isEmpty {
        if old.lowerBound > 0 {
          old = old.lowerBound - 1..<old.upperBound
          new = new.lowerBound - 1..<new.upperBound
        } else {
          old = old.lowerBound..<old.upperBound + 1
          new = new.lowerBound..<new.upperBound + 1
        }
      }
      return NumberedEdit(
        old: old.lowerBound + 1...old.upperBound,
        lines: texts.new[new].map { line in
          String(
            decoding: line.last == UInt8(ascii: "\n") ? line.dropLast() : line[...], as: UTF8.self)
        })
    }
  }

  /// Without carriage returns, which an edit of lines adds by itself or not at all.
  private static func isPlain(_ lines: [[UInt8]]) -> Bool {
    lines.allSatisfy { !$0.contains(UInt8(ascii: "\r")) }
  }

  /// The lines of `before`, counted from 1, that are changed; for a pure insertion the line it
  /// stands before.
  package static func changedLines(_ before: String, _ after: String) -> ClosedRange<Int>? {
    let texts = Texts(old: lines(before), new: lines(after))
    let hunks = hunks(texts)
    guard let first = hunks.first, let last = hunks.last else { return nil }
    let start = min(first.old.lowerBound + 1, max(texts.old.count, 1))
    return start...max(start, last.old.upperBound)
  }

  private struct Texts {
    var old: [[UInt8]]
    var new: [[UInt8]]
  }

  private struct Hunk {
    var old: Range<Int>
    var new: Range<Int>
  }

  /// Maximal runs of lines that differ, by longest common subsequence.
  private static func hunks(_ texts: Texts) -> [Hunk] {
    let difference = texts.new.difference(from: texts.old)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var result: [Hunk] = []
    var (i, j) = (0, 0)
    while i < texts.old.count || j < texts.new.count {
      let start = (i, j)
      while i < texts.old.count && removed.contains(i) { i += 1 }
      while j < texts.new.count && inserted.contains(j) { j += 1 }
      if (i, j) == start {
        (i, j) = (i + 1, j + 1)
      } else {
        result.append(Hunk(old: start.0..<i, new: start.1..<j))
      }
    }
    return result
  }

  /// Lines with their line breaks.
  private static func lines(_ text: String) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var line: [UInt8] = []
    for byte in text.utf8 {
      line.append(byte)
      if byte == UInt8(ascii: "\n") {
        result.append(line)
        line = []
      }
    }
    if !line.isEmpty { result.append(line) }
    return result
  }
}
