package import LanguageModel

/// Everything between the examples of a step and the gradient: teacher forward, student forward,
/// signal, backward, in micro-batches. Runs on the engine's thread.
package struct UpdatePass: Sendable {
  package let student: Learner
  /// Nil for signals that need none.
  let teacher: Learner?
  let teacherKind: TeacherKind
  let objective: Objective
  /// Rows of student tokens that one forward and backward pass holds at most (a longer example goes alone).
  let microBatchTokens: Int
  let recompute: Bool

  /// Rows whose logits exist at once.
  package static let chunkRows = 128

  package init(
    student: Learner, teacher: Learner?, teacherKind: TeacherKind, objective: Objective,
    microBatchTokens: Int, recompute: Bool
  ) {
    self.student = student
    self.teacher = teacher
    self.teacherKind = teacherKind
    self.objective = objective
    self.microBatchTokens = microBatchTokens
    self.recompute = recompute
  }

  /// Adds the gradient of Σ row losses to `gradients`. Returns every example's row statistics.
  package func run(
    _ examples: [TrainingExample], gradients: GradientTarget, log: PhaseLog = PhaseLog(),
    progress: (Int) -> Void = { _ in }
  ) throws -> [[RowStatistics]] {
    var statistics: [[RowStatistics]] = []
    for batch in microBatches(examples) {
      statistics += try run(examples[batch], gradients, log)
      progress(batch.upperBound)
    }
    return statistics
  }

  /// Row statistics without gradients, as `run` would give them.
  package func measure(_ examples: [TrainingExample]) throws -> [[RowStatistics]] {
    var statistics: [[RowStatistics]] = []
    let vocabulary = student.transformer.config.vocabularySize
    for batch in microBatches(examples) {
      let active = examples[batch].filter { $0.rows.contains { $0.weight != 0 } }
      let hidden = ContextForward(
        active.map { [ScoredContext(tokens: $0.student, actions: $0.studentActions)] }
      ).hiddenStates(student)
      let teachers = teacherRows(active)
      let rows = active.flatMap(\.rows)
      let logits = FloatBuffer(count: Self.chunkRows * vocabulary)
      var flat: [RowStatistics] = []
      for start in stride(from: 0, to: rows.count, by: Self.chunkRows) {
        let range = start..<min(start + Self.chunkRows, rows.count)
        student.head(hidden, range, into: logits)
        flat += try objective.measure(
          rows: Array(rows[range]),
          student: UnsafeBufferPointer(rebasing: logits.values[..<(range.count * vocabulary)]),
          teacher: teachers?.logits(range), vocabulary: vocabulary)
      }
      statistics += split(flat, examples[batch])
    }
    return statistics
  }

  /// Consecutive examples, as many as fit the budget; what they begin with in common counts once.
  private func microBatches(_ examples: [TrainingExample]) -> [Range<Int>] {
    let read = examples.map { Array($0.read) }
    var batches: [Range<Int>] = []
    var start = 0
    for end in examples.indices where end > start {
      let rows = PackedSequences(Array(read[start...end])).tokens.count
      if rows > microBatchTokens {
        batches.append(start..<end)
        start = end
      }
    }
    if start < examples.count { batches.append(start..<examples.count) }
    return batches
  }

  private func run(
    _ examples: ArraySlice<TrainingExample>, _ gradients: GradientTarget, _ log: PhaseLog
  ) throws -> [[RowStatistics]] {
    // Examples that take no part cost nothing.
    let active = examples.filter { $0.rows.contains { $0.weight != 0 } }
    guard !active.isEmpty else { return examples.map { $0.rows.map { _ in .excludedRow } } }
    let vocabulary = student.transformer.config.vocabularySize
    let rows = active.flatMap(\.rows)
    let teachers =
      objective.signal.needsTeacher
      ? log.measure(.teacher) { teacherRows(active) } : nil
    let outputs = active.enumerated().flatMap { index, example in
      example.studentActions.map { TrainingPass.Output(sequence: index, position: $0 - 1) }
    }
    let pass = log.measure(.forward) {
      TrainingPass(
        student.transformer, sequences: active.map { Array($0.read) }, outputs: outputs,
        adapter: student.adapter, recompute: recompute)
    }
    var flat: [RowStatistics] = []
    // The heads of both sides and the loss are part of it.
    try log.measure(.backward) {
      try pass.backward(chunkRows: Self.chunkRows, gradients: gradients) {
        range, logits in
        flat += try objective.evaluate(
          rows: Array(rows[range]), student: logits, teacher: teachers?.logits(range),
          vocabulary: vocabulary)
      }
    }
    return split(flat, examples)
  }

  private func teacherRows(_ examples: [TrainingExample]) -> TeacherRows? {
    guard let teacher else { return nil }
    // An example without hindsight keeps its rows' places with its own context; they say so.
    let forward = ContextForward(
      examples.map { example in
        example.teacher.isEmpty
          ? [ScoredContext(tokens: example.student, actions: example.studentActions)]
          : example.teacher
      })
    var current: (Learner, HiddenStates, Double)?
    if case .trustRegion(let rate) = teacherKind {
      current = (student, forward.hiddenStates(student), rate)
    }
    return TeacherRows(
      teacher: teacher, hidden: forward.hiddenStates(teacher), current: current,
      chunkRows: Self.chunkRows)
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

/// The teacher's logits, made for a chunk of rows at a time from hidden states.
private final class TeacherRows {
  private let teacher: Learner
  private let hidden: HiddenStates
  /// The student in the hindsight context, for the trust-region teacher; and its rate.
  private let current: (learner: Learner, hidden: HiddenStates, rate: Double)?
  private let buffer: FloatBuffer
  private let currentBuffer: FloatBuffer
  private let vocabulary: Int

  init(
    teacher: Learner, hidden: HiddenStates, current: (Learner, HiddenStates, Double)?,
    chunkRows: Int
  ) {
    self.teacher = teacher
    self.hidden = hidden
    self.current = current.map { (learner: $0.0, hidden: $0.1, rate: $0.2) }
    vocabulary = teacher.transformer.config.vocabularySize
    buffer = FloatBuffer(count: chunkRows * vocabulary)
    currentBuffer = FloatBuffer(count: current == nil ? 0 : chunkRows * vocabulary)
  }

  /// [range.count, V], valid until the next call.
  func logits(_ range: Range<Int>) -> UnsafeBufferPointer<Float> {
    let values = UnsafeMutableBufferPointer(
      rebasing: buffer.values[..<(range.count * vocabulary)])
    teacher.head(hidden, range, into: buffer)
    if let current {
      current.learner.head(current.hidden, range, into: currentBuffer)
      TeacherMath.trustRegion(
        reference: values,
        current: UnsafeBufferPointer(rebasing: currentBuffer.values[..<values.count]),
        rate: current.rate)
    }
    return UnsafeBufferPointer(values)
  }
}

extension Learner {
  /// Logits of rows `range` of `hidden`, [range.count, V].
  func head(_ hidden: HiddenStates, _ range: Range<Int>, into buffer: FloatBuffer) {
    let logits = Matrix(
      buffer.base, rows: range.count, columns: transformer.config.vocabularySize)
    transformer.logits(
      hidden.matrix.rows(range), into: logits, kernel: transformer.logitsKernel)
  }
}

extension RowStatistics {
  fileprivate static let excludedRow: RowStatistics = {
    var statistics = RowStatistics()
    statistics.excluded = true
    return statistics
  }()
}
