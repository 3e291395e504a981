internal import Agent
internal import Foundation

/// What standard output can show.
enum Terminal {
  /// Whether it takes colours: a terminal that isn't dumb, and NO_COLOR isn't set.
  static var usesColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb"
      && (environment["NO_COLOR"] ?? "").isEmpty
  }

  static var view: TranscriptView { TranscriptView(usesColor: usesColor) }

  /// Columns; 120 if it is no terminal.
  static var width: Int {
    var size = winsize()
    let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? Int(size.ws_col) : 120
  }
}
