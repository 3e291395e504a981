import Agent
public import LanguageModel

/// What an evaluation of a task set found.
public struct EvaluationReport: Sendable, Codable, Equatable {
  public struct TaskResult: Sendable, Codable, Equatable {
    public var id: String
    public var split: String
    public var samples: Int
    public var resolved: Int
    /// The first ``Grade/invalidReason`` of its samples.
    public var invalidReason: String?
  }

  public var tasks: [TaskResult]
  public var passAtK: [PassAtK]
  public var episodes: Int
  /// Episodes that failed for reasons outside the policy: not in any rate.
  public var dropped: Int
  /// Replies that were no actions, as a share of all turns.
  public var malformedShare: Double
  /// Share of episodes that ended with a submit.
  public var submittedShare: Double
  /// How many episodes ended for which ``StopReason``, by its name; nil in reports of before it was counted. Episodes
  /// that ran out of wall time say something about the machine, not only about the policy.
  public var stopReasons: [String: Int]?
  public var meanTurns: Double
  /// Contexts of an episode; nil where no agent began anew.
  public var meanContexts: Double?
  public var meanActionTokens: Double
  /// How often a judge was asked about a failed trajectory, and how often that failed; nil without a judge.
  public var judged: Int?
  public var judgeFailures: Int?
  /// What it took; nil where it wasn't measured.
  public var cost: Cost?

  public struct Cost: Sendable, Codable, Equatable {
    /// Wall time of all episodes and their gradings.
    public var seconds: Double
    public var generation: GenerationStatistics

    public init(seconds: Double, generation: GenerationStatistics) {
      self.seconds = seconds
      self.generation = generation
    }
  }

  /// - groups: [tasks][samples], in the order of `tasks`.
  public init(
    tasks: [(id: String, split: String)], groups: [[Rollout]], ks: [Int], seed: UInt64,
    cost: Cost? = nil
  ) {
    self.cost = cost
    let counted = groups.map { $0.filter(\.counts) }
    self.tasks = zip(tasks, counted).map { task, rollouts in
      TaskResult(
        id: task.id, split: task.split, samples: rollouts.count,
        resolved: rollouts.count { $0.grade.resolved },
        invalidReason: rollouts.compactMap(\.grade.invalidReason).first)
    }
    let outcomes = self.tasks.map { (samples: $0.samples, successes: $0.resolved) }
    passAtK = Set(ks).sorted().compactMap { PassAtK(k: $0, outcomes: outcomes, seed: seed) }
    let all = counted.joined()
    let turns = all.reduce(0) { $0 + $1.trajectory.turns.count }
    let count = Double(max(1, all.count))
    let asked = all.map(\.judging).filter { $0 != .notAsked }
    judged = asked.isEmpty ? nil : asked.count
    judgeFailures = asked.isEmpty ? nil : asked.count { $0 != .answered }
    episodes = all.count
    dropped = groups.joined().count - all.count
    malformedShare =
      Double(all.reduce(0) { $0 + $1.trajectory.malformedCalls }) / Double(max(1, turns))
    submittedShare = Double(all.count { $0.trajectory.stopReason == .submitted }) / count
    stopReasons = all.reduce(into: [:]) { $0[$1.trajectory.stopReason.name, default: 0] += 1 }
    meanTurns = Double(turns) / count
    let resets = all.reduce(0) { $0 + $1.trajectory.turns.count { $0.beginsContext } }
    meanContexts = resets > 0 ? 1 + Double(resets) / count : nil
    meanActionTokens = Double(all.reduce(0) { $0 + $1.trajectory.actionTokenCount }) / count
  }
}
