import CKernels
import Foundation

/// The divergence over the whole vocabulary, in two passes over a row: value, then gradient.
struct ExactDivergence {
  let alpha: Double
  let student: SoftmaxRow
  let teacher: SoftmaxRow
  private(set) var value = 0.0
  /// Σ p·slope, what a softmax subtracts.
  private var centre = 0.0

  init(
    alpha: Double, student: SoftmaxRow, teacher: SoftmaxRow, studentLogits: UnsafePointer<Float>,
    teacherLogits: UnsafePointer<Float>, count: Int
  ) {
    self.alpha = alpha
    self.student = student
    self.teacher = teacher
    let s = VectorRow(base: studentLogits, count: count)
    let t = VectorRow(base: teacherLogits, count: count)
    var first = CompensatedSum()
    var second = CompensatedSum()
    for i in stride(from: 0, to: count, by: 16) {
      let term = self.terms(
        s.vector(i, padding: -.infinity), t.vector(i, padding: -.infinity))
      first.add(term.p * term.slope)
      second.add(term.q * term.other)
    }
    switch alpha {
    case 1: value = first.value
    case 0: value = second.value
    default: value = (1 - alpha) * first.value + alpha * second.value
    }
    centre = alpha == 0 ? 0 : first.value
  }

  /// ∂D/∂logit (temperature 1) of sixteen tokens, and the student's probabilities there.
  @inline(__always)
  func gradient(
    _ studentLogits: SIMD16<Float>, _ teacherLogits: SIMD16<Float>
  ) -> (gradient: SIMD16<Float>, p: SIMD16<Float>) {
    let term = terms(studentLogits, teacherLogits)
    if alpha == 0 { return (term.p - term.q, term.p) }
    let factor = alpha == 1 ? Float(1) : Float(1 - alpha)
    return (term.p * (term.slope - Float(centre)) * factor, term.p)
  }

  /// p, q; slope: log p/q (α = 1) or log p/m; other: log q/p (α = 0) or log q/m.
  @inline(__always)
  private func terms(
    _ s: SIMD16<Float>, _ t: SIMD16<Float>
  ) -> (p: SIMD16<Float>, q: SIMD16<Float>, slope: SIMD16<Float>, other: SIMD16<Float>) {
    let logP = student.shifted(s) - Float(student.logNormaliser)
    let logQ = teacher.shifted(t) - Float(teacher.logNormaliser)
    let p = VectorMath.exp(lowered(logP))
    let q = VectorMath.exp(lowered(logQ))
    var x = logQ - logP
    if alpha == 1 || alpha == 0 { return (p, q, -x, x) }
    x = x.replacing(with: 80, where: x .> 80)
    x = x.replacing(with: HS_SOFTMAX_FLOOR, where: x .< HS_SOFTMAX_FLOOR)
    let slope = -VectorMath.log((VectorMath.exp(x) - 1) * Float(alpha) + 1)
    return (p, q, slope, slope + x)
  }

  @inline(__always)
  private func lowered(_ x: SIMD16<Float>) -> SIMD16<Float> {
    x.replacing(with: HS_SOFTMAX_FLOOR, where: x .< HS_SOFTMAX_FLOOR)
  }
}
