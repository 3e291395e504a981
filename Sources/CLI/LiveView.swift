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
      let patch = try? recorder.diff(from: before, to: turn.snapshot)
    else { return }
    show("  " + PatchSize(patch).description)
  }

  private func show(_ text: String) {
    print(text)
    fflush(nil)
  }
}

/// How much a patch changes, as `git diff --shortstat` counts.
struct PatchSize: Equatable, CustomStringConvertible {
  private(set) var files = 0
  private(set) var added = 0
  private(set) var removed = 0

  /// - patch: git's, as a recorder writes it.
  init(_ patch: [UInt8]) {
    // Lines of the hunk under way that are still to come: a line of a file may look like a header.
    var (old, new) = (0, 0)
    for line in patch.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      switch line.first {
      case UInt8(ascii: "+") where new > 0: (added, new) = (added + 1, new - 1)
      case UInt8(ascii: "-") where old > 0: (removed, old) = (removed + 1, old - 1)
      case UInt8(ascii: " ") where old > 0 && new > 0: (old, new) = (old - 1, new - 1)
      default:
        let text = String(decoding: line.prefix(100), as: UTF8.self)
        if text.hasPrefix("diff --git ") { files += 1 }
        if let hunk = text.firstMatch(of: /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/) {
          old = hunk.1.flatMap { Int($0) } ?? 1
          new = hunk.2.flatMap { Int($0) } ?? 1
        }
      }
    }
  }

  var description: String {
    "\(files) \(files == 1 ? "file" : "files") changed, +\(added) −\(removed)"
  }
}
