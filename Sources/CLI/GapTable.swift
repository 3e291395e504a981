internal import Foundation
internal import SDPO

/// The figures of a hindsight gap for people: means over tasks with 95 % intervals.
enum GapTable {
  static func render(_ report: GapReport) -> String {
    var parts = [
      section(
        report.correct,
        "Correct actions of \(most(report.correct)) tasks: log-probability with hindsight minus "
          + "without, in nats",
        token: "per token of the actions", edit: "per edit, all its tokens")
    ]
    if let first = report.blame.max(by: { $0.edits < $1.edits }) {
      parts.append(
        section(
          report.blame,
          "\(first.edits) edits of the model's own in \(first.trajectories) episodes that failed, of "
            + "\(first.tasks) tasks: the same",
          token: "per token of the edits", edit: "per edit, all its tokens"))
    } else if !report.success.isEmpty {
      parts.append("No episode failed with an edit, so there is nothing to blame.")
    }
    if !report.success.isEmpty { parts.append(success(report.success)) }
    parts += report.leftOut.map { "left out: \($0)" }
    return parts.joined(separator: "\n\n")
  }

  /// "+0.012 [-0.003, +0.027]"
  static func text(_ interval: MeanInterval?, scale: Double = 1, format: String = "%+.3f") -> String
  {
    guard let interval else { return "–" }
    let number = { String(format: format, $0 * scale) }
    return "\(number(interval.mean)) [\(number(interval.low)), \(number(interval.high))]"
  }

  private static func most(_ rows: [GapReport.Row]) -> Int { rows.map(\.tasks).max() ?? 0 }

  private static func section(
    _ rows: [GapReport.Row], _ title: String, token: String, edit: String
  ) -> String {
    func block(_ name: String, _ figures: (GapReport.Row) -> GapReport.Figures?) -> String {
      table(
        [[name, "hindsight", "another task's", "difference"]]
          + rows.compactMap { row in
            figures(row).map {
              [row.condition.description]
                + [$0.hindsight, $0.shuffled, $0.difference].map { text($0) }
            }
          })
    }
    return [title, block(token, \.token), block(edit, \.edit)].joined(separator: "\n\n")
  }

  private static func success(_ gaps: [SuccessGap]) -> String {
    let percent = { text($0, scale: 100, format: $1) }
    return "Tasks solved at the first attempt, in per cent\n\n"
      + table(
        [["told in the first message", "pass@1", "minus without"]]
          + gaps.map { gap in
            [
              gap.told.rawValue, percent(gap.passAt1, "%.1f"),
              gap.told == .nothing ? "" : percent(gap.difference, "%+.1f"),
            ]
          })
  }

  /// Columns aligned by spaces.
  private static func table(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "   ").trimmingCharacters(in: .whitespaces)
    }.joined(separator: "\n")
  }
}
