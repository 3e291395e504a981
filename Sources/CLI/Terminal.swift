internal import Agent
internal import Foundation

/// What standard output can show.
enum Terminal {
  /// Whether it takes control sequences: a terminal that isn't dumb.
  static var isInteractive: Bool {
    isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether it takes colours: NO_COLOR isn't set either.
  static var usesColor: Bool {
    isInteractive && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Whether nobody reads it any more: the other end of the pipe is closed.
  static var isUnread: Bool {
    var pipe = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    return poll(&pipe, 1, 0) == 1 && Int32(pipe.revents) & POLLERR != 0
  }

  static var view: TranscriptView { TranscriptView(usesColor: usesColor) }

  /// Columns; 120 if it is no terminal.
  static var width: Int {
    var size = winsize()
    let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? Int(size.ws_col) : 120
  }
}
