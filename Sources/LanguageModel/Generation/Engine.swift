import Dispatch
import Synchronization

/// What to generate: a whole context, of which `cache` may already hold a prefix.
public struct GenerationRequest: Sendable {
  public var tokens: [TokenID]
  /// The sequence's own; on return it holds everything but the last sampled token.
  public var cache: KVCache
  public var adapter: LoRAParameters?
  public var sampling: SamplingParameters
  /// The sequence's own random stream: what it draws doesn't depend on the rest of the batch.
  public var random: SplitMix64
  public var stopTokens: [TokenID]
  public var maxTokens: Int

  public init(
    tokens: [TokenID], cache: KVCache, adapter: LoRAParameters? = nil,
    sampling: SamplingParameters, random: SplitMix64, stopTokens: [TokenID], maxTokens: Int
  ) {
    self.tokens = tokens
    self.cache = cache
    self.adapter = adapter
    self.sampling = sampling
    self.random = random
    self.stopTokens = stopTokens
    self.maxTokens = maxTokens
  }
}

public struct GenerationResult: Sendable {
  public enum Finish: String, Sendable, Codable {
    /// A stop token was sampled; it is the last of `tokens`.
    case stop
    /// `maxTokens` were sampled.
    case length
    /// The model's context is full.
    case contextFull
  }

  public var tokens: [SampledToken]
  public var finish: Finish
  /// The stream after the last draw, to go on with.
  public var random: SplitMix64
}

/// The only caller of a `Transformer`: a thread of its own that decodes all waiting requests
/// together, a token each at a time. Requests join and leave between steps.
public final class Engine: Sendable {
  public let transformer: Transformer
  private let queue = DispatchQueue(label: "hindsight.engine", qos: .userInitiated)
  private let waiting = Mutex<State>(State())

  private struct State {
    var pending: [Sequence] = []
    var running = false
  }

  public init(_ transformer: Transformer) { self.transformer = transformer }

  public var config: ModelConfig { transformer.config }

  /// Samples until a stop token, `maxTokens` or a full context. A cancelled task gets what it had.
  public func generate(_ request: GenerationRequest) async -> GenerationResult {
    let sequence = Sequence(request)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        sequence.continuation = continuation
        let start = waiting.withLock { state in
          state.pending.append(sequence)
          defer { state.running = true }
          return !state.running
        }
        if start { queue.async { self.decode() } }
      }
    } onCancel: {
      sequence.cancelled.store(true, ordering: .relaxed)
    }
  }

  /// Runs other work on the network (a training step, a teacher's pass) when no decoding step is
  /// under way.
  public func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Transformer) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try body(self.transformer) }) }
    }
  }

  private func decode() {
    var active: [Sequence] = []
    while true {
      let idle = waiting.withLock { state in
        active += state.pending
        state.pending = []
        state.running = !active.isEmpty
        return active.isEmpty
      }
      if idle { return }
      active.removeAll { $0.finishIfDone(contextLength: config.contextLength) }
      // One adapter a pass: sequences of the same one share it.
      for group in Dictionary(grouping: active, by: { $0.adapterID }).values { step(group) }
      active.removeAll { $0.finishIfDone(contextLength: config.contextLength) }
    }
  }

  /// One token for every sequence.
  private func step(_ sequences: [Sequence]) {
    let inputs = sequences.map { $0.input() }
    let hidden = transformer.extend(inputs, adapter: sequences[0].adapter)
    let vocabulary = config.vocabularySize
    let logits = FloatBuffer(count: sequences.count * vocabulary)
    transformer.logits(
      hidden.matrix, into: Matrix(logits.base, rows: sequences.count, columns: vocabulary))
    parallelItems(sequences.count) { index in
      sequences[index].draw(
        UnsafeMutableBufferPointer(start: logits.base + index * vocabulary, count: vocabulary))
    }
  }
}

/// A request under way. Only the engine's thread touches it once it is pending.
private final class Sequence: @unchecked Sendable {
  let adapter: LoRAParameters?
  let cancelled = Atomic<Bool>(false)
  var continuation: CheckedContinuation<GenerationResult, Never>?
  private let request: GenerationRequest
  private var tokens: [TokenID]
  private var sampled: [SampledToken] = []
  private var random: SplitMix64

  init(_ request: GenerationRequest) {
    self.request = request
    adapter = request.adapter
    tokens = request.tokens
    random = request.random
    // At least the last token must run again to give the next one's distribution.
    request.cache.truncate(to: tokens.count - 1)
  }

  var adapterID: ObjectIdentifier? { adapter.map(ObjectIdentifier.init) }

  func input() -> Transformer.Input {
    let fresh = tokens[request.cache.count...]
    return Transformer.Input(tokens: fresh, cache: request.cache, wanted: [fresh.count - 1])
  }

  func draw(_ logits: UnsafeMutableBufferPointer<Float>) {
    let token = Sampler.draw(logits, request.sampling, random: &random)
    sampled.append(token)
    tokens.append(token.id)
  }

  /// Hands the result over once there's nothing more to sample.
  func finishIfDone(contextLength: Int) -> Bool {
    let finish: GenerationResult.Finish
    if let last = sampled.last, request.stopTokens.contains(last.id) {
      finish = .stop
    } else if sampled.count >= request.maxTokens || cancelled.load(ordering: .relaxed) {
      finish = .length
    } else if tokens.count >= contextLength {
      finish = .contextFull
    } else {
      return false
    }
    continuation?.resume(
      returning: GenerationResult(tokens: sampled, finish: finish, random: random))
    continuation = nil
    return true
  }
}
