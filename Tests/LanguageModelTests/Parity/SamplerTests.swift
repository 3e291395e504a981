import Foundation
import LanguageModel
import Testing

@Suite struct SamplerTests {
  private static let logits: [Float] = [
    2.0, 1.5, 1.5, 0.3, -0.2, -1.0, 0.9, 1.2, -3.0, 0.0, 0.7, -0.5, 2.2, -9.0, 0.1, 1.0, -2.0,
  ]

  private static let cases: [SamplingParameters] = [
    .init(), .init(temperature: 0.7), .init(temperature: 1.6), .init(topK: 3), .init(topP: 0.6),
    .init(minP: 0.3), .init(temperature: 1.3, topP: 0.8, topK: 6),
    .init(temperature: 0.8, topP: 0.9, topK: 5, minP: 0.45), .init(topP: 0.5, minP: 0.9),
  ]

  /// Temperature, top-k, top-p and min-p one after another over a sorted list, as Hugging Face's
  /// processors do.
  private func distribution(_ parameters: SamplingParameters) -> [Double] {
    let scaled = Self.logits.map { $0 / parameters.temperature }
    func softmax(_ kept: [Int]) -> [Int: Double] {
      let total = kept.reduce(0.0) { $0 + exp(Double(scaled[$1])) }
      return Dictionary(uniqueKeysWithValues: kept.map { ($0, exp(Double(scaled[$0])) / total) })
    }
    var kept = scaled.indices.sorted { (scaled[$0], $1) > (scaled[$1], $0) }
    if parameters.topK > 0 { kept = Array(kept.prefix(parameters.topK)) }
    if parameters.topP < 1 {
      let probabilities = softmax(kept)
      var sum = 0.0
      kept = kept.filter { index in
        defer { sum += probabilities[index]! }
        return sum < Double(parameters.topP)
      }
    }
    let probabilities = softmax(kept)
    let floor = Double(parameters.minP) * probabilities[kept[0]]!
    kept = kept.filter { probabilities[$0]! >= floor }
    let final = softmax(kept)
    return scaled.indices.map { final[$0] ?? 0 }
  }

  @Test(arguments: cases)
  func drawsFollowTheDistribution(_ parameters: SamplingParameters) {
    let expected = distribution(parameters)
    let plain = logSoftmax(Self.logits.map { $0 / parameters.temperature })
    var random = SplitMix64(seed: 20_26)
    var counts = [Int](repeating: 0, count: Self.logits.count)
    let draws = 20_000
    var worst = 0.0
    for _ in 0..<draws {
      var logits = Self.logits
      let token = logits.withUnsafeMutableBufferPointer {
        Sampler.draw($0, parameters, random: &random)
      }
      counts[Int(token.id)] += 1
      // Under the temperature, but before any filter: what a trainer can compute.
      worst = max(worst, abs(Double(token.logprob) - plain[Int(token.id)]))
    }
    #expect(worst < 2e-6)
    var statistic = 0.0
    for (count, probability) in zip(counts, expected) {
      if probability == 0 {
        #expect(count == 0)
      } else {
        let mean = probability * Double(draws)
        statistic += (Double(count) - mean) * (Double(count) - mean) / mean
      }
    }
    let freedom = Double(expected.count { $0 > 0 } - 1)
    measured("chi-square with \(Int(freedom)) degrees of freedom", statistic)
    #expect(statistic <= freedom + 4 * (2 * max(freedom, 0.01)).squareRoot())
  }

  @Test func greedyTakesTheFirstOfTheLikeliest() {
    var random = SplitMix64(seed: 1)
    var logits: [Float] = [0, 3, 1, 3, 2]
    let expected = logSoftmax(logits)[1]
    let token = logits.withUnsafeMutableBufferPointer {
      Sampler.draw($0, .greedy, random: &random)
    }
    #expect(token.id == 1)
    #expect(abs(Double(token.logprob) - expected) < 1e-6)
    #expect(random == SplitMix64(seed: 1))
  }

  /// One number a draw, whatever the filters: a stream's place depends on the count alone.
  @Test(arguments: cases)
  func aDrawTakesOneNumber(_ parameters: SamplingParameters) {
    var random = SplitMix64(seed: 6)
    var expected = random
    var logits = Self.logits
    _ = logits.withUnsafeMutableBufferPointer { Sampler.draw($0, parameters, random: &random) }
    _ = expected.unit()
    #expect(random == expected)
  }

  @Test func impossibleTokensAreNeverDrawn() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<200 {
      var logits = [Float](repeating: -.infinity, count: 300)
      logits[257] = -40
      let token = logits.withUnsafeMutableBufferPointer {
        Sampler.draw($0, .init(), random: &random)
      }
      #expect(token.id == 257 && token.logprob == 0)
    }
  }

  @Test func badParametersAreNamed() {
    #expect(SamplingParameters(temperature: -1).problem != nil)
    #expect(SamplingParameters(temperature: .nan).problem != nil)
    #expect(SamplingParameters(temperature: .leastNonzeroMagnitude).problem != nil)
    #expect(SamplingParameters(topP: 0).problem != nil)
    #expect(SamplingParameters(topK: -1).problem != nil)
    #expect(SamplingParameters(minP: 1).problem != nil)
    #expect(Self.cases.allSatisfy { $0.problem == nil } && SamplingParameters.greedy.problem == nil)
  }
}
