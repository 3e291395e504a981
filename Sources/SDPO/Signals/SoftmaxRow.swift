import CKernels
import Foundation

/// What one pass over a row of logits tells about its softmax at a temperature, so that any
/// log-probability is `shifted(logit) − logNormaliser`.
struct SoftmaxRow {
  private let sums: hs_softmax
  let logNormaliser: Double
  /// Entropy in nats.
  let entropy: Double

  /// logits: [vocabulary]. Not `isFinite` if a logit is NaN or +∞, or all are −∞.
  init(_ logits: UnsafePointer<Float>, count: Int, temperature: Double) {
    sums = hs_softmax_of(logits, count, Float(1 / temperature))
    logNormaliser = log(sums.normaliser)
    entropy = max(0, logNormaliser - sums.moment / sums.normaliser)
  }

  /// Σ exp(shifted).
  var normaliser: Double { sums.normaliser }

  var isFinite: Bool { sums.maximum.isFinite && logNormaliser.isFinite }

  /// logit / temperature − maximum, floored as in the sum above.
  @inline(__always)
  func shifted(_ logits: SIMD16<Float>) -> SIMD16<Float> {
    let x = logits * sums.scale - sums.maximum
    return x.replacing(with: HS_SOFTMAX_FLOOR, where: x .< HS_SOFTMAX_FLOOR)
  }

  func shifted(_ logit: Float) -> Float {
    max(HS_SOFTMAX_FLOOR, logit * sums.scale - sums.maximum)
  }

  func logProbability(_ logit: Float) -> Double { Double(shifted(logit)) - logNormaliser }

  /// logits ← slope · probability.
  func write(slope: Double, over logits: UnsafeMutablePointer<Float>, count: Int) {
    withUnsafePointer(to: sums) {
      hs_softmax_masses(logits, count, $0, Float(slope / normaliser), logits)
    }
  }

  /// Probabilities of a few tokens, their logarithms, and the probability of all others. The masses
  /// come from the very exponentials that the normaliser summed, so the rest keeps its digits.
  func masses(
    of tokens: [Int32], in logits: UnsafePointer<Float>
  ) -> (masses: [Double], logarithms: [Double], rest: Double) {
    var exponentials = tokens.map { logits[Int($0)] }
    let logarithms = exponentials.map(logProbability)
    exponentials.withUnsafeMutableBufferPointer { chosen in
      withUnsafePointer(to: sums) {
        hs_softmax_masses(chosen.baseAddress!, chosen.count, $0, 1, chosen.baseAddress!)
      }
    }
    let inside = exponentials.reduce(0) { $0 + Double($1) }
    return (
      exponentials.map { Double($0) / normaliser }, logarithms,
      max(0, normaliser - inside) / normaliser
    )
  }
}
