import Agent
import Foundation
import LanguageModel

/// Turns graded groups into training examples: hindsight contexts, advantages, masks.
struct ExampleBuilder {
  let configuration: TrainingConfiguration
  let contexts: ContextBuilder

  /// One trajectory's examples, one a context, and what the step reports of it.
  struct Built {
    var examples: [TrainingExample]
    var metrics: TrajectoryMetrics
  }

  /// - groups: [tasks][samples] as rolled out.
  func build(_ tasks: [RepairTask], _ groups: [[Rollout]], step: Int) throws -> [Built] {
    let members = groups.map { group in
      group.enumerated().map { member($1, index: $0) }
    }
    var built: [Built] = []
    for (index, (task, group)) in zip(tasks, groups).enumerated() {
      let rewards = group.map { $0.counts ? $0.grade.reward : nil }
      let advantages = Advantages.group(
        rewards, dividingByDeviation: configuration.advantageByDeviation)
      let usable = zip(members[index], group).filter { $1.counts }.map(\.0)
      let others = members.enumerated().filter { $0.offset != index }.flatMap(\.element)
      for (sample, rollout) in group.enumerated() {
        let hindsight = Hindsight.build(
          for: sample, in: usable, otherTasks: others, configuration: configuration.hindsight,
          seed: hindsightSeed(step, task, sample))
        built.append(
          try one(
            task, rollout, advantage: advantages[sample], hindsight: hindsight,
            number: Int32(built.count)))
      }
    }
    return built
  }

  private func hindsightSeed(_ step: Int, _ task: RepairTask, _ sample: Int) -> UInt64 {
    var random = SplitMix64(
      seeds: configuration.seed, UInt64(step), Rollouts.number(of: task.id), UInt64(sample),
      0x6869_6E64)
    return random.next()
  }

  private func member(_ rollout: Rollout, index: Int) -> GroupMember {
    GroupMember(
      rollout.trajectory, index: index, solved: rollout.counts && rollout.grade.resolved,
      feedback: configuration.hindsight.feedback(rollout.grade))
  }

  private func one(
    _ task: RepairTask, _ rollout: Rollout, advantage: Double?, hindsight: Hindsight?,
    number: Int32
  ) throws -> Built {
    let trajectory = rollout.trajectory
    let metrics = TrajectoryMetrics(
      actionTokens: trajectory.actionTokenCount, turns: trajectory.turns.count,
      calls: trajectory.turns.count, malformedCalls: trajectory.malformedCalls,
      repeatedCalls: trajectory.repeatedCalls, reward: rollout.counts ? rollout.grade.reward : nil,
      solved: rollout.grade.resolved, hasHindsight: hindsight != nil, judging: rollout.judging,
      ranOutOfTime: trajectory.stopReason == .timeLimit)
    guard rollout.counts, !Self.isMasked(rollout) else {
      return Built(examples: [], metrics: metrics)
    }
    let examples = try trajectory.tokenContexts.map { part in
      TrainingExample(
        part, student: contexts.student(part),
        teacher: try hindsight.flatMap { try contexts.teacher(part, of: task, hindsight: $0) },
        advantage: advantage ?? 0, reward: rollout.grade.reward ?? 0, number: number)
    }
    return Built(examples: examples, metrics: metrics)
  }

  /// A trajectory that says nothing about its actions: solved, but cut off by a limit; or its
  /// grading ran out of time or memory.
  static func isMasked(_ rollout: Rollout) -> Bool {
    let cutOff = rollout.trajectory.stopReason != .submitted
    return (rollout.grade.resolved && cutOff) || rollout.grade.timedOut || rollout.grade.outOfMemory
  }
}

extension TrainingExample {
  /// The example of one context of the agent's, a trajectory of its turns alone.
  init(
    _ trajectory: Trajectory, student: ScoredContext, teacher: ContextBuilder.Teacher?,
    advantage: Double = 0, reward: Double = 0, number: Int32 = 0
  ) {
    var rows: [ActionRow] = []
    for turn in trajectory.turns {
      for (token, logprob) in zip(turn.actionTokens, turn.logprobs) {
        rows.append(
          ActionRow(
            token: token, weight: 0, rolloutLogprob: logprob, advantage: Float(advantage),
            reward: Float(reward), hasTeacher: teacher?.isTold[rows.count] ?? false,
            turn: Int32(turn.number - 1), trajectory: number))
      }
    }
    self.init(
      student: student.tokens, studentActions: student.actions, teacher: teacher?.contexts ?? [],
      rows: rows)
  }
}

/// Why a run can't start, go on or resume, in one sentence.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
