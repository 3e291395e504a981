import Dispatch
import Foundation
import FoundationNetworking
import Synchronization

/// One bounded HTTP request: a time limit for the whole exchange, a size limit for the answer,
/// no redirects (a key must not travel to another host) and no cookies or caches.
struct HTTPExchange: Sendable {
  var seconds: Double
  var responseBytes: Int
  /// Called with what comes, as it comes.
  var received: (@Sendable (Data) -> Void)?

  struct Answer: Sendable {
    var status: Int
    var retryAfter: String?
    /// Whether the body is server-sent events.
    var isStream: Bool
    var body: Data
  }

  enum Failure: Error {
    case timedOut
    case tooLarge
    case connection(String)
  }

  /// - Throws: `Failure`, or `CancellationError` when the surrounding task is cancelled.
  func send(_ request: URLRequest) async throws -> Answer {
    try await withDeadline(.now + .seconds(seconds), expired: Failure.timedOut) {
      try await perform(request)
    }
  }

  private func perform(_ request: URLRequest) async throws -> Answer {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpCookieStorage = nil
    configuration.urlCache = nil
    configuration.timeoutIntervalForRequest = seconds
    let collector = Collector(responseBytes: responseBytes, received: received)
    let session = URLSession(
      configuration: configuration, delegate: collector, delegateQueue: InlineQueue())
    defer { session.finishTasksAndInvalidate() }
    let task = session.dataTask(with: request)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        collector.start(task, continuation)
      }
    } onCancel: {
      task.cancel()
    }
  }
}

/// Does its operations at once, on the session's own thread. In a queue beside it what a server sends would wait without
/// bound, and cancelling waits for a session that a fast server never lets rest.
private final class InlineQueue: OperationQueue, @unchecked Sendable {
  override func addOperation(_ operation: Operation) { operation.start() }
}

/// Collects one answer up to its size limit and resumes the waiting task exactly once.
private final class Collector: NSObject, URLSessionDataDelegate {
  private struct State {
    var body = Data()
    /// Nil once the task has its outcome: what comes then doesn't matter.
    var continuation: CheckedContinuation<HTTPExchange.Answer, any Error>?
  }

  private let responseBytes: Int
  private let received: (@Sendable (Data) -> Void)?
  private let state = Mutex(State())

  init(responseBytes: Int, received: (@Sendable (Data) -> Void)?) {
    self.responseBytes = responseBytes
    self.received = received
  }

  func start(
    _ task: URLSessionDataTask, _ continuation: CheckedContinuation<HTTPExchange.Answer, any Error>
  ) {
    state.withLock { $0.continuation = continuation }
    task.resume()
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let (isTooLarge, continuation) = state.withLock { state in
      if state.continuation != nil, state.body.count + data.count <= responseBytes {
        state.body.append(data)
        return (false, CheckedContinuation<HTTPExchange.Answer, any Error>?.none)
      }
      defer { state.continuation = nil }
      return (true, state.continuation)
    }
    guard isTooLarge else {
      received?(data)
      return
    }
    guard let continuation else { return }
    continuation.resume(throwing: HTTPExchange.Failure.tooLarge)
    // It waits for the thread that this is called on.
    DispatchQueue.global().async { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    let (continuation, body) = state.withLock { state in
      defer { state.continuation = nil }
      return (state.continuation, state.body)
    }
    guard let continuation else { return }
    if let error {
      continuation.resume(throwing: Self.failure(error))
    } else if let response = task.response as? HTTPURLResponse {
      continuation.resume(
        returning: HTTPExchange.Answer(
          status: response.statusCode,
          retryAfter: response.value(forHTTPHeaderField: "Retry-After"),
          isStream: response.value(forHTTPHeaderField: "Content-Type")?.lowercased()
            .hasPrefix("text/event-stream") == true,
          body: body))
    } else {
      continuation.resume(throwing: HTTPExchange.Failure.connection("the answer is not HTTP"))
    }
  }

  private static func failure(_ error: any Error) -> any Error {
    guard let error = error as? URLError else {
      return HTTPExchange.Failure.connection("\(error)")
    }
    switch error.code {
    case .cancelled: return CancellationError()
    case .timedOut: return HTTPExchange.Failure.timedOut
    default: return HTTPExchange.Failure.connection(error.localizedDescription)
    }
  }
}
