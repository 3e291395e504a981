import Agent
import Foundation
import LanguageModel
import SDPO
import Testing
import Tools

/// The figures of the hindsight gap from scores that are known.
@Suite struct GapFigureTests {
  private static let condition = GapCondition(.final, .feedback)

  private func score(
    _ task: String, shuffled: Bool = false, actions: (Double, Int), edits: [(Double, Int)] = []
  ) -> GapScore {
    GapScore(
      task: task, condition: Self.condition, isShuffled: shuffled,
      actions: GapScore.Sum(gap: actions.0, tokens: actions.1),
      edits: edits.map { GapScore.Sum(gap: $0.0, tokens: $0.1) })
  }

  @Test func aTaskCountsOnce() throws {
    // Task a has two trajectories and three edits, task b one of each; c is only told by the control.
    let scores = [
      score("a", actions: (2, 10), edits: [(1, 4), (3, 2)]),
      score("a", actions: (1, 20), edits: [(-1, 4)]),
      score("b", actions: (-6, 10), edits: [(-2, 5)]),
      score("b", shuffled: true, actions: (-1, 10), edits: [(-1, 5)]),
      score("c", shuffled: true, actions: (9, 10)),
    ]
    let row = try #require(
      GapReport.Row(Self.condition, scores, tokens: .actions, seed: 1))
    #expect(row.tasks == 2 && row.trajectories == 3 && row.edits == 4)
    #expect(abs(row.token.hindsight.mean - (0.1 - 0.6) / 2) < 1e-12)
    #expect(abs(try #require(row.edit).hindsight.mean - (1.0 - 2) / 2) < 1e-12)
    // The control's mean is over its own tasks, the difference over those that have both.
    #expect(abs(try #require(row.token.shuffled).mean - (-0.1 + 0.9) / 2) < 1e-12)
    #expect(abs(try #require(row.token.difference).mean - (-0.6 + 0.1)) < 1e-12)
    #expect(row.token.hindsight.low == -0.6 && row.token.hindsight.high == 0.1)
    #expect(row.token.byTask == ["a": 0.1, "b": -0.6])
    #expect(row.edit?.byTask == ["a": 1, "b": -2])
    let edits = try #require(GapReport.Row(Self.condition, scores, tokens: .edits, seed: 1))
    #expect(abs(edits.token.hindsight.mean - (0.3 - 0.4) / 2) < 1e-12)
  }

  @Test func nothingToldIsNoRow() throws {
    let scores = [score("a", shuffled: true, actions: (1, 1))]
    #expect(GapReport.Row(Self.condition, scores, tokens: .actions, seed: 1) == nil)
    let plain = try #require(
      GapReport.Row(
        Self.condition, [score("a", actions: (1, 1))], tokens: .actions, seed: 1))
    #expect(plain.edit == nil && plain.token.shuffled == nil && plain.token.difference == nil)
    #expect(
      GapReport.Row(GapCondition(.turn, .feedback), scores, tokens: .actions, seed: 1) == nil)
  }

  @Test func theIntervalCoversTheMean() throws {
    var random = SplitMix64(seed: 7)
    var covered = 0
    for seed in 0..<200 {
      let values = (0..<20).map { _ in Double.random(in: -1...1, using: &random) }
      let interval = try #require(MeanInterval(values, seed: UInt64(seed)))
      if interval.low < 0 && interval.high > 0 { covered += 1 }
    }
    #expect((180...199).contains(covered), "\(covered) of 200")
    #expect(MeanInterval([]) == nil)
  }

  /// A gap must be above 0, and above what another task's hindsight gives.
  @Test(
    arguments: [
      (told: 0.3, shuffled: 0.0, fails: false), (told: 0.3, shuffled: 0.3, fails: true),
      (told: -0.3, shuffled: -0.6, fails: true), (told: 0.0, shuffled: 0.0, fails: true),
    ])
  func aRunNeedsAGap(_ row: (told: Double, shuffled: Double, fails: Bool)) throws {
    let scores = (0..<8).flatMap { task in
      [(false, row.told), (true, row.shuffled)].map { isShuffled, gap in
        score("\(task)", shuffled: isShuffled, actions: (gap + 0.001 * Double(task % 2), 1))
      }
    }
    let found = try #require(
      GapReport.Row(Self.condition, scores, tokens: .actions, seed: 1))
    #expect(PreFlight(rows: [found]).failing.isEmpty == !row.fails)
  }

  @Test func whatARunMayTellIsMeasured() {
    func conditions(_ configuration: HindsightConfiguration) -> [String] {
      GapCondition.of(configuration).map(\.description)
    }
    #expect(conditions(.init()) == ["final feedback", "final solution"])
    #expect(conditions(.init(content: .solution, placement: .turn)) == ["turn solution"])
    #expect(conditions(.init(placement: .lookahead(turns: 2))) == ["lookahead(2)"])
    #expect(Set(GapCondition.all).count == 8)
  }
}

/// The gap of real oracles' episodes, with a tiny network.
@Suite struct GapMeasureTests {
  private func attempts(_ model: TinyModel, _ ids: [String]) async throws -> [OracleAttempt] {
    try await SupervisedDemonstrationTests.inFolder { folder in
      let maker = try await SupervisedDemonstrationTests.maker(folder)
      let made = try await OracleAttempts(
        dialect: CompactDialect(), environment: maker.environment, tokenizer: model.tokenizer,
        chatFormat: model.chatFormat, hindsight: HindsightConfiguration(), seed: 2, folder: folder
      ).make(try ids.map(SupervisedDemonstrationTests.task))
      #expect(made.problems.isEmpty, "\(made.problems)")
      return made.attempts
    }
  }

  private func scorer(_ model: TinyModel) -> GapScorer {
    GapScorer(
      learner: Learner(transformer: model.transformer, adapter: nil),
      builder: ContextBuilder(
        dialect: CompactDialect(), tools: ToolName.allCases, tokenizer: model.tokenizer,
        chatFormat: model.chatFormat, contextLength: 8192), hindsight: HindsightConfiguration(),
      seed: 2)
  }

  @Test func anOracleHasFeedbackOnAFailedAttempt() async throws {
    let model = try TinyModel()
    for attempt in try await attempts(model, ["mean-of-none", "greet-words"]) {
      let (own, sibling) = (attempt.subject.members[0], attempt.subject.members[1])
      #expect(!own.solved && sibling.solved && sibling.feedback == "")
      #expect(own.feedback?.isEmpty == false && !sibling.diff.isEmpty)
      #expect(attempt.trajectory.turns.last?.call == .submit)
      #expect(attempt.trajectory.turns.contains { $0.call?.name == "edit" })
      #expect(attempt.trajectory.turns.allSatisfy { !$0.actionTokens.isEmpty })
      // The student is told nothing of it.
      let read = model.tokenizer.decode(attempt.trajectory.allTokens, skippingSpecial: true)
      #expect(!read.contains("tried this task"))
    }
  }

  /// Who did the same twice, in two contexts, has each score twice.
  @Test func contextsAreScoredByThemselves() async throws {
    let model = try TinyModel()
    let subject = try await attempts(model, ["mean-of-none"])[0].subject
    var twice = subject
    let count = subject.trajectory.turns.count
    for index in 0..<count {
      var turn = subject.trajectory.turns[index]
      turn.number += count
      turn.beginsContext = index == 0
      twice.trajectory.turns.append(turn)
      twice.members[0].turns.append(twice.members[0].turns[index])
    }
    twice.members[0].turns[count].beginsContext = true
    let (once, both) = (
      try scorer(model).scores(subject, strangers: [], GapCondition.all),
      try scorer(model).scores(twice, strangers: [], GapCondition.all)
    )
    #expect(once.map(\.condition) == both.map(\.condition) && !once.isEmpty)
    for (once, both) in zip(once, both) {
      #expect(both.actions.tokens == 2 * once.actions.tokens)
      #expect(abs(both.actions.gap - 2 * once.actions.gap) < 1e-3)
      #expect(both.edits.count == 2 * once.edits.count)
    }
    #expect(once.contains { abs($0.actions.gap) > 0.01 })
  }

  /// The scores are those of whole contexts run alone, and of the trainer's own pass.
  @Test func scoresAreThoseOfTheTeachersPass() async throws {
    let model = try TinyModel()
    let subjects = try await attempts(model, ["mean-of-none", "clamp-high"]).map(\.subject)
    let scorer = scorer(model)
    let subject = subjects[0]
    let strangers = subjects.strangers(to: subject.task)
    #expect(strangers.allSatisfy { $0.taskID == "clamp-high" } && !strangers.isEmpty)
    let scores = try scorer.scores(subject, strangers: strangers, GapCondition.all)
    #expect(scores.count == 2 * GapCondition.all.count)
    let learner = Learner(transformer: model.transformer, adapter: nil)
    let builder = ContextBuilder(
      dialect: CompactDialect(), tools: ToolName.allCases, tokenizer: model.tokenizer,
      chatFormat: model.chatFormat, contextLength: 8192)
    let student = builder.student(subject.trajectory)
    let plain = try learner.logprobs([[student]])
    for (placement, condition) in [
      (HindsightPlacement.final, GapCondition(.final, .solution)),
      (.next, GapCondition(.next, nil)),
    ] {
      let hindsight = try #require(
        Hindsight.build(
          for: 0, in: subject.members,
          configuration: HindsightConfiguration(content: .solution, placement: placement), seed: 9))
      let teacher = try #require(
        try builder.teacher(subject.trajectory, of: subject.task, hindsight: hindsight))
      let alone = try teacher.contexts.flatMap { try learner.logprobs([[$0]]) }
      let expected = zip(teacher.isTold, zip(alone, plain)).filter(\.0).map { $1.0 - $1.1 }
      let found = try #require(
        scores.first { $0.condition == condition && !$0.isShuffled })
      #expect(found.actions.tokens == expected.count)
      #expect(abs(found.actions.gap - expected.reduce(0, +)) < 1e-3)
      #expect(found.edits.count == 1)

      let rows = student.actions.enumerated().map { row, place in
        ActionRow(
          token: student.tokens[place], weight: 1, rolloutLogprob: 0,
          hasTeacher: teacher.isTold[row])
      }
      let pass = UpdatePass(
        student: learner, teacher: learner, teacherKind: .current, objective: Objective(),
        microBatchTokens: 2048, recompute: false)
      let trained = try pass.measure([
        TrainingExample(
          student: student.tokens, studentActions: student.actions, teacher: teacher.contexts,
          rows: rows)
      ])[0]
      let gap = trained.compactMap(\.gap).reduce(0, +)
      #expect(abs(found.actions.gap - gap) < 1e-3)
    }
  }
}
