/// What a step reports of one trajectory.
public struct TrajectoryMetrics: Sendable, Equatable {
  /// Sampled tokens of all turns.
  public var actionTokens: Int
  public var turns: Int
  /// Tool calls that were tried, that could not be parsed, and that repeat the one before them.
  public var calls: Int
  public var malformedCalls: Int
  public var repeatedCalls: Int
  /// Nil for an infrastructure failure: dropped, counted, never 0.
  public var reward: Double?
  public var solved: Bool
  public var hasHindsight: Bool
  public var judging: Judging
  /// Ended by the episode's wall time.
  public var ranOutOfTime: Bool

  public init(
    actionTokens: Int, turns: Int, calls: Int, malformedCalls: Int, repeatedCalls: Int,
    reward: Double?, solved: Bool, hasHindsight: Bool, judging: Judging = .notAsked,
    ranOutOfTime: Bool = false
  ) {
    self.actionTokens = actionTokens
    self.turns = turns
    self.calls = calls
    self.malformedCalls = malformedCalls
    self.repeatedCalls = repeatedCalls
    self.reward = reward
    self.solved = solved
    self.hasHindsight = hasHindsight
    self.judging = judging
    self.ranOutOfTime = ranOutOfTime
  }
}

/// Gathers a step's metrics from chunks of rows and from trajectories. A mean over nothing is left
/// out of the result, not reported as 0.
public struct StepAccumulator: Sendable {
  private var loss = 0.0
  private var means: [String: (sum: Double, count: Int)] = [:]
  private var largestMismatch = 0.0
  private var capped = 0
  private var rows = 0
  private var trajectories: [TrajectoryMetrics] = []
  /// Advantages are reported by turn up to here; later turns share one figure.
  private static let lastTurn: Int32 = 7

  public init() {}

  public mutating func add(_ rows: [ActionRow], _ statistics: [RowStatistics]) {
    for (row, statistic) in zip(rows, statistics) where !statistic.excluded {
      add(row, statistic)
    }
  }

  private mutating func add(_ row: ActionRow, _ statistic: RowStatistics) {
    rows += 1
    loss += statistic.loss
    if statistic.capped { capped += 1 }
    mean("policy/entropy", statistic.entropy)
    mean("ratio/importance_weight", statistic.importanceWeight)
    let mismatch = abs(statistic.studentLogprob - Double(row.rolloutLogprob))
    mean("ratio/trainer_rollout_abs_log", mismatch)
    // Not max(): a NaN has to show.
    if !(mismatch <= largestMismatch) { largestMismatch = mismatch }
    let turn = row.turn > Self.lastTurn ? "\(Self.lastTurn + 1)+" : "\(row.turn)"
    mean("advantage/reward_abs", Double(abs(row.advantage)))
    mean("advantage/reward_abs/turn\(turn)", Double(abs(row.advantage)))
    if let gap = statistic.gap {
      mean("advantage/hindsight", gap)
      mean("advantage/hindsight_abs", abs(gap))
      mean("advantage/hindsight_abs/turn\(turn)", abs(gap))
    }
    if let entropy = statistic.teacherEntropy { mean("teacher/entropy", entropy) }
    if let mass = statistic.topKMass {
      mean("distill/top_k_mass", mass)
      mean("distill/divergence", statistic.divergence)
    }
  }

  public mutating func add(_ trajectory: TrajectoryMetrics) { trajectories.append(trajectory) }

  private mutating func mean(_ key: String, _ value: Double) {
    let entry = means[key, default: (0, 0)]
    means[key] = (entry.sum + value, entry.count + 1)
  }

  /// Everything gathered, by TensorBoard tag.
  public var values: [String: Double] {
    var values = means.mapValues { $0.sum / Double($0.count) }
    values["policy/action_tokens"] = Double(rows)
    if rows > 0 {
      values["loss"] = loss
      values["ratio/capped_rate"] = Double(capped) / Double(rows)
      values["ratio/trainer_rollout_abs_log_max"] = largestMismatch
    }
    addTrajectories(&values)
    return values
  }

  private func addTrajectories(_ values: inout [String: Double]) {
    guard !trajectories.isEmpty else { return }
    let count = Double(trajectories.count)
    let total = { (part: (TrajectoryMetrics) -> Int) in
      Double(trajectories.reduce(0) { $0 + part($1) })
    }
    let calls = total(\.calls)
    values["policy/response_tokens"] = total(\.actionTokens) / count
    values["policy/turns"] = total(\.turns) / count
    if calls > 0 {
      values["calls/malformed_rate"] = total(\.malformedCalls) / calls
      values["calls/repeated_rate"] = total(\.repeatedCalls) / calls
    }
    let rewards = trajectories.compactMap(\.reward)
    values["episodes/count"] = count
    values["episodes/infrastructure_failures"] = count - Double(rewards.count)
    values["episodes/time_limit"] = total { $0.ranOutOfTime ? 1 : 0 }
    values["episodes/without_hindsight"] = total { $0.hasHindsight ? 0 : 1 }
    let asked = trajectories.map(\.judging).filter { $0 != .notAsked }
    if !asked.isEmpty {
      values["judge/asked"] = Double(asked.count)
      values["judge/failures"] = Double(asked.count { $0 != .answered })
    }
    guard !rewards.isEmpty else { return }
    values["reward/mean"] = rewards.reduce(0, +) / Double(rewards.count)
    values["reward/solved_rate"] =
      total { $0.reward != nil && $0.solved ? 1 : 0 } / Double(rewards.count)
  }
}
