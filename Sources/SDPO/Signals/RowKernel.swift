import Foundation

/// Evaluates one action position after another; holds the scratch of one thread.
///
/// Every signal is a sum of two parts: `distill` × D(π‖q), and a policy-gradient part whose
/// derivative at log π(y) is `policy`. So the gradient at logit j is
/// distill·∂D/∂s_j + policy·(1[j = y] − p_j), over the temperature.
struct RowKernel {
  let objective: Objective
  let vocabulary: Int
  private var selector = TopKSelector()
  private var support: [Int32] = []
  private var buckets = BucketDivergence()

  init(_ objective: Objective, vocabulary: Int) {
    self.objective = objective
    self.vocabulary = vocabulary
  }

  struct Measured {
    var statistics = RowStatistics()
    var student: SoftmaxRow?
    var teacher: SoftmaxRow?
  }

  /// Softmaxes, log-probabilities and entropies; `student` is nil in the result if the row is
  /// excluded or not finite.
  func measure(
    _ row: ActionRow, _ s: UnsafePointer<Float>, _ t: UnsafePointer<Float>?
  ) -> Measured {
    var measured = Measured()
    guard row.weight != 0 else {
      measured.statistics.excluded = true
      return measured
    }
    let student = SoftmaxRow(s, count: vocabulary, temperature: objective.temperature)
    measured.statistics.studentLogprob = student.logProbability(s[Int(row.token)])
    measured.statistics.entropy = student.entropy
    guard student.isFinite else {
      measured.statistics.loss = .nan
      return measured
    }
    if let t, row.hasTeacher {
      let teacher = SoftmaxRow(t, count: vocabulary, temperature: objective.temperature)
      guard teacher.isFinite else {
        measured.statistics.loss = .nan
        return measured
      }
      measured.statistics.teacherLogprob = teacher.logProbability(t[Int(row.token)])
      measured.statistics.teacherEntropy = teacher.entropy
      measured.teacher = teacher
    }
    measured.student = student
    return measured
  }

  /// Overwrites the student's logits with the row's gradient.
  mutating func evaluate(
    _ row: ActionRow, _ s: UnsafeMutablePointer<Float>, _ t: UnsafePointer<Float>?
  ) -> RowStatistics {
    let measured = measure(row, s, t)
    var statistics = measured.statistics
    guard let student = measured.student else {
      s.update(repeating: 0, count: vocabulary)
      return statistics
    }
    let parts = RowParts(objective, row, &statistics)
    statistics.loss = Double(row.weight) * parts.policyLoss
    let scale = Double(row.weight) / objective.temperature
    if parts.distill != 0, let t, let teacher = measured.teacher {
      let distill = parts.distill
      let value: Double
      if let k = objective.divergence.topK, k < vocabulary {
        value = writeTopK(
          k, row, s, t, student, teacher, (distill * scale, parts.policy * scale), &statistics)
      } else {
        value = writeExact(
          row, s, t, student, teacher, (distill * scale, parts.policy * scale), &statistics)
      }
      statistics.divergence = value
      statistics.loss += Double(row.weight) * distill * value
    } else {
      writePolicy(row, s, student, parts.policy * scale)
    }
    return statistics
  }

  /// s ← policy·(1[y] − p).
  private func writePolicy(
    _ row: ActionRow, _ s: UnsafeMutablePointer<Float>, _ student: SoftmaxRow, _ policy: Double
  ) {
    guard policy != 0 else {
      s.update(repeating: 0, count: vocabulary)
      return
    }
    writeDense(s, student, slope: -policy)
    s[Int(row.token)] += Float(policy)
  }

  /// s ← slope·p.
  private func writeDense(_ s: UnsafeMutablePointer<Float>, _ student: SoftmaxRow, slope: Double) {
    let row = VectorRow(base: s, count: vocabulary)
    let factor = Float(slope / student.normaliser)
    for i in stride(from: 0, to: vocabulary, by: 16) {
      let e = VectorMath.exp(student.shifted(row.vector(i, padding: 0)))
      s.store(e * factor, at: i, count: vocabulary)
    }
  }

  private func writeExact(
    _ row: ActionRow, _ s: UnsafeMutablePointer<Float>, _ t: UnsafePointer<Float>,
    _ student: SoftmaxRow, _ teacher: SoftmaxRow, _ weights: (distill: Double, policy: Double),
    _ statistics: inout RowStatistics
  ) -> Double {
    let divergence = ExactDivergence(
      alpha: objective.divergence.alpha, student: student, teacher: teacher, studentLogits: s,
      teacherLogits: t, count: vocabulary)
    statistics.topKMass = 1
    let student = VectorRow(base: s, count: vocabulary)
    let teacher = VectorRow(base: t, count: vocabulary)
    let distill = Float(weights.distill)
    let policy = Float(weights.policy)
    for i in stride(from: 0, to: vocabulary, by: 16) {
      let term = divergence.gradient(
        student.vector(i, padding: -.infinity), teacher.vector(i, padding: -.infinity))
      s.store(term.gradient * distill - term.p * policy, at: i, count: vocabulary)
    }
    s[Int(row.token)] += policy
    return divergence.value
  }

  private mutating func writeTopK(
    _ k: Int, _ row: ActionRow, _ s: UnsafeMutablePointer<Float>, _ t: UnsafePointer<Float>,
    _ student: SoftmaxRow, _ teacher: SoftmaxRow, _ weights: (distill: Double, policy: Double),
    _ statistics: inout RowStatistics
  ) -> Double {
    selector.select(k, from: s, count: vocabulary, into: &support)
    let p = student.masses(of: support, in: s)
    let q = teacher.masses(of: support, in: t)
    statistics.topKMass = 1 - p.rest
    buckets.evaluate(
      alpha: objective.divergence.alpha, logP: p.logarithms, logQ: q.logarithms,
      rest: objective.divergence.tail ? (p.rest, q.rest) : nil)
    let slope = buckets.tailSlope * weights.distill - weights.policy
    writeDense(s, student, slope: slope)
    for (i, token) in support.enumerated() {
      s[Int(token)] = Float(
        weights.distill * buckets.gradient[i] - weights.policy * p.masses[i])
    }
    s[Int(row.token)] += Float(weights.policy)
    return buckets.value
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

/// How much of a row's gradient comes from the divergence and how much from the sampled token.
struct RowParts {
  /// Coefficient of D(π‖q).
  private(set) var distill = 0.0
  /// Derivative of the row's loss at log π(y), and that part's loss.
  private(set) var policy = 0.0
  private(set) var policyLoss = 0.0

  init(_ objective: Objective, _ row: ActionRow, _ statistics: inout RowStatistics) {
    let logP = statistics.studentLogprob
    let ratios = ImportanceRatios(objective, row, logP)
    let reward = Double(row.reward)
    switch objective.signal {
    case .crossEntropy:
      addCrossEntropy(logP)
    case .expertIteration(let threshold):
      if reward > threshold { addCrossEntropy(logP) }
    case .sampledToken:
      guard let logQ = statistics.teacherLogprob else { return }
      let weight = ratios.detached(&statistics)
      policy = weight * (logP - logQ)
      policyLoss = policy * logP
    case .grpo, .modulate:
      addPolicyGradient(objective, row, ratios, share: 1, &statistics)
    case .distill:
      addDistillation(ratios, share: 1, &statistics)
    case .mix(let lambda):
      if lambda > 0 { addPolicyGradient(objective, row, ratios, share: lambda, &statistics) }
      if lambda < 1 { addDistillation(ratios, share: 1 - lambda, &statistics) }
    case .route(let threshold):
      if reward > threshold {
        addPolicyGradient(objective, row, ratios, share: 1, &statistics)
      } else {
        let confidence = exp(-(statistics.teacherEntropy ?? 0))
        addDistillation(ratios, share: confidence, &statistics)
      }
    }
  }

  private mutating func addCrossEntropy(_ logP: Double) {
    policy = -1
    policyLoss = -logP
  }

  private mutating func addDistillation(
    _ ratios: ImportanceRatios, share: Double, _ statistics: inout RowStatistics
  ) {
    guard statistics.teacherLogprob != nil else { return }
    distill = share * ratios.detached(&statistics)
  }

  /// −min(r·A, clip(r)·A), times the rollout correction.
  private mutating func addPolicyGradient(
    _ objective: Objective, _ row: ActionRow, _ ratios: ImportanceRatios, share: Double,
    _ statistics: inout RowStatistics
  ) {
    let advantage = Double(row.advantage)
    let correction = share * ratios.rollout(&statistics)
    let ratio = exp(ratios.logOld)
    let clipped = min(max(ratio, 1 - objective.clipLow), 1 + objective.clipHigh)
    if ratio * advantage <= clipped * advantage {
      policy = -correction * ratio * advantage
      policyLoss = policy
    } else {
      statistics.capped = true
      policyLoss = -correction * clipped * advantage
    }
  }
}

/// The two detached ratios of a row, as clamped logarithms.
struct ImportanceRatios {
  /// log π/π_old and log π_old/π_rollout of the sampled token, within ±20.
  let logOld: Double
  let logRollout: Double
  private let cap: Double?

  init(_ objective: Objective, _ row: ActionRow, _ logP: Double) {
    let old = row.oldLogprob.map(Double.init)
    logOld = ImportanceRatios.clamp(logP - (old ?? logP))
    logRollout = ImportanceRatios.clamp((old ?? logP) - Double(row.rolloutLogprob))
    cap = objective.importanceCap
  }

  /// min(π_old/π_rollout, cap).
  func rollout(_ statistics: inout RowStatistics) -> Double {
    weight([logRollout], &statistics)
  }

  /// min(π/π_old, cap) · min(π_old/π_rollout, cap).
  func detached(_ statistics: inout RowStatistics) -> Double {
    weight([logOld, logRollout], &statistics)
  }

  private func weight(_ logRatios: [Double], _ statistics: inout RowStatistics) -> Double {
    guard let cap else { return 1 }
    var weight = 1.0
    for logRatio in logRatios {
      let ratio = exp(logRatio)
      if ratio > cap { statistics.capped = true }
      weight *= min(ratio, cap)
    }
    statistics.importanceWeight = weight
    return weight
  }

  private static func clamp(_ x: Double) -> Double { min(max(x, -20), 20) }
}
