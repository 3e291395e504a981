import Agent
import Foundation
import LanguageModel

/// Turns graded groups into training examples: hindsight contexts, advantages, masks.
struct ExampleBuilder {
  let configuration: TrainingConfiguration
  let dialect: any Dialect
  let tokenizer: Tokenizer
  let chatFormat: ChatFormat
  /// The longest context that the model takes.
  let contextLength: Int

  /// One trajectory's example and what the step reports of it.
  struct Built {
    var example: TrainingExample?
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
        let hindsight = HindsightContext.build(
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
      taskID: rollout.trajectory.taskID, trajectoryIndex: index,
      solved: rollout.counts && rollout.grade.resolved,
      diff: String(decoding: rollout.trajectory.finalDiff, as: UTF8.self),
      actions: rollout.trajectory.turns.map(\.text).joined(separator: "\n\n"),
      feedback: configuration.hindsight.feedback(rollout.grade))
  }

  private func one(
    _ task: RepairTask, _ rollout: Rollout, advantage: Double?, hindsight: HindsightContext?,
    number: Int32
  ) throws -> Built {
    let trajectory = rollout.trajectory
    let metrics = TrajectoryMetrics(
      actionTokens: trajectory.actionTokenCount, turns: trajectory.turns.count,
      calls: trajectory.turns.count, malformedCalls: trajectory.malformedCalls,
      repeatedCalls: trajectory.repeatedCalls, reward: rollout.counts ? rollout.grade.reward : nil,
      solved: rollout.grade.resolved, hasHindsight: hindsight != nil, judging: rollout.judging)
    guard rollout.counts, !Self.isMasked(rollout), trajectory.actionTokenCount > 0,
      let first = trajectory.turns.first
    else { return Built(example: nil, metrics: metrics) }
    let student = sequence(trajectory, opening: first.contextTokens)
    var teacher: (tokens: [TokenID], actions: [Int])?
    if let hindsight {
      teacher = sequence(trajectory, opening: try opening(task, first, hindsight.text))
      if let tokens = teacher?.tokens, tokens.count > contextLength { teacher = nil }
    }
    var rows: [ActionRow] = []
    for turn in trajectory.turns {
      for (token, logprob) in zip(turn.actionTokens, turn.logprobs) {
        rows.append(
          ActionRow(
            token: token, weight: 0, rolloutLogprob: logprob, advantage: Float(advantage ?? 0),
            reward: Float(rollout.grade.reward ?? 0), hasTeacher: teacher != nil,
            turn: Int32(turn.number - 1), trajectory: number))
      }
    }
    return Built(
      example: TrainingExample(
        student: student.tokens, studentActions: student.actions, teacher: teacher?.tokens,
        teacherActions: teacher?.actions ?? [], rows: rows),
      metrics: metrics)
  }

  /// A trajectory that says nothing about its actions: solved, but cut off by a limit; or its
  /// grading ran out of time or memory (FORMATS: Agents).
  static func isMasked(_ rollout: Rollout) -> Bool {
    let cutOff = rollout.trajectory.stopReason != .submitted
    return (rollout.grade.resolved && cutOff) || rollout.grade.timedOut || rollout.grade.outOfMemory
  }

  /// Tokens up to the last action token, behind the given opening; and where the actions are.
  private func sequence(
    _ trajectory: Trajectory, opening: [TokenID]
  ) -> (tokens: [TokenID], actions: [Int]) {
    var tokens: [TokenID] = []
    var actions: [Int] = []
    for (index, turn) in trajectory.turns.enumerated() where !turn.actionTokens.isEmpty {
      tokens += index == 0 ? opening : turn.contextTokens
      actions += tokens.count..<tokens.count + turn.actionTokens.count
      tokens += turn.actionTokens
    }
    return (tokens, actions)
  }

  /// The teacher's first messages: the student's with the hindsight block in its place.
  private func opening(_ task: RepairTask, _ first: Turn, _ hindsight: String) throws -> [TokenID] {
    let files = WorkTreeListing.files(in: task.environmentDirectory.path(percentEncoded: false))
    func encode(_ hindsight: String?) -> [TokenID] {
      chatFormat.encode(
        dialect.openingMessages(
          instruction: task.instruction, files: files, testCommand: task.testCommand,
          hindsight: hindsight, tools: configuration.tools),
        addGenerationPrompt: true, tokenizer: tokenizer)
    }
    // The teacher must differ by the hint alone.
    guard encode(nil) == first.contextTokens else {
      throw TrainingError(
        "\(task.directory.path(percentEncoded: false)): the task's folder changed while its"
          + " episodes ran, so a hindsight context can't be built for them")
    }
    return encode(hindsight)
  }
}

/// Why a run can't start, go on or resume, in one sentence.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
