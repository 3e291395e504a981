import Dispatch
import Foundation
import Synchronization

/// The only caller of a `Transformer`: a thread of its own that decodes all waiting requests
/// together, a token each at a time. Requests join and leave between steps, and share what has been
/// computed of common beginnings.
public final class Engine: Sendable {
  public let transformer: Transformer
  private let queue = DispatchQueue(label: "hindsight.engine", qos: .userInitiated)
  private let mailbox = Mutex<Mailbox>(Mailbox())
  private let scheduler: Scheduler

  /// What other threads leave for the engine's own.
  private struct Mailbox {
    var arrived: [RunningSequence] = []
    var ended: [(tokens: [TokenID], adapter: LoRAParameters?)] = []
    var running = false
    var statistics = GenerationStatistics()
  }

  /// - cacheBytes: how much memory keys and values may take, those of finished requests included;
  ///   nil takes an eighth of the machine's, and 4 GB at most.
  public init(_ transformer: Transformer, cacheBytes: Int? = nil) {
    self.transformer = transformer
    scheduler = Scheduler(transformer, cacheBytes: cacheBytes ?? Self.usualCacheBytes)
  }

  private static var usualCacheBytes: Int {
    min(Int(clamping: ProcessInfo.processInfo.physicalMemory / 8), 4 << 30)
  }

  /// How many conversations of so many tokens, `wanted` at most, may go on at once in half the machine's memory, and
  /// what their keys and values take. Those of more would push each other's out, and each turn compute them anew.
  public static func cache(
    of transformer: Transformer, conversations wanted: Int, tokens: Int
  ) -> (bytes: Int, conversations: Int) {
    let tokens = min(tokens, transformer.config.contextLength)
    let each = (tokens / KVPage.tokenCount + 2) * transformer.makeCache().pageByteCount
    let room = max(Int(clamping: ProcessInfo.processInfo.physicalMemory / 2), usualCacheBytes)
    let conversations = max(1, min(wanted, room / each))
    return (max(conversations * each, usualCacheBytes), conversations)
  }

  public var config: ModelConfig { transformer.config }

  public var statistics: GenerationStatistics { mailbox.withLock(\.statistics) }

  /// Samples until a stop token, `maxTokens` or a full context. A cancelled task gets what it had.
  public func generate(_ request: GenerationRequest) async -> GenerationResult {
    let handle = Mutex<RunningSequence?>(nil)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let sequence = RunningSequence(request, continuation)
        handle.withLock { $0 = sequence }
        if Task.isCancelled { sequence.cancelled.store(true, ordering: .relaxed) }
        post { $0.arrived.append(sequence) }
      }
    } onCancel: {
      handle.withLock { $0?.cancelled.store(true, ordering: .relaxed) }
    }
  }

  /// A conversation is over: what has been computed for it alone is the first to make room.
  ///
  /// - tokens: all of the conversation.
  public func end(_ tokens: [TokenID], adapter: LoRAParameters?) {
    post { $0.ended.append((tokens, adapter)) }
  }

  /// Runs other work on the network (a training step) when no request is under way. It may change
  /// weights, so whatever was computed with them is forgotten first.
  public func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Transformer) throws -> Value
  ) async throws -> Value {
    try await onQueue {
      self.scheduler.forgetAll()
      return try body(self.transformer)
    }
  }

  /// Like `perform`, for work that leaves all weights as they are.
  public func read<Value: Sendable>(
    _ body: @escaping @Sendable (Transformer) throws -> Value
  ) async throws -> Value {
    try await onQueue { try body(self.transformer) }
  }

  private func onQueue<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try body() }) }
    }
  }

  private func post(_ change: (inout Mailbox) -> Void) {
    let start = mailbox.withLock { mailbox in
      change(&mailbox)
      defer { mailbox.running = true }
      return !mailbox.running
    }
    if start { queue.async { self.decode() } }
  }

  /// Until nothing is left to do.
  private func decode() {
    while true {
      let (arrived, ended) = mailbox.withLock { mailbox in
        defer { (mailbox.arrived, mailbox.ended) = ([], []) }
        return (mailbox.arrived, mailbox.ended)
      }
      for conversation in ended { scheduler.retire(conversation.tokens, conversation.adapter) }
      scheduler.add(arrived)
      let finished = scheduler.step()
      // First the numbers: whoever has a result may ask what it took.
      mailbox.withLock { $0.statistics = scheduler.statistics }
      for (sequence, finish) in finished { sequence.end(finish) }
      let idle = mailbox.withLock { mailbox in
        mailbox.running =
          !scheduler.isIdle || !mailbox.arrived.isEmpty || !mailbox.ended.isEmpty
        return !mailbox.running
      }
      if idle { return }
    }
  }
}
