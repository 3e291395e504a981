public import Agent
import Foundation
import LanguageModel
import Tools

/// A saved episode and its credit as one HTML page that needs nothing else: no network, no script.
public struct CreditPage: Sendable {
  let transcript: Transcript
  let credit: Credit
  /// What each turn changed, as git's patches; nil if that isn't known.
  let changes: [[UInt8]]?

  public init(_ transcript: Transcript, _ credit: Credit, changes: [[UInt8]]? = nil) {
    self.transcript = transcript
    self.credit = credit
    self.changes = changes
  }

  public var html: String {
    let task = text(transcript.header.task)
    var body = "<h1>\(task)</h1>\n<p class=dim>\(about)</p>\n\(overview)"
    body += "<h2>What the agent was told</h2>\n"
    for message in transcript.header.messages {
      body += folded(message.role.rawValue, message.content, isOpen: message.role == .user)
    }
    body += "<h2>Turns</h2>\n"
    if changes == nil {
      body +=
        "<p class=dim>What each turn changed isn't shown: what it began with isn't at hand.</p>\n"
    }
    for turn in transcript.turns { body += section(turn) }
    body += "<h2>The end</h2>\n\(ending)"
    body += folded("What hindsight knew", credit.hint, isOpen: false)
    return """
      <!doctype html>
      <html lang=en>
      <meta charset=utf-8>
      <meta name=viewport content="width=device-width, initial-scale=1">
      <meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(task)</title>
      <style>\(Self.style)</style>
      <body>
      \(body)</body>
      </html>

      """
  }

  private static let style = """
    :root { color-scheme: light dark; --rule: #8884; --dim: #777; --good: 34 139 80; --bad: 200 50 50 }
    body { max-width: 60rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif }
    h1 { font-size: 1.4rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin-top: 2rem }
    pre { margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.45 ui-monospace, monospace }
    section { border-top: 1px solid var(--rule); padding: .6rem 0; content-visibility: auto; contain-intrinsic-size: auto 10rem }
    .dim, summary { color: var(--dim) } summary { cursor: pointer }
    .ok { color: rgb(var(--good)) } .no { color: rgb(var(--bad)) }
    .blamed { border-left: .25rem solid rgb(var(--bad)); padding-left: .6rem }
    table { border-collapse: collapse; font-size: .9rem } td, th { padding: .1rem .8rem .1rem 0; text-align: left }
    td.n { text-align: right; font-variant-numeric: tabular-nums }
    .turns { max-height: 24rem; overflow: auto } .turns th { position: sticky; top: 0; background: Canvas }
    a { color: inherit }
    """

  private var about: String {
    let header = transcript.header
    return text(
      "sample \(header.sample), seed \(header.seed), \(header.policy.kind) \(header.policy.name), "
        + "dialect \(header.dialect), tree \(header.base.tree.short)")
  }

  /// A row a turn.
  private var overview: String {
    var rows = ""
    for (turn, scored) in zip(transcript.turns, credit.turns) {
      let name = turn.call?.name ?? "no action"
      rows += """
        <tr><td class=n><a href="#turn-\(turn.number)">\(turn.number)</a><td>\(text(name))\
        <td class=n>\(scored.tokens.count)<td class="n \(scored.sum < 0 ? "no" : "ok")">\
        \(Self.signed(scored.sum))

        """
    }
    let blame =
      credit.blamed.map { "The first turn to blame is <a href=\"#turn-\($0)\">turn \($0)</a>." }
      ?? "No turn is to blame: none loses half a nat or more."
    return """
      <p>log q − log π of each token, where q knows how it ended. Red: hindsight finds it less likely; green: \
      more. \(blame)</p>
      <div class=turns id=turns><table><tr><th>turn<th>action<th>tokens<th>nats
      \(rows)</table></div>

      """
  }

  private func section(_ turn: Turn) -> String {
    let scored = credit.turns.first { $0.number == turn.number }
    let isBlamed = credit.blamed == turn.number
    let action =
      scored.map { $0.tokens.isEmpty ? text(turn.text) : $0.tokens.map(span).joined() }
      ?? text(turn.text)
    var parts = "<section id=turn-\(turn.number)\(isBlamed ? " class=blamed" : "")>\n"
    parts += "<b>\(turn.title)</b> <span class=dim>"
    parts +=
      "\(Self.signed(scored?.sum ?? 0)) nats, tree \(text(turn.snapshot.tree.short)) "
      + "<a href=\"#turns\">all turns</a></span>\n"
    parts += "<pre>\(action)</pre>\n"
    if let result = turn.result {
      var outcome = turn.call?.name ?? "result"
      if let code = result.exitCode { outcome += ", exit code \(code)" }
      parts += "<div class=\(result.isError ? "no" : "ok")>→ \(text(outcome))</div>\n"
      parts += long(result.text)
    } else if let error = turn.formatError {
      parts += "<div class=no>→ format error</div>\n" + long(error.problem)
    }
    if let changes, changes.indices.contains(turn.number - 1), !changes[turn.number - 1].isEmpty {
      parts += diff("what it changed", changes[turn.number - 1])
    }
    if isBlamed {
      let lines = turn.lines(of: finalDiff)
      if !lines.isEmpty {
        parts += "<div class=no>What it left in the final diff:</div>\n"
        parts += "<pre>\(text(lines.joined(separator: "\n")))</pre>\n"
      }
    }
    return parts + "</section>\n"
  }

  private var finalDiff: String {
    String(decoding: transcript.end?.finalDiff ?? [], as: UTF8.self)
  }

  private var ending: String {
    guard let end = transcript.end else { return "<p class=no>The episode was cut off.</p>\n" }
    var parts = "<p>\(text(end.stopReason.name)) after \(end.turns) turns"
    if let grade = end.grade {
      let reward = grade.reward.map { String(format: "%.2f", $0) } ?? "none"
      parts +=
        ", reward \(reward), <span class=\(grade.resolved ? "ok>resolved" : "no>not resolved")</span>"
    }
    parts += ".</p>\n"
    if let grade = end.grade {
      if !grade.tests.isEmpty {
        parts += "<table>"
        for test in grade.tests {
          let isGood = [.passed, .expectedFailure].contains(test.outcome)
          parts +=
            "<tr><td class=\(isGood ? "ok" : "no")>\(text(test.outcome.rawValue))<td>\(text(test.id))\n"
        }
        parts += "</table>\n"
      }
      if !grade.feedback.isEmpty { parts += folded("feedback", grade.feedback, isOpen: true) }
    }
    if !end.finalDiff.isEmpty { parts += diff("final diff", end.finalDiff) }
    return parts
  }

  private func span(_ token: Credit.Token) -> String {
    // A nat is seen well; four are as strong as it gets.
    let strength = min(abs(token.gap) / 4, 1) * 0.75
    guard strength > 0.01 else { return text(token.text) }
    let colour = token.gap < 0 ? "--bad" : "--good"
    return "<span title=\"\(Self.signed(token.gap))\" style=\"background:rgb(var(\(colour))/"
      + String(format: "%.2f", strength) + ")\">\(text(token.text))</span>"
  }

  private func long(_ content: String) -> String {
    let lines = content.split(separator: "\n", omittingEmptySubsequences: false).count
    return lines > 30
      ? folded("\(lines) lines", content, isOpen: false) : "<pre>\(text(content))</pre>\n"
  }

  /// A patch, a line of it in its colour, without binary contents.
  private func diff(_ title: String, _ patch: [UInt8]) -> String {
    let lines = TranscriptView.withoutBinaryContents(String(decoding: patch, as: UTF8.self))
      .split(separator: "\n", omittingEmptySubsequences: false)
    let coloured = lines.map { line in
      let isHeader = ["diff ", "index ", "+++ ", "--- ", "@@ "].contains { line.hasPrefix($0) }
      let kind = isHeader ? "dim" : line.hasPrefix("+") ? "ok" : line.hasPrefix("-") ? "no" : nil
      return kind.map { "<span class=\($0)>\(text(String(line)))</span>" } ?? text(String(line))
    }
    return
      "<details open><summary>\(title)</summary>\n<pre>\(coloured.joined(separator: "\n"))</pre></details>\n"
  }

  private func folded(_ title: String, _ content: String, isOpen: Bool) -> String {
    "<details\(isOpen ? " open" : "")><summary>\(text(title))</summary>\n<pre>\(text(content))</pre></details>\n"
  }

  public static func signed(_ value: Double) -> String {
    String(format: "%+.2f", value).replacing("-", with: "−")
  }

  /// Nothing of what models and tools wrote becomes markup, or invisible.
  private func text(_ text: String) -> String {
    VisibleText.escaped(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
