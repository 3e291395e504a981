import Foundation

/// How the next token is drawn. Filters apply in Hugging Face's order: temperature, top-k, top-p,
/// min-p.
public struct SamplingParameters: Sendable, Codable, Equatable {
  /// Logits are divided by it; 0 takes the likeliest token.
  public var temperature: Float
  /// Keep the likeliest tokens until they hold this share of the probability; 1 keeps all.
  public var topP: Float
  /// Keep this many of the likeliest tokens; 0 keeps all.
  public var topK: Int
  /// Drop tokens below this share of the likeliest one's probability; 0 drops none.
  public var minP: Float

  public init(temperature: Float = 1, topP: Float = 1, topK: Int = 0, minP: Float = 0) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.minP = minP
  }

  public static let greedy = SamplingParameters(temperature: 0)

  /// One sentence saying which value is out of range, or nil.
  public var problem: String? {
    // Below a thousandth the division overflows, and the likeliest token is meant anyway.
    if !(temperature == 0 || (temperature >= 0.001 && temperature <= 100)) {
      return "the temperature is \(temperature), expected 0 (the likeliest token) or 0.001 to 100"
    }
    if !(topP > 0 && topP <= 1) { return "top-p is \(topP), expected more than 0 and at most 1" }
    if topK < 0 { return "top-k is \(topK), expected 0 (all) or more" }
    if !(minP >= 0 && minP < 1) { return "min-p is \(minP), expected 0 or more and less than 1" }
    return nil
  }

  var filters: Bool { topP < 1 || topK > 0 || minP > 0 }
}

/// A drawn token and its log-probability.
public struct SampledToken: Sendable, Equatable {
  public var id: TokenID
  /// Under softmax(logits / temperature) over the whole vocabulary, before any filter, so that it is
  /// what a trainer computes from the same tokens; at temperature 0, under softmax(logits).
  public var logprob: Float
}

package enum Sampler {
  /// Draws from `logits`, which are overwritten. One draw takes exactly one number from `random`
  /// (none at temperature 0).
  package static func draw(
    _ logits: UnsafeMutableBufferPointer<Float>, _ parameters: SamplingParameters,
    random: inout SplitMix64
  ) -> SampledToken {
    let p = logits.baseAddress!
    let count = logits.count
    let greedy = parameters.temperature == 0
    if !greedy && parameters.temperature != 1 {
      let inverse = 1 / parameters.temperature
      for i in 0..<count { p[i] *= inverse }
    }
    let top = maximum(p, count)
    if greedy {
      let best = logits.firstIndex(of: top) ?? 0
      let total = exponentiate(p, shift: top, count)
      return SampledToken(id: TokenID(best), logprob: -log(total))
    }
    let total = exponentiate(p, shift: top, count)
    let choice =
      parameters.filters
      ? filtered(logits, total: total, parameters, random.unit())
      : scan(logits, target: random.unit() * Double(total))
    return SampledToken(id: TokenID(choice), logprob: log(p[choice] / total))
  }

  /// The index where the running sum of `weights` passes `target`.
  private static func scan(_ weights: UnsafeMutableBufferPointer<Float>, target: Double) -> Int {
    var sum = 0.0
    var last = 0
    let block = 256
    for start in stride(from: 0, to: weights.count, by: block) {
      let end = min(start + block, weights.count)
      var part: Float = 0
      for i in start..<end { part += weights[i] }
      if sum + Double(part) <= target {
        sum += Double(part)
        if part > 0 { last = end - 1 }
        continue
      }
      for i in start..<end where weights[i] > 0 {
        sum += Double(weights[i])
        last = i
        if sum > target { return i }
      }
    }
    // Rounding may leave the target a hair above the sum: the last token with any weight.
    while last > 0 && weights[last] == 0 { last -= 1 }
    return last
  }

  private static func filtered(
    _ weights: UnsafeMutableBufferPointer<Float>, total: Float, _ parameters: SamplingParameters,
    _ unit: Double
  ) -> Int {
    // Without top-k the filters commute, and dropping the unlikely first leaves little to sort.
    let floor = parameters.topK == 0 ? parameters.minP : 0
    var kept = weights.indices.filter { weights[$0] > 0 && weights[$0] >= floor }
    kept.sort { (weights[$0], $1) > (weights[$1], $0) }
    if parameters.topK > 0 { kept = Array(kept.prefix(parameters.topK)) }
    if parameters.topP < 1 {
      // The share is of what top-k left, as the filters apply one after another.
      let mass = parameters.topK > 0 ? kept.reduce(0) { $0 + weights[$1] } : total
      var sum: Float = 0
      let count = kept.firstIndex { index in
        sum += weights[index]
        return sum >= parameters.topP * mass
      }
      if let count { kept = Array(kept.prefix(count + 1)) }
    }
    // The likeliest token has weight 1: min-p is a plain threshold, and keeps at least that one.
    kept = Array(kept.prefix { weights[$0] >= parameters.minP })
    let target = unit * kept.reduce(0.0) { $0 + Double(weights[$1]) }
    var sum = 0.0
    for index in kept {
      sum += Double(weights[index])
      if sum > target { return index }
    }
    return kept.last ?? 0
  }
}
