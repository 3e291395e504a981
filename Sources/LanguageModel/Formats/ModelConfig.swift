import Foundation

/// The families of networks that can be read. The raw value is `model_type` in config.json and
/// `general.architecture` in GGUF.
public enum Architecture: String, Sendable, Codable, CaseIterable {
  case llama, qwen2, qwen3
}

/// How the rotary frequencies differ from `theta^(-2i / headSize)`.
public enum RopeScaling: Sendable, Equatable {
  /// Every frequency is divided by the factor.
  case linear(factor: Float)
  /// Llama 3.1: low frequencies divided by the factor, high ones kept, a blend in between.
  case llama3(
    factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float,
    originalContextLength: Int)
  /// One divisor per frequency (`rope_freqs.weight` in GGUF), `headSize / 2` of them.
  case frequencyFactors([Float])
}

/// The shape of a decoder-only transformer: grouped-query attention, SwiGLU, RMS norm, rotary
/// positions. Values made by this module's readers have passed `validate`.
public struct ModelConfig: Sendable, Equatable {
  public var architecture: Architecture
  /// Rows of the embedding; may exceed the tokenizer's vocabulary (padding rows).
  public var vocabularySize: Int
  public var hiddenSize: Int
  public var intermediateSize: Int
  public var layerCount: Int
  public var headCount: Int
  public var kvHeadCount: Int
  /// Elements per head; `headCount * headSize` need not equal `hiddenSize`.
  public var headSize: Int
  public var rmsNormEpsilon: Float
  public var ropeTheta: Float
  public var ropeScaling: RopeScaling?
  /// The output head is the embedding's transpose; no `lm_head.weight`.
  public var tiedHead: Bool
  /// The q, k and v projections have biases (Qwen2).
  public var hasAttentionBias: Bool
  /// Each head's q and k pass through an RMS norm before the rotation (Qwen3).
  public var hasQKNorm: Bool
  public var contextLength: Int
  /// Tokens after which generation stops, ascending; may be empty.
  public var endTokens: [TokenID]
  public var bosToken: TokenID?

  public init(
    architecture: Architecture, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int,
    layerCount: Int, headCount: Int, kvHeadCount: Int, headSize: Int,
    rmsNormEpsilon: Float = 1e-6, ropeTheta: Float = 10_000, ropeScaling: RopeScaling? = nil,
    tiedHead: Bool, hasAttentionBias: Bool = false, hasQKNorm: Bool = false,
    contextLength: Int, endTokens: [TokenID] = [], bosToken: TokenID? = nil
  ) {
    self.architecture = architecture
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.kvHeadCount = kvHeadCount
    self.headSize = headSize
    self.rmsNormEpsilon = rmsNormEpsilon
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.tiedHead = tiedHead
    self.hasAttentionBias = hasAttentionBias
    self.hasQKNorm = hasQKNorm
    self.contextLength = contextLength
    self.endTokens = endTokens
    self.bosToken = bosToken
  }
}

extension ModelConfig {
  /// Throws unless every value is plausible, so that no later product of sizes overflows and no
  /// division is by zero. `file` is what the error names.
  public func validate(file: String) throws(ModelError) {
    let sizes: [(String, Int, ClosedRange<Int>)] = [
      ("vocabulary size", vocabularySize, 1...(1 << 21)),
      ("hidden size", hiddenSize, 1...(1 << 17)),
      ("intermediate size", intermediateSize, 1...(1 << 20)),
      ("layer count", layerCount, 1...1024),
      ("head count", headCount, 1...1024),
      ("key/value head count", kvHeadCount, 1...1024),
      ("head size", headSize, 2...4096),
      ("context length", contextLength, 1...(1 << 26)),
    ]
    for (name, value, range) in sizes where !range.contains(value) {
      throw ModelError(
        "\(file): the \(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
    if headCount % kvHeadCount != 0 {
      throw ModelError(
        "\(file): \(headCount) heads can't share \(kvHeadCount) key/value heads evenly")
    }
    if headSize % 2 != 0 {
      throw ModelError("\(file): the head size is \(headSize), rotary positions need an even one")
    }
    if !(rmsNormEpsilon > 0 && rmsNormEpsilon <= 0.1) {
      throw ModelError("\(file): the RMS norm's epsilon is \(rmsNormEpsilon), expected 0 to 0.1")
    }
    if !(ropeTheta >= 1 && ropeTheta <= 1e12) {
      throw ModelError("\(file): the rotary base is \(ropeTheta), expected 1 to 1e12")
    }
    try validateRopeScaling(file: file)
    for token in endTokens + (bosToken.map { [$0] } ?? [])
    where token < 0 || token >= vocabularySize {
      throw ModelError("\(file): token \(token) is outside the vocabulary of \(vocabularySize)")
    }
  }

  private func validateRopeScaling(file: String) throws(ModelError) {
    let factors: [Float]
    switch ropeScaling {
    case nil: return
    case .linear(let factor): factors = [factor]
    case .llama3(let factor, let low, let high, let original):
      factors = [factor, low, high]
      if !(high > low) || original < 1 {
        throw ModelError(
          "\(file): llama3 rope scaling needs low_freq_factor below high_freq_factor"
            + " and a positive original_max_position_embeddings")
      }
    case .frequencyFactors(let list):
      factors = list
      if list.count != headSize / 2 {
        throw ModelError(
          "\(file): rope_freqs.weight has \(list.count) factors, expected \(headSize / 2)")
      }
    }
    if let bad = factors.first(where: { !($0 > 0 && $0 <= 1e6) }) {
      throw ModelError("\(file): a rope scaling factor is \(bad), expected a positive number")
    }
  }

  /// The rotary angle per position of each pair of elements, `headSize / 2` values: element `i`
  /// turns with element `i + headSize / 2`. Computed in Float as Hugging Face's
  /// `modeling_rope_utils` does.
  public func inverseFrequencies() -> [Float] {
    let base = (0..<headSize / 2).map { index in
      1 / powf(ropeTheta, Float(2 * index) / Float(headSize))
    }
    switch ropeScaling {
    case nil: return base
    case .linear(let factor): return base.map { $0 / factor }
    case .frequencyFactors(let factors): return zip(base, factors).map { $0 / $1 }
    case .llama3(let factor, let low, let high, let original):
      let context = Float(original)
      return base.map { frequency in
        let wavelength = 2 * Float.pi / frequency
        if wavelength < context / high { return frequency }
        if wavelength > context / low { return frequency / factor }
        let smooth = (context / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
  }
}
