public import Agent
import LanguageModel

/// Measures what hindsight knows of actions, with one network as student and teacher.
public struct GapMeasure: Sendable {
  private let engine: Engine
  let scorer: GapScorer
  public let conditions: [GapCondition]

  public init(
    policy: LocalPolicy, oracles: OracleAttempts, conditions: [GapCondition] = GapCondition.all
  ) {
    engine = policy.engine
    scorer = GapScorer(
      learner: Learner(transformer: policy.engine.transformer, adapter: policy.adapter),
      builder: ContextBuilder(policy, dialect: oracles.dialect, tools: oracles.tools),
      hindsight: oracles.hindsight, seed: oracles.seed)
    self.conditions = conditions
  }

  /// log q − log π of correct actions.
  public func correct(
    _ attempts: [OracleAttempt], finished: @Sendable () -> Void = {}
  ) async throws -> [GapReport.Row] {
    try await rows(attempts.map(\.subject), tokens: .actions, finished)
  }

  /// log q − log π of the edits in episodes that failed. The sibling that succeeded is the oracle's.
  ///
  /// - groups: [attempts][samples], rolled out without hindsight.
  public func blame(
    _ attempts: [OracleAttempt], _ groups: [[Rollout]], finished: @Sendable () -> Void = {}
  ) async throws -> [GapReport.Row] {
    let subjects = zip(attempts, groups).flatMap { attempt, group in
      group.enumerated().filter { $1.isBlamed }.map { sample, rollout in
        let own = GroupMember(
          rollout.trajectory, index: sample, solved: false,
          feedback: scorer.hindsight.feedback(rollout.grade))
        return GapSubject(
          task: attempt.task, trajectory: rollout.trajectory,
          members: [own] + attempt.members.dropFirst())
      }
    }
    return try await rows(subjects, tokens: .edits, finished)
  }

  /// Trajectories whose edits ``blame(_:_:finished:)`` is about.
  public static func blamed(_ groups: [[Rollout]]) -> Int {
    groups.joined().count { $0.isBlamed }
  }

  private func rows(
    _ subjects: [GapSubject], tokens: GapReport.Row.Tokens, _ finished: @Sendable () -> Void
  ) async throws -> [GapReport.Row] {
    var scores: [GapScore] = []
    let (scorer, conditions) = (scorer, conditions)
    for subject in subjects {
      try Task.checkCancellation()
      let strangers = subjects.strangers(to: subject.task)
      scores += try await engine.read { _ in
        try scorer.scores(subject, strangers: strangers, conditions)
      }
      finished()
    }
    return conditions.compactMap {
      GapReport.Row($0, scores, tokens: tokens, seed: scorer.seed)
    }
  }
}

extension Rollout {
  /// Whether it failed, by the policy's fault, with an edit.
  fileprivate var isBlamed: Bool {
    counts && !grade.resolved && trajectory.turns.contains { $0.changesFiles }
  }
}
