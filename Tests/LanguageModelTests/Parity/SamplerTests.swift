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

  /// A sorted list says where every token begins and ends in [0, 1): a draw finds the token that holds
  /// the number drawn. Logits in steps of 1/16 have many ties, which fall to the first token.
  @Test(arguments: [1, 7, 64, 65, 1000, 5003])
  func drawsAreThoseOfASortedList(count: Int) {
    var random = SplitMix64(seeds: 31, UInt64(count))
    let choices: [SamplingParameters] = [
      .init(), .init(topK: 1), .init(topK: 20), .init(topK: 70), .init(topK: 9999),
      .init(topP: 0.01), .init(topP: 0.5), .init(topP: 0.95), .init(topP: 0.9999),
      .init(minP: 0.02),
      .init(temperature: 0.6, topP: 0.9, topK: 40, minP: 0.05), .init(topP: 0.9, minP: 0.3),
      .init(temperature: 1.7, topP: 0.7, topK: 300),
    ]
    for parameters in choices {
      for scale in [Float(0.5), 2, 6] {
        let logits = (0..<count).map { _ in
          (Float(random.unit() + random.unit() - 1) * scale * 16).rounded() / 16
        }
        let ends = SortedDraw(logits, parameters)
        for _ in 0..<10 {
          var peek = random
          let unit = peek.unit()
          var row = logits
          let token = row.withUnsafeMutableBufferPointer {
            Sampler.draw($0, parameters, random: &random)
          }
          let range = ends.range(of: Int(token.id))
          #expect(range.lowerBound - 1e-5 <= unit && unit <= range.upperBound + 1e-5)
        }
      }
    }
  }

  @Test func rowsThatAreNoNumbersAreSurvived() {
    var random = SplitMix64(seed: 3)
    for value in [Float.nan, .infinity, -.infinity] {
      for parameters in Self.cases + [.greedy] {
        var row = [Float](repeating: value, count: 100)
        let token = row.withUnsafeMutableBufferPointer {
          Sampler.draw($0, parameters, random: &random)
        }
        #expect((0..<100).contains(token.id))
      }
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

/// The filters one after another over a sorted list, in double precision.
private struct SortedDraw {
  private var ranges: [Int: ClosedRange<Double>] = [:]

  init(_ logits: [Float], _ parameters: SamplingParameters) {
    let top = Double(logits.max()!)
    let weights = logits.map { exp((Double($0) - top) / Double(parameters.temperature)) }
    let filters =
      parameters.topK > 0 || parameters.topP < 1 || parameters.minP > 0
    var kept = Array(logits.indices)
    if filters { kept.sort { (logits[$0], $1) > (logits[$1], $0) } }
    if parameters.topK > 0 { kept = Array(kept.prefix(parameters.topK)) }
    if parameters.topP < 1 {
      let target = Double(parameters.topP) * kept.reduce(0) { $0 + weights[$1] }
      var sum = 0.0
      kept = kept.filter { index in
        defer { sum += weights[index] }
        return sum < target
      }
    }
    kept = kept.filter { weights[$0] >= Double(parameters.minP) }
    let total = kept.reduce(0) { $0 + weights[$1] }
    var sum = 0.0
    for index in kept {
      ranges[index] = sum / total...(sum + weights[index]) / total
      sum += weights[index]
    }
  }

  /// What a filtered token would have: nothing.
  func range(of token: Int) -> ClosedRange<Double> { ranges[token] ?? 2...2 }
}
