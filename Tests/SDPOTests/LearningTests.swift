import Foundation
import LanguageModel
import SDPO
import Testing

/// A small random network; everything that trains here is real.
func smallTransformer(seed: UInt64, precision: Precision = .fp32) -> Transformer {
  let config = ModelConfig(
    architecture: .llama, vocabularySize: 24, hiddenSize: 32, intermediateSize: 48, layerCount: 2,
    headCount: 4, kvHeadCount: 2, headSize: 8, tiedHead: true, contextLength: 512)
  let parameters = Parameters(config: config)
  var random = SplitMix64(seed: seed)
  for entry in parameters.layout.entries {
    let isNorm = entry.shape.count == 1
    for i in 0..<entry.count {
      parameters.buffer.base[entry.offset + i] =
        isNorm ? 1 : Float.random(in: -0.25...0.25, using: &random)
    }
  }
  return Transformer(parameters: parameters, precision: precision)
}

private func example(
  _ student: [TokenID], actions: [Int], teacher: [TokenID]? = nil, teacherActions: [Int] = [],
  weight: Float = 1, trajectory: Int32 = 0, advantage: Float = 0
) -> TrainingExample {
  TrainingExample(
    student: student, studentActions: actions, teacher: teacher, teacherActions: teacherActions,
    rows: actions.map {
      ActionRow(
        token: student[$0], weight: weight, rolloutLogprob: -2, advantage: advantage,
        hasTeacher: teacher != nil, trajectory: trajectory)
    })
}

private func pass(
  _ student: Learner, _ teacher: Learner?, objective: Objective = Objective(importanceCap: nil),
  kind: TeacherKind = .frozen, tokens: Int = 1000, recompute: Bool = false
) -> UpdatePass {
  UpdatePass(
    student: student, teacher: teacher, teacherKind: kind, objective: objective,
    microBatchTokens: tokens, recompute: recompute)
}

@Suite struct UpdatePassTests {
  private let examples = [
    example(
      [1, 2, 3, 4, 5, 6, 7], actions: [3, 4, 6], teacher: [9, 8, 1, 2, 3, 4, 5, 6, 7],
      teacherActions: [5, 6, 8], weight: 0.125),
    example(
      [2, 2, 5, 11], actions: [2, 3], teacher: [7, 2, 2, 5, 11], teacherActions: [3, 4],
      weight: 0.125),
    example([4, 3, 2, 1, 0], actions: [4], weight: 0.125),
    example(
      [6, 5, 6, 5, 6, 5], actions: [1, 2, 3], teacher: [1, 6, 5, 6, 5, 6, 5],
      teacherActions: [2, 3, 4], weight: 0.125),
  ]

  private func gradient(
    _ pass: UpdatePass, _ examples: [TrainingExample]? = nil
  ) throws -> (loss: Double, values: [Float]) {
    let target = Parameters(config: pass.student.transformer.config)
    let statistics = try pass.run(examples ?? self.examples, gradients: .full(target))
    return (statistics.joined().reduce(0) { $0 + $1.loss }, Array(target.buffer.values))
  }

  /// Nothing is predicted from an example's last action or what follows it, whichever tokens stand there.
  @Test func whatFollowsTheLastActionDoesNotCount() throws {
    let student = Learner(transformer: smallTransformer(seed: 1), adapter: nil)
    let teacher = Learner(transformer: smallTransformer(seed: 2), adapter: nil)
    let passes = [[TokenID](), [3, 1, 4]].map { tail in
      examples.map { example in
        var example = example
        example.student = example.student[...example.studentActions.last!] + tail
        return example
      }
    }
    let found = try passes.map { try gradient(pass(student, teacher), $0) }
    let same = found[0].loss == found[1].loss && found[0].values == found[1].values
    #expect(same && found[0].loss > 0)
  }

  /// How many tokens a pass holds is a matter of memory alone, here for the whole network.
  @Test(arguments: [1, 8, 12, 1000], [false, true])
  func microBatchesDoNotChangeTheGradient(_ tokens: Int, recompute: Bool) throws {
    let student = Learner(transformer: smallTransformer(seed: 1), adapter: nil)
    let teacher = Learner(transformer: smallTransformer(seed: 2), adapter: nil)
    let whole = try gradient(pass(student, teacher))
    let cut = try gradient(pass(student, teacher, tokens: tokens, recompute: recompute))
    #expect(abs(whole.loss - cut.loss) < 1e-6)
    let scale = whole.values.map(abs).max() ?? 0
    #expect(scale > 1e-4)
    let worst = zip(whole.values, cut.values).map { abs($0 - $1) }.max() ?? 0
    #expect(worst < 1e-5 * scale)
  }

  /// A trajectory weighs as much however many contexts it has.
  @Test func contextsShareTheirTrajectorysWeight() throws {
    let student = Learner(transformer: smallTransformer(seed: 1), adapter: nil)
    let batch = [
      example([1, 2, 3, 4], actions: [1, 2, 3]), example([5, 6], actions: [1]),
      example([7, 8, 9], actions: [1, 2], trajectory: 1),
    ]
    for (normalization, shares) in [
      (Normalization.sequence, [0.375, 0.125, 0.5]), (.token, [0.5, 1 / 6.0, 1 / 3.0]),
    ] {
      var configuration = TrainingConfiguration(
        model: "", tasks: "", taskIDs: [], normalization: normalization)
      configuration.objective = .crossEntropy
      let update = Update(configuration, student: student, teacher: nil, learningRate: 0)
      let weighed = try update.run(batch, number: 1) { _ in }.examples
      let sums = weighed.map { $0.rows.reduce(0) { $0 + Double($1.weight) } }
      let isRight = zip(sums, shares).allSatisfy { abs($0 - $1) < 1e-6 }
      #expect(isRight, "\(normalization): \(sums)")
    }
  }

  /// §7.1 and §7.3: the same weights and the same context leave nothing to learn, and the teacher's
  /// weights are never touched.
  @Test(arguments: [0.0, 0.5, 1.0])
  func theSameContextGivesNoGradient(_ alpha: Double) throws {
    let student = Learner(transformer: smallTransformer(seed: 3), adapter: nil)
    let teacher = student.copy()
    let same = [
      example([1, 2, 3, 4], actions: [2, 3], teacher: [1, 2, 3, 4], teacherActions: [2, 3])
    ]
    let objective = Objective(
      divergence: Divergence(alpha: alpha, topK: nil), importanceCap: nil)
    let target = Parameters(config: student.transformer.config)
    let before = Array(teacher.trained.values)
    let statistics = try pass(student, teacher, objective: objective)
      .run(same, gradients: .full(target))
    #expect(statistics.joined().allSatisfy { abs($0.loss) < 1e-6 })
    #expect(target.buffer.values.allSatisfy { abs($0) < 1e-5 })
    #expect(Array(teacher.trained.values) == before)
  }

  /// §7.7: a trust region of rate 0 is the frozen teacher, of rate 1 the student itself.
  @Test func theEndsOfTheTrustRegion() throws {
    let student = Learner(transformer: smallTransformer(seed: 4), adapter: nil)
    let teacher = Learner(transformer: smallTransformer(seed: 5), adapter: nil)
    let frozen = try gradient(pass(student, teacher))
    let none = try gradient(pass(student, teacher, kind: .trustRegion(rate: 0)))
    let own = try gradient(pass(student, student))
    let all = try gradient(pass(student, teacher, kind: .trustRegion(rate: 1)))
    #expect(frozen.values == none.values && own.values == all.values)
    #expect(frozen.loss != own.loss)
  }

  /// §7.9: masked and observation tokens contribute exactly nothing; an observation still matters to
  /// what the teacher thinks of the next action.
  @Test func observationsAreContextOnly() throws {
    let student = Learner(transformer: smallTransformer(seed: 6), adapter: nil)
    let teacher = Learner(transformer: smallTransformer(seed: 7), adapter: nil)
    // Turn, observation (11 or 12), turn.
    func tokens(_ observation: TokenID) -> [TokenID] { [1, 2, 3, observation, 5, 6] }
    func statistics(_ observation: TokenID) throws -> [RowStatistics] {
      let tokens = tokens(observation)
      let item = example(
        tokens, actions: [1, 2, 4, 5], teacher: [8] + tokens, teacherActions: [2, 3, 5, 6])
      return try pass(student, teacher).measure([item])[0]
    }
    let (one, other) = (try statistics(11), try statistics(12))
    #expect(one.count == 4)
    for before in 0..<2 { #expect(one[before] == other[before]) }
    for after in 2..<4 { #expect(one[after].teacherLogprob != other[after].teacherLogprob) }

    var masked = example(
      [1, 2, 3], actions: [1, 2], teacher: [9, 1, 2, 3], teacherActions: [2, 3])
    masked.rows[0].weight = 0
    masked.rows[1].weight = 0
    let target = Parameters(config: student.transformer.config)
    let result = try pass(student, teacher).run([masked], gradients: .full(target))
    #expect(result[0].allSatisfy { $0.excluded && $0.loss == 0 })
    #expect(target.buffer.values.allSatisfy { $0 == 0 })
  }
}

/// A network that has learnt to read hints: a teacher that its context tells the answer.
private struct HintReader {
  static let hints: [TokenID] = [10, 11, 12, 13, 14, 15, 16, 17]
  static let blank: TokenID = 1
  /// hint, question, answer.
  static func context(hint: TokenID) -> [TokenID] { [2, hint, 3, 4] }

  static func train(seed: UInt64) throws -> Learner {
    let learner = Learner(transformer: smallTransformer(seed: seed), adapter: nil)
    let gradients = Parameters(config: learner.transformer.config)
    let optimizer = AdamW(parameterCount: learner.trained.count)
    var random = SplitMix64(seed: seed)
    for step in 1...250 {
      var batch: [TrainingExample] = []
      for _ in 0..<16 {
        let answer = hints[random.index(below: hints.count)]
        // Half of the questions come without a hint: then any answer may be right.
        let hint = random.index(below: 2) == 0 ? answer : blank
        batch.append(example(context(hint: hint) + [answer], actions: [4], weight: 1.0 / 16))
      }
      gradients.buffer.zero()
      _ = try pass(learner, nil, objective: .crossEntropy).run(batch, gradients: .full(gradients))
      optimizer.update(
        learner.trained, gradients: gradients.buffer, step: step,
        config: AdamWConfig(learningRate: 5e-3))
    }
    return learner
  }

  /// The probability of `answer` without a hint.
  static func probability(_ learner: Learner, of answer: TokenID) throws -> Double {
    let item = example(context(hint: blank) + [answer], actions: [4])
    return exp(
      try pass(learner, nil, objective: .crossEntropy).measure([item])[0][0].studentLogprob)
  }
}

@Suite struct HindsightTests {
  /// §7.13: a hint that names the right token raises its unhinted probability; shuffled hints, the
  /// control, don't.
  @Test func aTrueHintTeachesAndAShuffledOneDoesNot() throws {
    let start = try HintReader.train(seed: 21)
    let right = HintReader.hints[3]
    let before = try HintReader.probability(start, of: right)
    #expect(before > 0.03 && before < 0.4)

    func train(hint: (inout SplitMix64) -> TokenID) throws -> Double {
      let student = start.copy()
      let gradients = Parameters(config: student.transformer.config)
      let optimizer = AdamW(parameterCount: student.trained.count)
      var random = SplitMix64(seed: 5)
      for step in 1...40 {
        var batch: [TrainingExample] = []
        for index in 0..<16 {
          // What the student happened to answer, and what it was told afterwards.
          let answer = HintReader.hints[(step + index) % HintReader.hints.count]
          let told = hint(&random)
          batch.append(
            example(
              HintReader.context(hint: HintReader.blank) + [answer], actions: [4],
              teacher: HintReader.context(hint: told) + [answer], teacherActions: [4],
              weight: 1.0 / 16))
        }
        gradients.buffer.zero()
        let objective = Objective(
          divergence: Divergence(alpha: 0.5, topK: 8), importanceCap: nil)
        _ = try pass(student, start, objective: objective)
          .run(batch, gradients: .full(gradients))
        optimizer.update(
          student.trained, gradients: gradients.buffer, step: step,
          config: AdamWConfig(learningRate: 2e-3))
      }
      return try HintReader.probability(student, of: right)
    }
    let taught = try train { _ in right }
    let shuffled = try train { HintReader.hints[$0.index(below: HintReader.hints.count)] }
    #expect(taught > 0.9, "the right hint: from \(before) to \(taught)")
    #expect(shuffled < 0.4, "shuffled hints: from \(before) to \(shuffled)")
  }

  /// §7.8: the teacher's log-probabilities don't depend on where its context stands in a batch.
  @Test func batchedIsAlone() throws {
    let student = Learner(transformer: smallTransformer(seed: 8), adapter: nil)
    let teacher = Learner(transformer: smallTransformer(seed: 9), adapter: nil)
    let items = (0..<5).map { index in
      let tokens = (0..<TokenID(6 + index)).map { ($0 * 7 + TokenID(index)) % 24 }
      return example(
        tokens, actions: [3, 5], teacher: [1, 2] + tokens, teacherActions: [5, 7])
    }
    let together = try pass(student, teacher).measure(items)
    let reversed = try pass(student, teacher).measure(items.reversed()).reversed()
    for (index, item) in items.enumerated() {
      let alone = try pass(student, teacher).measure([item])[0]
      for (row, statistics) in alone.enumerated() {
        for other in [together[index][row], Array(reversed)[index][row]] {
          let gap = abs(statistics.teacherLogprob! - other.teacherLogprob!)
          #expect(gap < 1e-5)
        }
      }
    }
  }
}
