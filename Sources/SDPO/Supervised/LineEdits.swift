/// A change to one file as exact-match edits: what an agent would have to write.
public struct LineEdit: Sendable, Equatable {
  /// Occurs exactly once in the file at the time of the edit.
  public var old: String
  public var new: String

  public init(old: String, new: String) {
    self.old = old
    self.new = new
  }
}

enum LineEdits {
  /// Edits that, applied in order, turn `before` into `after`: one a changed run of lines, each
  /// grown by unchanged lines around it until its old text is unique. Nil when the old text is empty
  /// (a new file) and so can't be matched.
  static func between(_ before: String, _ after: String) -> [LineEdit]? {
    let old = lines(before)
    let new = lines(after)
    guard !old.isEmpty else { return nil }
    var edits: [LineEdit] = []
    var current = before
    // From the end, so that earlier line numbers stay true.
    for hunk in hunks(old, new).reversed() {
      guard let edit = grow(hunk, old, new, in: current) else { return nil }
      edits.append(edit)
      current = replaceOnce(edit, in: current)
    }
    return current == after ? edits : nil
  }

  private struct Hunk {
    var old: Range<Int>
    var new: Range<Int>
  }

  /// Maximal runs of lines that differ, by longest common subsequence.
  private static func hunks(_ old: [String], _ new: [String]) -> [Hunk] {
    let difference = new.difference(from: old)
    let removed = Set(
      difference.removals.map { change -> Int in
        if case .remove(let offset, _, _) = change { offset } else { -1 }
      })
    let inserted = Set(
      difference.insertions.map { change -> Int in
        if case .insert(let offset, _, _) = change { offset } else { -1 }
      })
    var result: [Hunk] = []
    var (i, j) = (0, 0)
    while i < old.count || j < new.count {
      let start = (i, j)
      while i < old.count && removed.contains(i) { i += 1 }
      while j < new.count && inserted.contains(j) { j += 1 }
      if (i, j) == start {
        (i, j) = (i + 1, j + 1)
      } else {
        result.append(Hunk(old: start.0..<i, new: start.1..<j))
      }
    }
    return result
  }

  private static func grow(
    _ hunk: Hunk, _ old: [String], _ new: [String], in text: String
  ) -> LineEdit? {
    var (oldRange, newRange) = (hunk.old, hunk.new)
    var upward = true
    while true {
      let edit = LineEdit(old: old[oldRange].joined(), new: new[newRange].joined())
      if !edit.old.isEmpty && occurrences(of: edit.old, in: text) == 1 { return edit }
      // Lines above first, then below, then above again.
      let (canUp, canDown) = (oldRange.lowerBound > 0, oldRange.upperBound < old.count)
      guard canUp || canDown else { return nil }
      if upward ? canUp : !canDown {
        oldRange = oldRange.lowerBound - 1..<oldRange.upperBound
        newRange = newRange.lowerBound - 1..<newRange.upperBound
      } else {
        oldRange = oldRange.lowerBound..<oldRange.upperBound + 1
        newRange = newRange.lowerBound..<newRange.upperBound + 1
      }
      upward.toggle()
    }
  }

  static func replaceOnce(_ edit: LineEdit, in text: String) -> String {
    let bytes = Array(text.utf8)
    guard let at = firstIndex(of: Array(edit.old.utf8), in: bytes) else { return text }
    return String(
      decoding: bytes[..<at] + Array(edit.new.utf8) + bytes[(at + edit.old.utf8.count)...],
      as: UTF8.self)
  }

  static func occurrences(of part: String, in text: String) -> Int {
    let (needle, bytes) = (Array(part.utf8), Array(text.utf8))
    guard !needle.isEmpty, needle.count <= bytes.count else { return 0 }
    return (0...bytes.count - needle.count).count { bytes[$0...].starts(with: needle) }
  }

  private static func firstIndex(of needle: [UInt8], in bytes: [UInt8]) -> Int? {
    guard needle.count <= bytes.count else { return nil }
    return (0...bytes.count - needle.count).first { bytes[$0...].starts(with: needle) }
  }

  /// Lines with their line breaks, split on bytes: "\r\n" stays in its line.
  private static func lines(_ text: String) -> [String] {
    var result: [String] = []
    var line: [UInt8] = []
    for byte in text.utf8 {
      line.append(byte)
      if byte == UInt8(ascii: "\n") {
        result.append(String(decoding: line, as: UTF8.self))
        line = []
      }
    }
    if !line.isEmpty { result.append(String(decoding: line, as: UTF8.self)) }
    return result
  }
}
