public import Tools

/// What validating a task found.
public struct TaskValidation: Sendable, Equatable {
  public var id: String
  /// What is wrong with the task, a sentence each; empty if it is valid.
  public var problems: [String] = []
  /// Why it couldn't be decided, if the machine is to blame.
  public var infrastructureFailure: String?
  /// Whether the visible tests show the bug.
  public var visibleTestsFailBefore = false
  public var seconds = 0.0

  public var isValid: Bool { problems.isEmpty && infrastructureFailure == nil }

  public init(id: String) { self.id = id }
}

/// Proves that a task means what it says: its FAIL_TO_PASS tests fail before and pass after its solution, its
/// PASS_TO_PASS tests pass before and after, and all runs agree on these. What other tests do is of no account, as
/// in grading.
public struct TaskValidator: Sendable {
  public let sandbox: Sandbox
  /// How often the tests are run before and after.
  public let runs: Int

  public init(sandbox: Sandbox, runs: Int = 3) {
    self.sandbox = sandbox
    self.runs = max(runs, 1)
  }

  /// - Throws: `CancellationError` if the current task is cancelled between two runs.
  public func validate(_ task: RepairTask) async throws -> TaskValidation {
    var validation = TaskValidation(id: task.id)
    let clock = ContinuousClock()
    let start = clock.now
    do {
      validation.problems = try await problems(of: task, &validation)
    } catch let error as ToolsError {
      // A command that was stopped by the cancellation says nothing about the task.
      try Task.checkCancellation()
      if error.kind == .patch {
        validation.problems = ["the solution doesn't apply: \(error.description)"]
      } else {
        validation.infrastructureFailure = error.description
      }
    }
    validation.seconds = (clock.now - start) / .seconds(1)
    return validation
  }

  private func problems(
    of task: RepairTask, _ validation: inout TaskValidation
  ) async throws -> [String] {
    let patch: [UInt8]
    do {
      patch = try await task.solutionPatch(in: sandbox)
    } catch let refusal as ImportRefusal { return [refusal.description] }
    var problems: [String] = []
    // What another set says of its own instances is not for us to judge.
    if !task.madeBy.hasPrefix("hindsight tasks import"),
      Self.gives(away: patch, in: task.instruction)
    {
      problems.append("the instruction contains the solution's text")
    }
    let before = try await repeated(task, patch: [])
    let first = before[0].visible ?? before[0].hidden
    validation.visibleTestsFailBefore = first.result.exitCode != 0
    let after = try await repeated(task, patch: patch)
    return problems + Self.problems(of: task, before: before, after: after)
  }

  /// Runs all tests several times over the same change, until two runs differ.
  private func repeated(
    _ task: RepairTask, patch: [UInt8]
  ) async throws -> [Grader.Evaluation] {
    let grader = Grader(sandbox: sandbox)
    let visible = Self.visible(of: task)
    var found = [try await grader.evaluate(task, patch: patch, visible: visible)]
    for _ in 1..<runs {
      try Task.checkCancellation()
      found.append(try await grader.evaluate(task, patch: patch, visible: visible))
      if Self.difference(task, found[0], found[found.count - 1]) != nil { break }
    }
    return found
  }

  /// Tests that are the hidden ones needn't be run again.
  static func visible(of task: RepairTask) -> Grader.Visible {
    task.testCommand == task.hiddenTestCommand ? .ifListed : .always
  }

  /// What runs of the tests before and after the solution say against a task; of each, the last may differ from the
  /// first.
  static func problems(
    of task: RepairTask, before: [Grader.Evaluation], after: [Grader.Evaluation]
  ) -> [String] {
    var problems: [String] = []
    for (when, found) in [("before", before), ("after", after)] {
      if let difference = Self.difference(task, found[0], found[found.count - 1]) {
        problems.append("two runs \(when) the solution differ: \(difference)")
      }
    }
    return problems + check(task, before: before[0], after: after[0])
  }

  private static func difference(
    _ task: RepairTask, _ left: Grader.Evaluation, _ right: Grader.Evaluation
  ) -> String? {
    let listed = task.failToPass + task.passToPass
    for (name, a, b) in [
      ("hidden", left.hidden, right.hidden), ("visible", left.visible, right.visible),
    ] {
      guard let a, let b else { continue }
      for id in listed {
        let outcomes = (a.report.result(of: id).outcome, b.report.result(of: id).outcome)
        if outcomes.0 != outcomes.1 {
          return "\(id) is \(outcomes.0.rawValue), then \(outcomes.1.rawValue)"
        }
      }
      // Failures of other tests show in it.
      if a.result.exitCode != b.result.exitCode, !hasOther(a, than: listed),
        !hasOther(b, than: listed)
      {
        return "the \(name) tests end with \(Self.end(a)), then \(Self.end(b))"
      }
      if a.scriptedReward != b.scriptedReward { return "the reward is not the same" }
    }
    return nil
  }

  /// Whether a test fails that is in no list.
  private static func hasOther(_ run: TestRun, than listed: [String]) -> Bool {
    let listed = Set(listed)
    return run.report.tests.contains {
      !$0.outcome.satisfiesPassToPass && !listed.contains($0.id)
    }
  }

  private static func end(_ run: TestRun) -> String {
    if run.result.timedOut { return "a time-out" }
    return run.result.plainEnding
  }

  private static func check(
    _ task: RepairTask, before: Grader.Evaluation, after: Grader.Evaluation
  ) -> [String] {
    var problems: [String] = []
    if !after.touched.isEmpty {
      let paths = after.touched.joined(separator: ", ")
      problems.append("the solution touches protected paths: \(paths)")
    }
    for (when, evaluation) in [("before", before), ("after", after)] {
      let hasVisible = task.testCommand != ImportedTask.noVisibleTests
      for run in hasVisible ? evaluation.runs : [evaluation.hidden] {
        if run.result.timedOut { problems.append("the tests time out \(when) the solution") }
        if run.result.outOfMemory { problems.append("the tests run out of memory \(when) it") }
        if let limit = run.result.stoppedBy {
          problems.append("\(when) it, the tests hit \(limit)")
        }
        // Before it, that there is no report can be the bug.
        let reason = when == "before" ? run.report.tampering : run.invalidReason
        if let reason {
          problems.append("\(when) the solution, \(reason)\(Complaint.of(run))")
        }
      }
    }
    let reports = [("before", before.report), ("after", after.report)]
    for id in task.failToPass {
      let old = reports[0].1.result(of: id).outcome
      let new = reports[1].1.result(of: id).outcome
      if new == .missing {
        problems.append("FAIL_TO_PASS test \(id) is not reported after the solution")
      } else if !new.satisfiesFailToPass {
        problems.append("FAIL_TO_PASS test \(id) is \(new.rawValue) after the solution")
      }
      if old.satisfiesPassToPass {
        problems.append("FAIL_TO_PASS test \(id) is \(old.rawValue) before the solution already")
      }
    }
    for id in task.passToPass {
      for (when, report) in reports {
        let outcome = report.result(of: id).outcome
        if !outcome.satisfiesPassToPass {
          problems.append("PASS_TO_PASS test \(id) is \(outcome.rawValue) \(when) the solution")
        }
      }
    }
    if let reward = before.hidden.scriptedReward, reward >= 1 {
      problems.append("the reward is 1 before the solution already")
    }
    if task.hiddenTestCommand == nil, after.hidden.scriptedReward ?? 0 < 1 {
      problems.append("tests/test.sh doesn't write a reward of 1 after the solution")
    }
    return problems
  }

  /// Whether all that some hunk adds is written in the instruction; lines of a few characters don't count.
  static func gives(away patch: [UInt8], in instruction: String) -> Bool {
    var added: [String] = []
    var found = false
    for line in TextLines.split(String(decoding: patch, as: UTF8.self)) + ["@@"] {
      if line.hasPrefix("@@") || line.hasPrefix("diff --git ") {
        found = found || (!added.isEmpty && added.allSatisfy { instruction.contains($0) })
        added = []
      } else if line.hasPrefix("+"), !line.hasPrefix("+++") {
        let text = line.dropFirst().trimmed
        if text.count >= 8 { added.append(text) }
      }
    }
    return found
  }
}
