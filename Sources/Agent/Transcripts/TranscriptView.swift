import Foundation
import LanguageModel
import Tools

/// A transcript for a person to read. Text of models and tools is made safe for the terminal.
public struct TranscriptView: Sendable {
  public var usesColor: Bool

  public init(usesColor: Bool) {
    self.usesColor = usesColor
  }

  public func render(_ transcript: Transcript) -> String {
    var parts = [render(transcript.header)] + transcript.turns.map(render)
    if let line = transcript.truncatedLine {
      parts.append(paint("Line \(line) was cut off while it was written; it is left out.", .red))
    }
    if let end = transcript.end {
      parts.append(render(end))
    } else {
      parts.append(paint("The episode was cut off after turn \(transcript.turns.count).", .red))
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  public func render(_ header: TranscriptHeader) -> String {
    let policy = header.policy
    var lines = [
      paint("Task \(safe(header.task)), sample \(header.sample)", .bold),
      "\(safe(policy.kind)) \(safe(policy.name)), dialect \(safe(header.dialect)),"
        + " seed \(header.seed), tree \(header.base.tree.short)",
    ]
    for message in header.messages {
      lines += ["", paint(message.role.rawValue, .dim), indented(message.content)]
    }
    return lines.joined(separator: "\n")
  }

  public func render(_ turn: Turn) -> String {
    var title = turn.title
    let tokens =
      turn.actionTokens.isEmpty
      ? turn.action.usage?.completionTokens ?? 0 : turn.actionTokens.count
    if tokens > 0 { title += ", \(tokens) tokens" }
    if turn.action.finish != .stop { title += ", \(turn.action.finish.rawValue)" }
    title += String(format: ", %.1f s", turn.policySeconds)
    var lines = [paint(title, .bold), indented(turn.text)]
    if let result = turn.result {
      var outcome = turn.call?.name ?? "result"
      if let code = result.exitCode { outcome += ", exit code \(code)" }
      if result.timedOut { outcome += ", timed out" }
      if result.outOfMemory { outcome += ", out of memory" }
      outcome += String(format: ", %.1f s", result.seconds)
      outcome += ", tree \(turn.snapshot.tree.short)"
      lines += [paint("→ \(outcome)", result.isError ? .red : .green), indented(result.text)]
    } else if let error = turn.formatError {
      lines += [paint("→ format error", .red), indented(error.problem)]
    }
    return lines.joined(separator: "\n")
  }

  /// - patchCharacters: where the patch has more, only its ends are shown.
  public func render(_ end: TranscriptEnd, patchCharacters: Int? = nil) -> String {
    var line = "Ended after \(counted(end.turns, "turn")): \(end.stopReason.name)"
    if let detail = end.stopReason.detail { line += " (\(safe(detail)))" }
    var lines = [paint(line, .bold)]
    if !end.protectedPathsTouched.isEmpty {
      let paths = end.protectedPathsTouched.map { safe($0) }.joined(separator: ", ")
      lines.append(paint("Protected paths touched: \(paths)", .red))
    }
    if let grade = end.grade { lines += render(grade) }
    if !end.finalDiff.isEmpty {
      let patch = String(decoding: end.finalDiff, as: UTF8.self)
      lines += ["", diff(patch, characters: patchCharacters)]
    }
    return lines.joined(separator: "\n")
  }

  private func render(_ grade: Grade) -> [String] {
    let reward = grade.reward.map { String(format: "%.2f", $0) } ?? "none"
    let verdict = grade.resolved ? "resolved" : "not resolved"
    var lines = [paint("Reward \(reward), \(verdict)", grade.resolved ? .green : .red)]
    if let failure = grade.infrastructureFailure { lines.append(safe(failure)) }
    if let reason = grade.invalidReason { lines.append(safe(reason)) }
    if !grade.feedback.isEmpty { lines.append(indented(grade.feedback)) }
    if let critique = grade.critique { lines.append(indented("critique: \(critique)")) }
    return lines
  }

  private static let binaryContents = "(binary contents)"

  /// A patch with its added and removed lines in colour; binary contents are left out.
  ///
  /// - characters: where it still has more, only its ends are shown.
  private func diff(_ patch: String, characters: Int?) -> String {
    let text = Self.withoutBinaryContents(patch)
    let shown = characters.map { text.headAndTail($0) } ?? text
    return safe(shown).split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("+") { return paint(String(line), .green) }
      if line.hasPrefix("-") { return paint(String(line), .red) }
      let isRemark = line.hasPrefix("@@") || line == Self.binaryContents
      return isRemark ? paint(String(line), .dim) : String(line)
    }.joined(separator: "\n")
  }

  /// A patch with a remark in the place of binary contents.
  package static func withoutBinaryContents(_ patch: String) -> String {
    var isBinary = false
    // By bytes: \r\n is one character.
    let lines = patch.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let kept = lines.compactMap { line -> Substring.UTF8View? in
      if line.starts(with: "diff --git ".utf8) { isBinary = false }
      if isBinary { return nil }
      isBinary = line.elementsEqual("GIT binary patch".utf8)
      return isBinary ? binaryContents[...].utf8 : line
    }
    return String(decoding: Array(kept.joined(separator: "\n".utf8)), as: UTF8.self)
  }

  /// Both sides of a divergence, line by line, from shortly before their first difference.
  public func render(_ divergence: Divergence, width: Int) -> String {
    let place = divergence.turn == 0 ? "The final diff differs" : "Turn \(divergence.turn)"
    let what = divergence.turn == 0 ? "" : ": the \(divergence.kind.rawValue) differs"
    let column = max(20, (width - 3) / 2)
    let rows = SideBySide(recorded: divergence.recorded, replayed: divergence.replayed)
      .rows(column: column)
    let header = paint(SideBySide.pad("recorded", column) + "   replayed", .dim)
    let body = rows.map { row in
      let text = "\(SideBySide.pad(row.left, column)) \(row.isSame ? " " : "≠") \(row.right)"
      return row.isSame ? text : paint(text, .red)
    }
    return ([paint(place + what, .bold), header] + body).joined(separator: "\n")
  }

  // MARK: Text

  private enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
  }

  private func paint(_ text: String, _ style: Style) -> String {
    usesColor ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
  }

  private func safe(_ text: String) -> String { VisibleText.escaped(text) }

  private func indented(_ text: String) -> String {
    safe(text).split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
  }
}

/// Two texts in two columns.
struct SideBySide {
  struct Row {
    var left: String
    var right: String
    var isSame: Bool
  }

  private static let before = 2
  private static let most = 24

  var recorded: String
  var replayed: String

  func rows(column: Int) -> [Row] {
    let left = lines(recorded)
    let right = lines(replayed)
    let same = zip(left, right).prefix { $0 == $1 }.count
    // A difference far to the right of a long line would be cut off: show the line from there.
    let start = max(0, same - Self.before)
    let end = min(max(left.count, right.count), start + Self.most)
    return (start..<max(start, end)).map { index in
      let pair = (index < left.count ? left[index] : "", index < right.count ? right[index] : "")
      let shift = max(0, zip(pair.0, pair.1).prefix { $0 == $1 }.count - column / 2)
      let isSame = index < left.count && index < right.count && pair.0 == pair.1
      return Row(
        left: cut(pair.0, isSame ? 0 : shift, column),
        right: cut(pair.1, isSame ? 0 : shift, column), isSame: isSame)
    }
  }

  private func lines(_ text: String) -> [String] {
    VisibleText.escaped(text).replacing("\t", with: "    ")
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private func cut(_ line: String, _ shift: Int, _ column: Int) -> String {
    let rest = shift > 0 ? "…" + line.dropFirst(shift) : line
    return rest.count > column ? rest.prefix(column - 1) + "…" : rest
  }

  static func pad(_ text: String, _ column: Int) -> String {
    text + String(repeating: " ", count: max(0, column - text.count))
  }
}
