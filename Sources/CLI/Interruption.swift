internal import Dispatch
internal import Foundation

/// Runs something that a first Ctrl-C (or SIGTERM) cancels, so that it can put its things in order; the second
/// ends the process at once.
func cancellingOnInterrupt<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let work = Task { try await body() }
  let sources = [SIGINT, SIGTERM].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      if work.isCancelled { exit(128 + number) }
      Failure.report("stopping (again to stop at once)")
      work.cancel()
    }
    source.resume()
    return source
  }
  defer {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
  return try await work.value
}
