package import Agent
import LanguageModel
import Tools

/// A trajectory whose actions are scored with and without hindsight.
package struct GapSubject: Sendable {
  package var task: RepairTask
  package var trajectory: Trajectory
  /// The trajectory's own member first, then siblings.
  package var members: [GroupMember]

  func hindsight(
    _ configuration: HindsightConfiguration, _ strangers: [GroupMember], seed: UInt64
  ) -> Hindsight? {
    // Every task draws donors of its own.
    var random = SplitMix64(seeds: seed, Rollouts.number(of: task.id))
    return Hindsight.build(
      for: members[0].trajectoryIndex, in: members, otherTasks: strangers,
      configuration: configuration, seed: random.next())
  }
}

extension [GapSubject] {
  /// Members of other tasks; of other repositories, if there are any: what another bug in the same
  /// file has to say may well be to the point.
  package func strangers(to task: RepairTask) -> [GroupMember] {
    let others = filter { $0.task.id != task.id }
    let foreign = others.filter { $0.task.repository != task.repository }
    return (foreign.isEmpty ? others : foreign).flatMap(\.members)
  }
}

/// What one kind of hindsight does to the log-probability of a trajectory's actions: log q − log π,
/// in nats.
package struct GapScore: Sendable {
  /// A sum over so many action tokens.
  package struct Sum: Sendable {
    package var gap: Double
    package var tokens: Int

    package init(gap: Double = 0, tokens: Int = 0) {
      self.gap = gap
      self.tokens = tokens
    }
  }

  package var task: String
  package var condition: GapCondition
  package var isShuffled: Bool
  package var actions: Sum
  /// Of each turn that changes a file.
  package var edits: [Sum]

  package init(
    task: String, condition: GapCondition, isShuffled: Bool, actions: Sum, edits: [Sum]
  ) {
    self.task = task
    self.condition = condition
    self.isShuffled = isShuffled
    self.actions = actions
    self.edits = edits
  }
}

extension GapScore {
  /// Adds another context's of the same trajectory.
  fileprivate mutating func add(_ other: GapScore) {
    actions.gap += other.actions.gap
    actions.tokens += other.actions.tokens
    edits += other.edits
  }
}

/// Scores trajectories with one network as student and teacher: only the context differs.
package struct GapScorer: Sendable {
  let learner: Learner
  let builder: ContextBuilder
  let hindsight: HindsightConfiguration
  let seed: UInt64

  package init(
    learner: Learner, builder: ContextBuilder, hindsight: HindsightConfiguration, seed: UInt64
  ) {
    self.learner = learner
    self.builder = builder
    self.hindsight = hindsight
    self.seed = seed
  }

  /// Every condition's score, and the control's with hindsight of `strangers`, where there is
  /// something to tell and it fits. Runs on the engine's thread.
  package func scores(
    _ subject: GapSubject, strangers: [GroupMember], _ conditions: [GapCondition]
  ) throws -> [GapScore] {
    var scores: [GapScore] = []
    for part in subject.trajectory.tokenContexts {
      var subject = subject
      subject.trajectory = part
      for score in try contextScores(subject, strangers, conditions) {
        let place = scores.firstIndex {
          $0.condition == score.condition && $0.isShuffled == score.isShuffled
        }
        if let place { scores[place].add(score) } else { scores.append(score) }
      }
    }
    return scores
  }

  /// Of one context of the agent's.
  private func contextScores(
    _ subject: GapSubject, _ strangers: [GroupMember], _ conditions: [GapCondition]
  ) throws -> [GapScore] {
    let student = builder.student(subject.trajectory)
    let plain = try learner.logprobs([[student]])
    var scores: [GapScore] = []
    // A pass for each placement bounds the memory.
    var waiting = conditions
    while let placement = waiting.first?.placement {
      let told = try readings(subject, strangers, waiting.filter { $0.placement == placement })
      waiting.removeAll { $0.placement == placement }
      // Hints before actions fork from one history, whatever they tell.
      let contexts = told.map(\.teacher.contexts)
      let hinted = try learner.logprobs(
        placement == .final ? contexts : told.isEmpty ? [] : [Array(contexts.joined())])
      for (index, reading) in told.enumerated() {
        let rows = hinted[index * plain.count..<(index + 1) * plain.count]
        scores.append(score(subject, reading, zip(rows, plain).map { $0 - $1 }))
      }
    }
    return scores
  }

  /// What the teacher of one condition reads, or of its control.
  private struct Reading {
    var condition: GapCondition
    var isShuffled: Bool
    var teacher: ContextBuilder.Teacher
  }

  private func readings(
    _ subject: GapSubject, _ strangers: [GroupMember], _ conditions: [GapCondition]
  ) throws -> [Reading] {
    try conditions.flatMap { condition in
      try HindsightConfiguration.Control.allCases.compactMap { control in
        let hint = subject.hindsight(
          condition.configuration(hindsight, control: control), strangers, seed: seed)
        let teacher = try hint.flatMap {
          try builder.teacher(subject.trajectory, of: subject.task, hindsight: $0)
        }
        return teacher.map {
          Reading(condition: condition, isShuffled: control == .shuffledFeedback, teacher: $0)
        }
      }
    }
  }

  /// - gaps: one an action token.
  private func score(
    _ subject: GapSubject, _ reading: Reading, _ gaps: [Double]
  ) -> GapScore {
    var score = GapScore(
      task: subject.task.id, condition: reading.condition, isShuffled: reading.isShuffled,
      actions: GapScore.Sum(), edits: [])
    var row = 0
    for turn in subject.trajectory.turns {
      var sum = GapScore.Sum()
      for _ in turn.actionTokens {
        if reading.teacher.isTold[row] {
          sum.gap += gaps[row]
          sum.tokens += 1
        }
        row += 1
      }
      score.actions.gap += sum.gap
      score.actions.tokens += sum.tokens
      if turn.changesFiles, sum.tokens > 0 { score.edits.append(sum) }
    }
    return score
  }
}

extension Turn {
  /// Whether the action is an edit, taken or refused.
  var changesFiles: Bool {
    // However an edit is written.
    call.map { ["edit", "try", "create"].contains($0.name) } ?? false
  }
}
