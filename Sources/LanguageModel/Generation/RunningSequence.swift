import Foundation
import Synchronization

/// A request under way. Only the engine's thread touches it once it is handed over.
final class RunningSequence: @unchecked Sendable {
  let request: GenerationRequest
  let cancelled = Atomic<Bool>(false)
  /// The context and what was sampled.
  private(set) var tokens: [TokenID]
  /// Unset while the sequence waits.
  private(set) var cache: KVCache?
  /// Pages it may still fill that are nobody else's.
  var ownPages = 0
  /// Another whose context begins like this one's, and how much of it is worth waiting for.
  private(set) weak var leader: RunningSequence?
  private var awaited = 0
  private var sampled: [SampledToken] = []
  private var isStopped = false
  private var random: SplitMix64
  private var continuation: CheckedContinuation<GenerationResult, Never>?

  init(_ request: GenerationRequest, _ continuation: CheckedContinuation<GenerationResult, Never>) {
    self.request = request
    self.continuation = continuation
    tokens = request.tokens
    random = request.random
  }

  var adapter: LoRAParameters? { request.adapter }

  /// The context but for its last token, which must run to give the next one's distribution.
  var prefix: ArraySlice<TokenID> { request.tokens.dropLast() }

  /// Tokens of the context that haven't run; 0 once the sequence samples.
  var contextLeft: Int { max(0, request.tokens.count - (cache?.count ?? 0)) }

  /// All tokens it can come to.
  func tokenLimit(contextLength: Int) -> Int {
    max(
      tokens.count, min(contextLength, tokens.count + min(request.maxTokens, contextLength)))
  }

  func begin(with cache: KVCache) {
    self.cache = cache
    leader = nil
  }

  /// Waits until `leader` has computed so many tokens, or is gone.
  func wait(for tokens: Int, of leader: RunningSequence) {
    self.leader = leader
    awaited = tokens
  }

  var isAwaiting: Bool {
    guard let cache = leader?.cache else { return false }
    return cache.count < awaited
  }

  func draw(_ logits: UnsafeMutableBufferPointer<Float>) {
    let best = Transformer.likeliest(request.topLogprobs, of: UnsafeBufferPointer(logits))
    let token =
      request.allowed.isEmpty
      ? Sampler.draw(logits, request.sampling, random: &random) : drawAllowed(logits)
    sampled.append(token)
    tokens.append(token.id)
    guard let onToken = request.onToken else { return }
    isStopped = !onToken(TokenScore(token: token, top: scores(best, beside: token, logits)))
  }

  private func drawAllowed(_ logits: UnsafeMutableBufferPointer<Float>) -> SampledToken {
    let allowed = request.allowed
    var few = allowed.map { logits[Int($0)] }
    var token = few.withUnsafeMutableBufferPointer {
      Sampler.draw($0, request.sampling, random: &random)
    }
    token.id = allowed[Int(token.id)]
    return token
  }

  /// The likeliest tokens' log-probabilities under the distribution that `token` was drawn from.
  ///
  /// - weights: what drawing leaves of the logits: e^(logit / temperature − the largest).
  private func scores(
    _ best: [(id: TokenID, logit: Float)], beside token: SampledToken,
    _ weights: UnsafeMutableBufferPointer<Float>
  ) -> [SampledToken] {
    guard let first = best.first else { return [] }
    let temperature = request.sampling.temperature
    // At temperature 0 the token drawn has the largest logit.
    let logSum = (temperature > 0 ? log(weights[Int(token.id)]) : 0) - token.logprob
    return best.map {
      SampledToken(
        id: $0.id,
        logprob: ($0.logit - first.logit) / (temperature > 0 ? temperature : 1) - logSum)
    }
  }

  /// Why there's nothing more to sample, if so.
  func finish(contextLength: Int) -> GenerationResult.Finish? {
    if let last = sampled.last, isStopped || request.stopTokens.contains(last.id) { return .stop }
    if sampled.count >= request.maxTokens || cancelled.load(ordering: .relaxed) { return .length }
    // An empty context has no next token.
    return tokens.count >= contextLength || tokens.isEmpty ? .contextFull : nil
  }

  /// Lets go of the pages.
  func release() { cache = nil }

  /// Hands the result over.
  func end(_ finish: GenerationResult.Finish) {
    continuation?.resume(
      returning: GenerationResult(tokens: sampled, finish: finish, random: random))
    continuation = nil
  }
}
