import Foundation

/// The divergence written as its definition, in double precision over arrays: what the fast kernels
/// are compared with. Values only; gradients of it are taken by finite differences in tests.
package enum ReferenceDivergence {
  /// D(π ‖ q) of one row of logits, over the support that `divergence` names at the student's
  /// *given* top-K (`support`, or chosen here).
  package static func value(
    _ divergence: Divergence, student: [Double], teacher: [Double], temperature: Double,
    support: [Int]? = nil
  ) -> Double {
    let logP = logSoftmax(student.map { $0 / temperature })
    let logQ = logSoftmax(teacher.map { $0 / temperature })
    let support = support ?? topK(divergence.topK ?? student.count, of: student)
    var p = support.map { logP[$0] }
    var q = support.map { logQ[$0] }
    if let k = divergence.topK, k < student.count {
      if divergence.tail {
        p.append(tail(p))
        q.append(tail(q))
      } else {
        p = logSoftmax(p)
        q = logSoftmax(q)
      }
    }
    return definition(divergence.alpha, p, q)
  }

  package static func logSoftmax(_ x: [Double]) -> [Double] {
    let normaliser = logSumExp(x)
    return x.map { $0 - normaliser }
  }

  package static func topK(_ k: Int, of logits: [Double]) -> [Int] {
    let order = logits.indices.sorted {
      logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1
    }
    return Array(order.prefix(k))
  }

  private static func tail(_ logs: [Double]) -> Double {
    log(-expm1(min(logSumExp(logs), -1e-7)))
  }

  private static func definition(_ alpha: Double, _ p: [Double], _ q: [Double]) -> Double {
    let kl = { (a: [Double], b: [Double]) in zip(a, b).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    if alpha == 1 { return kl(p, q) }
    if alpha == 0 { return kl(q, p) }
    let m = zip(p, q).map { logSumExp([$0 + log(1 - alpha), $1 + log(alpha)]) }
    return (1 - alpha) * kl(p, m) + alpha * kl(q, m)
  }
}
