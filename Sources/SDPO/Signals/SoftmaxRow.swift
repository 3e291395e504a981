import Foundation

/// What one pass over a row of logits tells about its softmax at a temperature, so that any
/// log-probability is `shifted(logit) − logNormaliser`.
struct SoftmaxRow {
  let inverseTemperature: Float
  /// Largest logit / temperature.
  let maximum: Float
  /// Σ exp(shifted), and its logarithm.
  let normaliser: Double
  let logNormaliser: Double
  /// Entropy in nats.
  let entropy: Double

  /// logits: [vocabulary]. Not `isFinite` if a logit is NaN or +∞, or all are −∞.
  init(_ logits: UnsafePointer<Float>, count: Int, temperature: Double) {
    let row = VectorRow(base: logits, count: count)
    let scale = Float(1 / temperature)
    inverseTemperature = scale
    let top = SoftmaxRow.largest(row) * scale
    maximum = top
    var mass = CompensatedSum()
    var moment = CompensatedSum()  // Σ e·x, for the entropy
    let floor = SIMD16<Float>(repeating: VectorMath.floor)
    for first in stride(from: 0, to: count, by: 16) {
      var x = row.vector(first, padding: -.infinity) * scale - top
      x = x.replacing(with: floor, where: x .< floor)
      let e = VectorMath.exp(x)
      mass.add(e)
      moment.add(e * x)
    }
    normaliser = mass.value
    logNormaliser = log(normaliser)
    entropy = max(0, logNormaliser - moment.value / normaliser)
  }

  var isFinite: Bool { maximum.isFinite && logNormaliser.isFinite }

  /// logit / temperature − maximum, floored as in the sum above.
  @inline(__always)
  func shifted(_ logits: SIMD16<Float>) -> SIMD16<Float> {
    let x = logits * inverseTemperature - maximum
    return x.replacing(with: VectorMath.floor, where: x .< VectorMath.floor)
  }

  func logProbability(_ logit: Float) -> Double {
    Double(max(VectorMath.floor, logit * inverseTemperature - maximum)) - logNormaliser
  }

  /// The largest logit; a NaN may be overlooked here, but not in the sum that follows.
  private static func largest(_ row: VectorRow) -> Float {
    var best = SIMD16<Float>(repeating: -.infinity)
    for first in stride(from: 0, to: row.count, by: 16) {
      let v = row.vector(first, padding: -.infinity)
      best = best.replacing(with: v, where: v .> best)
    }
    return best.max()
  }
}

extension SoftmaxRow {
  /// Probabilities of a few tokens, their logarithms, and the probability of all others. The masses
  /// come from the very exponentials that the normaliser summed, so the rest keeps its digits.
  func masses(
    of tokens: [Int32], in logits: UnsafePointer<Float>
  ) -> (masses: [Double], logarithms: [Double], rest: Double) {
    var masses: [Double] = []
    var logarithms: [Double] = []
    masses.reserveCapacity(tokens.count)
    logarithms.reserveCapacity(tokens.count)
    var inside = 0.0
    for first in stride(from: 0, to: tokens.count, by: 16) {
      let lanes = min(16, tokens.count - first)
      var x = SIMD16<Float>(repeating: -.infinity)
      for lane in 0..<lanes { x[lane] = logits[Int(tokens[first + lane])] }
      x = shifted(x)
      let e = VectorMath.exp(x)
      for lane in 0..<lanes {
        inside += Double(e[lane])
        masses.append(Double(e[lane]) / normaliser)
        logarithms.append(Double(x[lane]) - logNormaliser)
      }
    }
    return (masses, logarithms, max(0, normaliser - inside) / normaliser)
  }
}
