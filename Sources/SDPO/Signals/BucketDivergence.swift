import Foundation

/// The divergence over a few buckets (the student's top-K tokens, then perhaps the tail), in
/// double precision: there are at most a few hundred, and the tail subtracts nearly equal numbers.
///
/// With g_b = ∂D/∂log p_b, the gradient at the student's logit j (temperature 1) is
/// g_j − p_j·Σg inside the support and, because the tail's tokens share the tail's gradient in
/// proportion to their probability, p_j·(g_tail/p_tail − Σg) outside. For normalised buckets this
/// simplifies to the closed forms used here: p(log p/q − D), p − q and (1−α)p(log p/m − KL(p‖m)).
struct BucketDivergence {
  private(set) var value = 0.0
  /// ∂D/∂logit of the top-K tokens, in their order.
  private(set) var gradient: [Double] = []
  /// ∂D/∂logit of a token outside = `tailSlope` × its probability.
  private(set) var tailSlope = 0.0

  /// Replaces the contents. logP, logQ: student's and teacher's log-probabilities over the whole
  /// vocabulary at the student's top-K; restP, restQ: the masses outside; nil renormalises over
  /// the top-K and ignores the tail.
  mutating func evaluate(
    alpha: Double, logP: [Double], logQ: [Double], rest: (p: Double, q: Double)?
  ) {
    guard let rest else {
      let shiftP = logSumExp(logP)
      let shiftQ = logSumExp(logQ)
      evaluateNormalised(alpha, logP.map { $0 - shiftP }, logQ.map { $0 - shiftQ }, tail: nil)
      return
    }
    let tail = (p: tailLogProbability(rest.p), q: tailLogProbability(rest.q))
    if rest.p < BucketDivergence.smallestTail {
      evaluateClamped(alpha, logP, logQ, tail: tail)
    } else {
      evaluateNormalised(alpha, logP, logQ, tail: tail)
    }
  }

  /// −expm1(−1e−7): log-sum-exp of the top-K is kept at or below −1e−7.
  static let smallestTail = -expm1(-1e-7)

  private func tailLogProbability(_ mass: Double) -> Double {
    log(max(mass, BucketDivergence.smallestTail))
  }

  private mutating func evaluateNormalised(
    _ alpha: Double, _ logP: [Double], _ logQ: [Double], tail: (p: Double, q: Double)?
  ) {
    var parts = logP.indices.map { BucketTerm(alpha, logP[$0], logQ[$0]) }
    if let tail { parts.append(BucketTerm(alpha, tail.p, tail.q)) }
    value = parts.reduce(0) { $0 + $1.value }
    let centre = parts.reduce(0) { $0 + $1.p * $1.slope }
    let slope = { (part: BucketTerm) in part.slope - centre }
    gradient.removeAll(keepingCapacity: true)
    for part in parts.prefix(logP.count) {
      gradient.append(alpha == 0 ? part.p - part.q : part.p * slope(part))
    }
    tailSlope = 0
    if tail != nil, let part = parts.last {
      tailSlope = alpha == 0 ? 1 - part.q / part.p : slope(part)
    }
  }

  /// The top-K hold so much that the tail is clamped: it is a constant, and no gradient flows
  /// through it.
  private mutating func evaluateClamped(
    _ alpha: Double, _ logP: [Double], _ logQ: [Double], tail: (p: Double, q: Double)
  ) {
    let parts = logP.indices.map { BucketTerm(alpha, logP[$0], logQ[$0]) }
    value = parts.reduce(BucketTerm(alpha, tail.p, tail.q).value) { $0 + $1.value }
    let slopes = parts.map { $0.p * $0.slope + (alpha == 1 ? $0.p : alpha == 0 ? -$0.q : 0) }
    let total = slopes.reduce(0, +)
    gradient.removeAll(keepingCapacity: true)
    for (part, slope) in zip(parts, slopes) { gradient.append(slope - part.p * total) }
    tailSlope = -total
  }
}

/// One bucket's share of the divergence, and p·`slope`, its derivative at log p up to a multiple
/// of p (which a softmax cancels). `slope` is 0 for α = 0, whose derivative −q has no p in it.
private struct BucketTerm {
  let p: Double
  let q: Double
  let value: Double
  let slope: Double

  init(_ alpha: Double, _ logP: Double, _ logQ: Double) {
    p = exp(logP)
    q = exp(logQ)
    switch alpha {
    case 1:
      value = p * (logP - logQ)
      slope = logP - logQ
    case 0:
      value = q * (logQ - logP)
      slope = 0
    default:
      // log p/m = −log(1 + α(q/p − 1)): exactly 0 where p = q.
      let difference = logQ - logP
      let aboveP = -log1p(alpha * expm1(min(difference, 600)))
      let aboveQ = aboveP + min(difference, 600)
      value = (1 - alpha) * p * aboveP + alpha * q * aboveQ
      slope = (1 - alpha) * aboveP
    }
  }
}

func logSumExp(_ values: [Double]) -> Double {
  guard let largest = values.max(), largest > -.infinity else { return -.infinity }
  return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}
