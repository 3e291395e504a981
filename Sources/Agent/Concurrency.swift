/// Works on all elements, `jobs` at a time; `each` sees the results one by one, as they come.
///
/// - Throws: what `work` or `each` throws first; the rest is cancelled then.
package func inParallel<Element: Sendable, Result: Sendable>(
  _ elements: [Element], jobs: Int, _ work: @escaping @Sendable (Element) async throws -> Result,
  each: (Result) throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Result.self) { group in
    var waiting = elements.makeIterator()
    for _ in 0..<max(1, jobs) {
      if let element = waiting.next() { group.addTask { try await work(element) } }
    }
    while let result = try await group.next() {
      try each(result)
      if let element = waiting.next() { group.addTask { try await work(element) } }
    }
  }
}

/// Runs `body`, cancelled at `deadline`.
///
/// - Throws: `expired` then; otherwise what `body` throws.
package func withDeadline<Value: Sendable>(
  _ deadline: ContinuousClock.Instant, expired: some Error,
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(until: deadline, clock: .continuous)
      throw expired
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw CancellationError() }
    return value
  }
}
