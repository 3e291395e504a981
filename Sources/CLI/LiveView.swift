internal import Agent
internal import Foundation
internal import Synchronization
internal import Tools

/// What a model is writing, on the last line of a terminal.
final class WritingLine: Sendable {
  /// Nil where standard output is no terminal.
  static let standard = Terminal.isInteractive ? WritingLine() : nil

  private let text = Mutex("")

  func add(_ piece: String) {
    let line = text.withLock { text in
      text += piece
      // Scalars, not characters: one of those can be of any length.
      text = String(String.UnicodeScalarView(text.unicodeScalars.suffix(400)))
      // The end of it, on one line, and nothing that a terminal would obey.
      let words = VisibleText.escaped(
        text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
      return String(
        String.UnicodeScalarView(words.unicodeScalars.suffix(max(Terminal.width - 4, 10))))
    }
    print("\r\u{1B}[2K… \(line)", terminator: "")
    fflush(nil)
  }

  func clear() {
    text.withLock { $0 = "" }
    print("\r\u{1B}[2K", terminator: "")
    fflush(nil)
  }
}

/// Prints turns as they happen, and how much each changed.
final class LiveView: EpisodeObserver {
  /// An endpoint may answer with megabytes; all of them are in the transcript.
  private static let replyCharacters = 8_000
  /// So may what a command left be; all of it is in the patch.
  private static let patchCharacters = 20_000

  private let view = Terminal.view
  private let recorder: Recorder
  private let last = Mutex<Snapshot?>(nil)

  /// - recorder: where the episode's turns are recorded.
  init(_ recorder: Recorder) { self.recorder = recorder }

  func began(_ header: TranscriptHeader) {
    last.withLock { $0 = header.base }
    show(view.render(header))
  }

  func took(_ turn: Turn) {
    WritingLine.standard?.clear()
    var shown = turn
    shown.action.text = turn.text.headAndTail(Self.replyCharacters)
    show("\n" + view.render(shown))
    let before = last.withLock { last in
      defer { last = turn.snapshot }
      return last
    }
    guard let before, before.tree != turn.snapshot.tree,
      let size = try? recorder.size(from: before, to: turn.snapshot)
    else { return }
    show("  \(size)")
  }

  /// Prints how it ended.
  static func ended(_ trajectory: Trajectory) {
    WritingLine.standard?.clear()
    let end = TranscriptEnd(trajectory)
    print("\n" + Terminal.view.render(end, patchCharacters: patchCharacters) + "\n")
  }

  private func show(_ text: String) {
    print(text)
    fflush(nil)
  }
}
