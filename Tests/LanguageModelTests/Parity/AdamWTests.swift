import LanguageModel
import Testing

@Suite struct AdamWTests {
  /// The paper's update for one number, in double precision.
  private struct Scalar {
    var value: Double
    var first = 0.0
    var second = 0.0

    mutating func update(_ gradient: Double, step: Int, _ config: AdamWConfig) {
      let (b1, b2) = (Double(config.beta1), Double(config.beta2))
      first = b1 * first + (1 - b1) * gradient
      second = b2 * second + (1 - b2) * gradient * gradient
      var (power1, power2) = (1.0, 1.0)
      for _ in 0..<step { (power1, power2) = (power1 * b1, power2 * b2) }
      value *= 1 - Double(config.learningRate) * Double(config.weightDecay)
      value -=
        Double(config.learningRate) * (first / (1 - power1))
        / ((second / (1 - power2)).squareRoot() + Double(config.epsilon))
    }
  }

  @Test(arguments: [0, 0.5, 100] as [Float], [0, 0.1] as [Float])
  func followsTheScalarReference(clip: Float, decay: Float) {
    // Enough for several threads, and no multiple of a vector.
    let count = 10_007
    let config = AdamWConfig(learningRate: 3e-3, weightDecay: decay, maxGradientNorm: clip)
    var random = SplitMix64(seed: 31)
    let (parameters, gradients) = (FloatBuffer(count: count), FloatBuffer(count: count))
    for i in 0..<count { parameters.base[i] = Float.random(in: -1...1, using: &random) }
    var scalars = parameters.values.map { Scalar(value: Double($0)) }
    let optimizer = AdamW(parameterCount: count)
    for step in 1...7 {
      for i in 0..<count { gradients.base[i] = Float.random(in: -0.1...0.1, using: &random) }
      let kept = Array(gradients.values)
      let norm = optimizer.update(parameters, gradients: gradients, step: step, config: config)
      let exact = kept.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(Double(norm) - exact) < 1e-5 * exact)
      #expect(Array(gradients.values) == kept)
      let scale = clip > 0 ? min(1, Double(clip) / (exact + 1e-6)) : 1
      for i in 0..<count { scalars[i].update(Double(kept[i]) * scale, step: step, config) }
    }
    let worst = largestDifference(parameters.values.map { Double($0) }, scalars.map(\.value))
    measured("AdamW after 7 steps, clip \(clip), decay \(decay)", worst)
    #expect(worst < 2e-6)
  }

  @Test(arguments: [Float.nan, .infinity])
  func aNormThatIsntFiniteChangesNothing(_ bad: Float) {
    let (parameters, gradients) = (FloatBuffer(count: 9), FloatBuffer(count: 9))
    for i in 0..<9 { (parameters.base[i], gradients.base[i]) = (Float(i), 1) }
    gradients.base[4] = bad
    let before = Array(parameters.values)
    let optimizer = AdamW(parameterCount: 9)
    let norm = optimizer.update(
      parameters, gradients: gradients, step: 1, config: AdamWConfig(learningRate: 1))
    #expect(!norm.isFinite)
    #expect(Array(parameters.values) == before)
    #expect(optimizer.first.values.allSatisfy { $0 == 0 })
  }
}
