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
    guard let p = logits.baseAddress else { return SampledToken(id: 0, logprob: 0) }
    let count = logits.count
    guard parameters.temperature > 0 else { return likeliest(p, count) }
    if parameters.temperature != 1 { scale(p, by: 1 / parameters.temperature, count) }
    let top = maximum(p, count)
    let blocks = (count + Self.block - 1) / Self.block
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks) { sums in
      let sums = sums.baseAddress!
      weigh(p, shift: top, count, sums)
      var total = 0.0
      for block in 0..<blocks { total += Double(sums[block]) }
      let unit = random.unit()
      let choice =
        parameters.filters
        ? filtered(p, count, total: total, parameters, unit)
        : scan(p, count, sums, target: unit * total)
      return SampledToken(id: TokenID(choice), logprob: log(p[choice] / Float(total)))
    }
  }

  /// Weights are summed in blocks of so many: a draw looks into one of them.
  private static let block = 64

  private static func likeliest(_ p: UnsafeMutablePointer<Float>, _ count: Int) -> SampledToken {
    let top = maximum(p, count)
    let best = firstIndex(of: top, in: p, count) ?? 0
    return SampledToken(id: TokenID(best), logprob: -log(exponentiate(p, shift: top, count)))
  }

  private static func scale(_ p: UnsafeMutablePointer<Float>, by factor: Float, _ count: Int) {
    for i in 0..<count { p[i] *= factor }
  }

  private static func firstIndex(
    of value: Float, in p: UnsafePointer<Float>, _ count: Int
  ) -> Int? {
    var i = 0
    while i + 8 <= count, !any(load(p + i) .== value) { i += 8 }
    while i < count, p[i] != value { i += 1 }
    return i < count ? i : nil
  }

  /// p ← e^(p − shift), and the sum of each block.
  private static func weigh(
    _ p: UnsafeMutablePointer<Float>, shift: Float, _ count: Int,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    for start in stride(from: 0, to: count, by: block) {
      sums[start / block] = exponentiate(
        p + start, shift: shift, min(block, count - start))
    }
  }

  /// The index where the running sum of the weights passes `target`.
  private static func scan(
    _ p: UnsafePointer<Float>, _ count: Int, _ sums: UnsafePointer<Float>, target: Double
  ) -> Int {
    var sum = 0.0
    var last = 0
    for start in stride(from: 0, to: count, by: block) {
      let end = min(start + block, count)
      let part = Double(sums[start / block])
      if sum + part <= target {
        sum += part
        if part > 0 { last = end - 1 }
        continue
      }
      for i in start..<end where p[i] > 0 {
        sum += Double(p[i])
        last = i
        if sum > target { return i }
      }
    }
    // Rounding may leave the target a hair above the sum: the last token with any weight.
    while last > 0 && p[last] == 0 { last -= 1 }
    return last
  }

  private static func filtered(
    _ p: UnsafePointer<Float>, _ count: Int, total: Double, _ parameters: SamplingParameters,
    _ unit: Double
  ) -> Int {
    let floor = floor(p, count, total: total, parameters)
    let size = countAtLeast(floor, p, count)
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, size)) { keys in
      collect(floor, p, count, into: keys.baseAddress!)
      var candidates = Candidates(UnsafeMutableBufferPointer(rebasing: keys[..<size]))
      if parameters.topK > 0 { candidates.keep(heaviest: parameters.topK) }
      if parameters.topP < 1 {
        // The share is of what top-k left, as the filters apply one after another.
        let mass = parameters.topK > 0 ? candidates.mass : total
        candidates.keep(mass: Double(parameters.topP) * mass)
      }
      // The likeliest token has weight 1: min-p is a plain threshold, and keeps at least that one.
      candidates.keep(atLeast: parameters.minP)
      return candidates.token(passing: unit * candidates.mass) ?? 0
    }
  }

  /// A weight below which nothing can pass the filters: it spares most of the vocabulary.
  private static func floor(
    _ p: UnsafePointer<Float>, _ count: Int, total: Double, _ parameters: SamplingParameters
  ) -> Float {
    // Above zero: what can't happen is never a candidate.
    let least = Float.leastNonzeroMagnitude
    let k = parameters.topK
    if k == 0 {
      let octave = parameters.topP < 1 ? octave(p, count, Double(parameters.topP) * total) : 0
      return max(parameters.minP, octave, least)
    }
    let blocks = (count + block - 1) / block
    guard k <= blocks else { return least }
    // k blocks each have a token that heavy, so the k-th heaviest is no lighter.
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: blocks) { keys in
      for index in 0..<blocks {
        let start = index * block
        keys[index] = Candidates.key(max(0, maximum(p + start, min(block, count - start))), index)
      }
      var maxima = Candidates(keys)
      maxima.keep(heaviest: k)
      return max(maxima.lightest, least)
    }
  }

  /// The largest power of two with at least the mass `target` in weights that are no lighter.
  private static func octave(
    _ p: UnsafePointer<Float>, _ count: Int, _ target: Double
  ) -> Float {
    // A little more, for these sums are in single precision.
    let target = Float(target * 1.0001)
    // 2⁰ may be too much, and 2⁻⁶⁰ is lighter than any share of a mass that top-p can drop.
    var (high, low) = (0, -60)
    while high - low > 1 {
      let middle = (high + low) / 2
      if mass(p, count, atLeast: .init(sign: .plus, exponent: middle, significand: 1)) >= target {
        low = middle
      } else {
        high = middle
      }
    }
    return Float(sign: .plus, exponent: low, significand: 1)
  }

  private static func mass(
    _ p: UnsafePointer<Float>, _ count: Int, atLeast floor: Float
  ) -> Float {
    var sum0 = Vector.zero
    var sum1 = Vector.zero
    var i = 0
    while i + 16 <= count {
      let (a, b) = (load(p + i), load(p + i + 8))
      sum0 += a.replacing(with: 0, where: a .< floor)
      sum1 += b.replacing(with: 0, where: b .< floor)
      i += 16
    }
    var total = (sum0 + sum1).sum()
    while i < count {
      if p[i] >= floor { total += p[i] }
      i += 1
    }
    return total
  }

  private static func countAtLeast(_ floor: Float, _ p: UnsafePointer<Float>, _ count: Int) -> Int {
    var counts = SIMD8<Int32>.zero
    var i = 0
    while i + 8 <= count {
      counts.replace(with: counts &+ 1, where: load(p + i) .>= floor)
      i += 8
    }
    var total = Int(counts.wrappedSum())
    while i < count {
      if p[i] >= floor { total += 1 }
      i += 1
    }
    return total
  }

  private static func collect(
    _ floor: Float, _ p: UnsafePointer<Float>, _ count: Int, into keys: UnsafeMutablePointer<UInt64>
  ) {
    var size = 0
    var i = 0
    while i < count {
      if i + 8 <= count, !any(load(p + i) .>= floor) {
        i += 8
        continue
      }
      let end = min(i + 8, count)
      while i < end {
        if p[i] >= floor {
          keys[size] = Candidates.key(p[i], i)
          size += 1
        }
        i += 1
      }
    }
  }
}
