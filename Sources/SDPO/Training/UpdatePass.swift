import LanguageModel

/// Everything between the examples of a step and the gradient: teacher forward, student forward,
/// signal, backward, in micro-batches. Runs on the engine's thread.
struct UpdatePass {
  let student: Learner
  /// Nil for signals that need none.
  let teacher: Learner?
  let teacherKind: TeacherKind
  let objective: Objective
  /// Student tokens that one forward and backward pass holds at most (a longer example goes alone).
  let microBatchTokens: Int
  let recompute: Bool

  private static let chunkRows = 64

  /// Adds the gradient of Σ row losses to `gradients`. Returns every example's row statistics.
  func run(
    _ examples: [TrainingExample], gradients: GradientTarget, progress: (Int) -> Void = { _ in }
  ) throws -> [[RowStatistics]] {
    var statistics: [[RowStatistics]] = []
    for batch in microBatches(examples) {
      statistics += try run(examples[batch], gradients)
      progress(batch.upperBound)
    }
    return statistics
  }

  /// Consecutive examples, as many as fit the budget.
  private func microBatches(_ examples: [TrainingExample]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (index, example) in examples.enumerated() {
      if index > start && tokens + example.student.count > microBatchTokens {
        batches.append(start..<index)
        (start, tokens) = (index, 0)
      }
      tokens += example.student.count
    }
    if start < examples.count { batches.append(start..<examples.count) }
    return batches
  }

  private func run(
    _ examples: ArraySlice<TrainingExample>, _ gradients: GradientTarget
  ) throws -> [[RowStatistics]] {
    // Examples that take no part cost nothing.
    let active = examples.filter { $0.rows.contains { $0.weight != 0 } }
    guard !active.isEmpty else { return examples.map { $0.rows.map { _ in .excludedRow } } }
    let vocabulary = student.transformer.config.vocabularySize
    let rows = active.flatMap(\.rows)
    let hindsight = objective.signal.needsTeacher ? teacher.map { hiddenStates($0, active) } : nil
    let current =
      teacherKind.needsStudentInHindsight && hindsight != nil
      ? hiddenStates(student, active) : nil
    let pass = TrainingPass(
      student.transformer, sequences: active.map(\.student), adapter: student.adapter,
      recompute: recompute)
    let outputs = active.enumerated().flatMap { index, example in
      example.studentActions.map { TrainingPass.Output(sequence: index, position: $0 - 1) }
    }
    let teacherLogits = FloatBuffer(count: hindsight == nil ? 0 : Self.chunkRows * vocabulary)
    let currentLogits = FloatBuffer(count: current == nil ? 0 : Self.chunkRows * vocabulary)
    var flat: [RowStatistics] = []
    try pass.backward(outputs: outputs, chunkRows: Self.chunkRows, gradients: gradients) {
      range, logits in
      if let hindsight, let teacher {
        let count = range.count * vocabulary
        teacher.head(hindsight, range, into: teacherLogits)
        if let current, case .trustRegion(let rate) = teacherKind {
          student.head(current, range, into: currentLogits)
          TeacherMath.trustRegion(
            reference: UnsafeMutableBufferPointer(rebasing: teacherLogits.values[..<count]),
            current: UnsafeBufferPointer(rebasing: currentLogits.values[..<count]), rate: rate)
        }
      }
      flat += try objective.evaluate(
        rows: Array(rows[range]), student: logits,
        teacher: hindsight == nil
          ? nil : UnsafeBufferPointer(rebasing: teacherLogits.values[..<logits.count]),
        vocabulary: vocabulary)
    }
    return split(flat, examples)
  }

  /// Final hidden states that predict the action tokens in the hindsight context, a row for every
  /// row of the student's; zeros where an example has no teacher.
  private func hiddenStates(_ learner: Learner, _ examples: [TrainingExample]) -> HiddenStates {
    let config = learner.transformer.config
    let inputs = examples.map { example in
      // An example without hindsight keeps its place with its own context; its rows say so.
      let tokens = example.teacher ?? example.student
      let actions = example.teacher == nil ? example.studentActions : example.teacherActions
      return Transformer.Input(
        tokens: tokens[..<(actions.last ?? 0)], cache: KVCache(config: config),
        wanted: actions.map { $0 - 1 })
    }
    return learner.transformer.extend(inputs, adapter: learner.adapter, kernel: .blas)
  }

  private func split(
    _ flat: [RowStatistics], _ examples: ArraySlice<TrainingExample>
  ) -> [[RowStatistics]] {
    var next = 0
    return examples.map { example in
      guard example.rows.contains(where: { $0.weight != 0 }) else {
        return example.rows.map { _ in .excludedRow }
      }
      defer { next += example.rows.count }
      return Array(flat[next..<next + example.rows.count])
    }
  }
}

extension Learner {
  /// Logits of rows `range` of `hidden`, [range.count, V].
  fileprivate func head(_ hidden: HiddenStates, _ range: Range<Int>, into buffer: FloatBuffer) {
    let logits = Matrix(
      buffer.base, rows: range.count, columns: transformer.config.vocabularySize)
    transformer.logits(hidden.matrix.rows(range), into: logits, kernel: .blas)
  }
}

extension RowStatistics {
  fileprivate static let excludedRow: RowStatistics = {
    var statistics = RowStatistics()
    statistics.excluded = true
    return statistics
  }()
}
