internal import Agent
internal import Foundation
internal import Synchronization
internal import Tools

/// Prints turns as they happen, and how much each changed.
final class LiveView: EpisodeObserver {
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
    show("\n" + view.render(turn))
    let before = last.withLock { last in
      defer { last = turn.snapshot }
      return last
    }
    guard let before, before.tree != turn.snapshot.tree,
      let size = try? recorder.size(from: before, to: turn.snapshot)
    else { return }
    show("  \(size)")
  }

  private func show(_ text: String) {
    print(text)
    fflush(nil)
  }
}
