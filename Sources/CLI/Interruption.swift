internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Runs something that a first Ctrl-C (or SIGTERM, or the terminal's end) cancels, so that it can put its things in order; the second
/// ends the process at once.
func cancellingOnInterrupt<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let work = Task { try await body() }
  Interrupts.listen { number in
    // Other threads are at work: what `exit` would tear down is theirs.
    if work.isCancelled { _exit(128 + number) }
    Failure.report("stopping (again to stop at once)")
    work.cancel()
  }
  defer { Interrupts.listen(nil) }
  return try await work.value
}

/// Does what must not be left half done: a first Ctrl-C waits for its end, the second ends the process at once.
func finishingDespiteInterrupt(_ body: () throws -> Void) rethrows {
  Interrupts.listen { _ in
    Failure.report("saving what there is (again to stop at once)")
    Interrupts.listen(nil)
  }
  defer { Interrupts.listen(nil) }
  try body()
}

/// Does work whose results are files: it outlives whoever reads along, `head` or a pager. What it prints then is
/// lost, and that is no failure.
func outlivingReader(_ work: () async throws -> Void) async throws {
  // Subprocess gives every signal back its default in the programs that it starts.
  signal(SIGPIPE, SIG_IGN)
  try await work()
  // Else `main` would take it for a full disk.
  if Terminal.isUnread { throw ExitCode.success }
}

/// The process's signals, watched from the first work on: a source that is made anew for a second
/// work hears nothing.
private enum Interrupts {
  private static let listener = Mutex<(@Sendable (Int32) -> Void)?>(nil)
  nonisolated(unsafe) private static let sources = heard.map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      guard let heard = listener.withLock({ $0 }) else { _exit(128 + number) }
      heard(number)
    }
    source.resume()
    return source
  }

  /// Not the terminal's end where whoever started this wants it to outlive that, as nohup does.
  private static var heard: [Int32] {
    var hangUp = sigaction()
    sigaction(SIGHUP, nil, &hangUp)
    let isIgnored = unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) == 1
    return [SIGINT, SIGTERM] + (isIgnored ? [] : [SIGHUP])
  }

  /// Nil: nobody has anything to put in order, and a signal ends the process.
  static func listen(_ body: (@Sendable (Int32) -> Void)?) {
    _ = sources
    listener.withLock { $0 = body }
  }
}
