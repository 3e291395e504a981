internal import Agent
internal import Foundation
internal import Synchronization

/// Shows how far a long piece of work is: on a terminal a bar with rate and time left, elsewhere a plain
/// line now and then. Goes to standard error, so that results can be piped.
final class ProgressReporter: Sendable {
  private struct State {
    var done = 0
    var note = ""
    var shown: ContinuousClock.Instant?
    var finished = false
  }

  private let label: String
  private let unit: String
  private let total: Int
  private let isTerminal: Bool
  private let write: @Sendable (String) -> Void
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let state = Mutex(State())

  /// - Parameters:
  ///   - label: what is being done: "Validating".
  ///   - total: how many steps there are.
  ///   - unit: what a step is, in the plural: "tasks".
  ///   - isTerminal: found out if nil.
  init(
    _ label: String, total: Int, unit: String, isTerminal: Bool? = nil,
    write: @escaping @Sendable (String) -> Void = {
      // Nobody can be told where it is closed or full.
      _ = try? FileHandle.standardError.write(contentsOf: Data($0.utf8))
    }
  ) {
    self.label = label
    self.total = total
    self.unit = unit
    self.write = write
    let dumb = ProcessInfo.processInfo.environment["TERM"] == "dumb"
    self.isTerminal = isTerminal ?? (isatty(STDERR_FILENO) == 1 && !dumb)
    start = clock.now
  }

  /// Counts steps that are done; `note` says what comes next or how it stands.
  func advance(by steps: Int = 1, note: String? = nil) {
    state.withLock { state in
      state.done += steps
      if let note { state.note = VisibleText.escaped(note) }
      show(&state)
    }
  }

  /// Says how many steps are done in all.
  func set(_ done: Int) {
    state.withLock { state in
      state.done = done
      show(&state)
    }
  }

  /// Prints a line of results to standard output without disturbing the bar; names and words of others in it do
  /// nothing to the terminal.
  func line(_ text: String) {
    state.withLock { state in
      if isTerminal, state.shown != nil { write("\r\u{1B}[K") }
      print(VisibleText.escaped(text))
      if isTerminal, state.shown != nil { write(Self.clipped(bar(state))) }
    }
  }

  /// Takes the bar away.
  func finish() {
    state.withLock { state in
      if isTerminal, state.shown != nil, !state.finished { write("\r\u{1B}[K") }
      state.finished = true
    }
  }

  private func show(_ state: inout State) {
    let now = clock.now
    let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
    let reference = state.shown ?? (isTerminal ? now - pause : start)
    guard !state.finished, now - reference >= pause || (isTerminal && state.done >= total) else {
      return
    }
    state.shown = now
    write(isTerminal ? "\r\u{1B}[K" + Self.clipped(bar(state)) : plain(state) + "\n")
  }

  /// "Validating [#####.....] 20/40 tasks, 3.1/s, 6 s left"
  private func bar(_ state: State) -> String {
    let width = 24
    let filled = total > 0 ? min(width, width * state.done / total) : width
    let cells =
      String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    return "\(label) [\(cells)] \(status(state))"
  }

  private func plain(_ state: State) -> String { "\(label): \(status(state))" }

  private func status(_ state: State) -> String {
    let seconds = (clock.now - start) / .seconds(1)
    var text = "\(state.done)/\(total) \(unit)"
    if state.done > 0, seconds > 0 {
      let rate = Double(state.done) / seconds
      text +=
        rate >= 1 ? String(format: ", %.1f/s", rate) : String(format: ", %.1f s each", 1 / rate)
      if state.done < total {
        text += ", \(Self.time(Double(total - state.done) / rate)) left"
      }
    }
    return state.note.isEmpty ? text : "\(text), \(state.note)"
  }

  /// "45 s", "3 min 20 s", "2 h 5 min".
  static func time(_ seconds: Double) -> String {
    let whole = Int(max(0, min(seconds, 1e9)).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// A bar must not wrap, or it couldn't be drawn over.
  private static func clipped(_ text: String) -> String {
    var size = winsize()
    let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return String(text.prefix(max((known ? Int(size.ws_col) : 80) - 1, 10)))
  }
}
