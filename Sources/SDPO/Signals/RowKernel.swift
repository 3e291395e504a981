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
    student.write(slope: -policy, over: s, count: vocabulary)
    s[Int(row.token)] += Float(policy)
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
    student.write(slope: slope, over: s, count: vocabulary)
    for (i, token) in support.enumerated() {
      s[Int(token)] = Float(
        weights.distill * buckets.gradient[i] - weights.policy * p.masses[i])
    }
    s[Int(row.token)] += Float(weights.policy)
    return buckets.value
  }
}
