import LanguageModel
import Testing

/// A teacher reads the student's tokens further right. What is between may not be attended to, so
/// only their distances count: a whole network gives the same log-probs wherever its context starts.
@Suite struct PositionShiftTests {
  @Test(arguments: Architecture.allCases)
  func logprobsDontDependOnTheFirstPosition(_ architecture: Architecture) {
    let config = tinyConfig(architecture)
    let transformer = randomTransformer(config, seed: 55)
    let naive = NaiveTransformer(parameters: transformer.parameters)
    var random = SplitMix64(seed: 56)
    let tokens = (0..<14).map { _ in TokenID(random.index(below: config.vocabularySize)) }
    let logits = allLogits(transformer, tokens)
    let fast = tokens.indices.map { row in
      logSoftmax(logits[row * config.vocabularySize..<(row + 1) * config.vocabularySize])
    }
    for shift in [0, 1, 13, 400, 4000] {
      let shifted = naive.logits(tokens, firstPosition: shift).map { row in
        logSoftmax(row.map { Float($0) })
      }
      let worst = zip(fast, shifted).map { largestDifference($0, $1) }.max()!
      measured("\(architecture) log-probs against a naive network shifted by \(shift)", worst)
      // The angle's fp32 rounding grows with the position.
      #expect(worst < (shift < 1000 ? 2e-4 : 2e-3))
    }
  }
}
