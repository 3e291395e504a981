import LanguageModel

extension Learner {
  /// The action tokens' log-probabilities at temperature 1, in nats, context by context.
  ///
  /// - trajectories: as in ``ContextForward``.
  package func logprobs(_ trajectories: [[ScoredContext]]) throws -> [Double] {
    guard !trajectories.isEmpty else { return [] }
    let vocabulary = transformer.config.vocabularySize
    let hidden = ContextForward(trajectories).hiddenStates(self)
    let rows = trajectories.joined().flatMap { context in
      context.actions.map {
        ActionRow(token: context.tokens[$0], weight: 1, rolloutLogprob: 0, hasTeacher: false)
      }
    }
    let buffer = FloatBuffer(count: min(rows.count, UpdatePass.chunkRows) * vocabulary)
    var logprobs: [Double] = []
    for start in stride(from: 0, to: rows.count, by: UpdatePass.chunkRows) {
      let range = start..<min(start + UpdatePass.chunkRows, rows.count)
      head(hidden, range, into: buffer)
      logprobs += try Objective.crossEntropy.measure(
        rows: Array(rows[range]),
        student: UnsafeBufferPointer(rebasing: buffer.values[..<(range.count * vocabulary)]),
        teacher: nil, vocabulary: vocabulary
      ).map(\.studentLogprob)
    }
    return logprobs
  }
}
