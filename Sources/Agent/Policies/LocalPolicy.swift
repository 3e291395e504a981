public import LanguageModel

/// The network on this machine. Its sessions share an engine, which decodes whatever requests are
/// waiting together and remembers what it has computed, so a turn costs its new tokens.
public final class LocalPolicy: Policy {
  public let engine: Engine
  public let tokenizer: Tokenizer
  public let chatFormat: ChatFormat
  public let adapter: LoRAParameters?
  public let sampling: SamplingParameters
  public let identity: PolicyIdentity

  public init(
    engine: Engine, tokenizer: Tokenizer, chatFormat: ChatFormat, adapter: LoRAParameters?,
    sampling: SamplingParameters, name: String, modelDigest: String? = nil,
    adapterDigest: String? = nil
  ) {
    self.engine = engine
    self.tokenizer = tokenizer
    self.chatFormat = chatFormat
    self.adapter = adapter
    self.sampling = sampling
    identity = PolicyIdentity(
      kind: "local", name: name, modelDigest: modelDigest, adapterDigest: adapterDigest,
      sampling: [
        "min_p": sampling.minP.decimal, "temperature": sampling.temperature.decimal,
        "top_k": Double(sampling.topK), "top_p": sampling.topP.decimal,
      ])
  }

  public func session(seed: UInt64, limits: SessionLimits) async throws -> any PolicySession {
    LocalSession(policy: self, seed: seed, limits: limits)
  }
}

extension Float {
  /// 0.7 as people write it, not the nearest Float's 0.699999988.
  package var decimal: Double { Double(description) ?? Double(self) }
}

/// One conversation with the local network: its tokens as they were sampled.
private actor LocalSession: PolicySession {
  private let policy: LocalPolicy
  /// What the limits leave for all contexts together.
  private var tokensLeft: Int
  private var context: TokenContext
  private var random: SplitMix64

  init(policy: LocalPolicy, seed: UInt64, limits: SessionLimits) {
    self.policy = policy
    tokensLeft = limits.contextTokens ?? .max
    context = TokenContext(tokenizer: policy.tokenizer, chatFormat: policy.chatFormat)
    random = SplitMix64(seed: seed)
  }

  func act(_ newMessages: [ChatMessage], maxTokens: Int) async throws -> PolicyTurn {
    let added = context.encoding(newMessages)
    let window = min(tokensLeft, policy.engine.config.contextLength)
    let room = window - context.tokens.count - added.count
    guard room > 0, maxTokens > 0 else {
      return PolicyTurn(contextTokens: added, text: "", finish: .contextFull)
    }
    context.append(added)
    let result = await policy.engine.generate(
      GenerationRequest(
        tokens: context.tokens, adapter: policy.adapter, sampling: policy.sampling,
        random: random, stopTokens: [policy.chatFormat.endOfTurn] + policy.engine.config.endTokens,
        maxTokens: min(maxTokens, room)))
    try Task.checkCancellation()
    random = result.random
    let action = result.tokens.map(\.id)
    context.append(action)
    return PolicyTurn(
      contextTokens: added, actionTokens: action, logprobs: result.tokens.map(\.logprob),
      text: policy.tokenizer.decode(action, skippingSpecial: true),
      finish: finish(result, room: room, maxTokens: maxTokens))
  }

  func recall(_ newMessages: [ChatMessage], _ action: PolicyTurn) -> PolicyTurn {
    var action = action
    let isOurs =
      !action.contextTokens.isEmpty
      && (action.contextTokens + action.actionTokens).allSatisfy {
        (0..<policy.engine.config.vocabularySize).contains(Int($0))
      }
      && policy.tokenizer.decode(action.actionTokens, skippingSpecial: true) == action.text
      && policy.tokenizer.decode(action.contextTokens, skippingSpecial: false)
        == policy.tokenizer.decode(context.encoding(newMessages), skippingSpecial: false)
    if !isOurs {
      action.contextTokens = context.encoding(newMessages)
      action.actionTokens = policy.tokenizer.encode(action.text) + [policy.chatFormat.endOfTurn]
      action.logprobs = Array(repeating: .nan, count: action.actionTokens.count)
    }
    context.append(action.contextTokens)
    context.append(action.actionTokens)
    return action
  }

  func forget(seed: UInt64) {
    end()
    tokensLeft -= context.tokens.count
    context = TokenContext(tokenizer: policy.tokenizer, chatFormat: policy.chatFormat)
    random = SplitMix64(seed: seed)
  }

  func end() {
    policy.engine.end(context.tokens, adapter: policy.adapter)
  }

  private func finish(_ result: GenerationResult, room: Int, maxTokens: Int) -> PolicyTurn.Finish {
    switch result.finish {
    case .stop: .stop
    case .contextFull: .contextFull
    case .length: room <= maxTokens && result.tokens.count >= room ? .contextFull : .length
    }
  }
}
