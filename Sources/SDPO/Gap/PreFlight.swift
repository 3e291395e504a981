public import Agent

/// Whether a run's teacher knows anything: the hindsight gap of correct actions on a few tasks, before
/// the first step.
public struct PreFlight: Sendable, Equatable {
  /// One for each kind of hindsight that the teacher may be told; each alone must do.
  public var rows: [GapReport.Row]
  /// Why tasks gave no correct actions, a sentence each.
  public var leftOut: [String]

  /// Tasks that are measured.
  public static let taskCount = 16

  package init(rows: [GapReport.Row], leftOut: [String] = []) {
    self.rows = rows
    self.leftOut = leftOut
  }

  /// - tasks: a sample of the run's.
  /// - oracles: with the run's words for hindsight. A control among them is no matter here: whether
  ///   the teacher knows anything is asked of true hindsight.
  /// - finished: called when a task has been played, and when it has been scored.
  public static func run(
    _ tasks: [RepairTask], policy: LocalPolicy, oracles: OracleAttempts,
    finished: @escaping @Sendable () -> Void = {}
  ) async throws -> PreFlight {
    let made = try await oracles.make(tasks, finished: finished)
    let measure = GapMeasure(
      policy: policy, oracles: oracles, conditions: GapCondition.of(oracles.hindsight))
    return PreFlight(
      rows: try await measure.correct(made.attempts, finished: finished), leftOut: made.problems)
  }

  /// The kinds of hindsight that don't make correct actions likelier: the gap isn't above 0, or no
  /// more than another task's hindsight makes it.
  public var failing: [GapReport.Row] {
    rows.filter { row in
      row.token.hindsight.low <= 0 || row.token.difference.map { $0.low <= 0 } ?? false
    }
  }

  /// By TensorBoard tag.
  var metrics: [String: Double] {
    var metrics: [String: Double] = [:]
    func add(_ name: String, _ interval: MeanInterval?) {
      metrics[name] = interval?.mean
      metrics["\(name)_low"] = interval?.low
      metrics["\(name)_high"] = interval?.high
    }
    for row in rows {
      let name = "preflight/" + row.condition.description.replacing(" ", with: "-")
      metrics["\(name)/tasks"] = Double(row.tasks)
      for (unit, figures) in [("token", row.token), ("edit", row.edit)] {
        add("\(name)/\(unit)_gap", figures?.hindsight)
        add("\(name)/\(unit)_shuffled", figures?.shuffled)
        add("\(name)/\(unit)_difference", figures?.difference)
      }
    }
    return metrics
  }
}
