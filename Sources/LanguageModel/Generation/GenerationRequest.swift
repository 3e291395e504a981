/// What to generate: a whole context, whose beginning the engine may have computed already.
public struct GenerationRequest: Sendable {
  public var tokens: [TokenID]
  public var adapter: LoRAParameters?
  public var sampling: SamplingParameters
  /// The sequence's own random stream: what it draws doesn't depend on the rest of the batch.
  public var random: SplitMix64
  public var stopTokens: [TokenID]
  public var maxTokens: Int
  /// How many of the likeliest tokens ``onToken`` is told of at every place.
  public var topLogprobs: Int
  /// The only tokens that may be drawn, each once, or empty: any. ``topLogprobs`` is 0 then.
  public var allowed: [TokenID] = []
  /// Called with each token as it is drawn, stop tokens too, on one of the engine's threads: it must be
  /// quick. False ends the answer as a stop token does.
  public var onToken: (@Sendable (TokenScore) -> Bool)?

  public init(
    tokens: [TokenID], adapter: LoRAParameters? = nil, sampling: SamplingParameters,
    random: SplitMix64, stopTokens: [TokenID], maxTokens: Int, topLogprobs: Int = 0,
    onToken: (@Sendable (TokenScore) -> Bool)? = nil
  ) {
    self.topLogprobs = topLogprobs
    self.onToken = onToken
    self.tokens = tokens
    self.adapter = adapter
    self.sampling = sampling
    self.random = random
    self.stopTokens = stopTokens
    self.maxTokens = maxTokens
  }
}

public struct GenerationResult: Sendable {
  public enum Finish: String, Sendable, Codable {
    /// A stop token was sampled, or `onToken` wanted no more; it is the last of `tokens`.
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

/// What an engine has done since it was made. Differences of two describe a span of time.
public struct GenerationStatistics: Sendable, Equatable, Codable {
  /// Tokens of contexts that went through the network, and that were found computed.
  public var computedTokens = 0
  public var reusedTokens = 0
  public var sampledTokens = 0
  /// Time in the network for contexts and for sampled tokens; a pass over both is divided by rows.
  public var prefillSeconds = 0.0
  public var decodeSeconds = 0.0

  public init() {}

  /// Context tokens computed a second of the network's time; nil before the first.
  public var contextRate: Double? {
    prefillSeconds > 0 ? Double(computedTokens) / prefillSeconds : nil
  }

  /// Tokens sampled a second of the network's time; nil before the first.
  public var samplingRate: Double? {
    decodeSeconds > 0 ? Double(sampledTokens) / decodeSeconds : nil
  }

  public static func - (a: Self, b: Self) -> Self {
    var result = a
    result.computedTokens -= b.computedTokens
    result.reusedTokens -= b.reusedTokens
    result.sampledTokens -= b.sampledTokens
    result.prefillSeconds -= b.prefillSeconds
    result.decodeSeconds -= b.decodeSeconds
    return result
  }
}
