internal import Foundation
public import Tools

/// Decides whether a change mends a task's repository.
///
/// Grading happens apart from where the agent worked: a fresh checkout of the base state, the change
/// without what it does to protected paths (tests, runner configuration), the hidden tests copied over it,
/// in a fresh sandbox with the task's limits. A listed test that isn't reported counts as failed, a non-zero exit
/// without a reported failure and an exit before the report is complete are invalid, and neither is a pass.
public struct Grader: Sendable {
  public let sandbox: Sandbox
  public let partialCredit: PartialCredit
  /// Characters that ``Grade/tightFeedback`` has at most.
  public let tightCharacters: Int

  public init(
    sandbox: Sandbox, partialCredit: PartialCredit = .none,
    tightCharacters: Int = FailureDigest.tightLimit
  ) {
    self.sandbox = sandbox
    self.partialCredit = partialCredit
    self.tightCharacters = tightCharacters
  }

  /// Grades a change to the task's `environment/`, in `git diff`'s form; empty for none.
  ///
  /// Never throws: what is wrong with the machine is ``Grade/infrastructureFailure``, what is wrong with the patch
  /// ``Grade/invalidReason``.
  public func grade(_ task: RepairTask, patch: [UInt8]) async -> Grade {
    let clock = ContinuousClock()
    let start = clock.now
    var grade: Grade
    do {
      let checkout = try Checkout(of: task)
      defer { checkout.remove() }
      let evaluation = try await evaluate(task, in: checkout, patch: patch, visible: .ifListed)
      grade = self.grade(task, evaluation)
      if !grade.resolved {
        let digest = FailureDigest(
          task, evaluation, grade, checkout: checkout,
          // Without a sandbox, a signed report has the host's names.
          root: sandbox == .none && task.hiddenTestCommand.flatMap(PythonTestCall.init) != nil
            ? checkout.workspace.path : Sandbox.place(alsoAt: task.otherPlace),
          isEmpty: patch.isEmpty)
        grade.feedback = digest.text
        grade.tightFeedback = digest.tight(tightCharacters)
      }
      if !grade.resolved, Checkout.diskIsFull {
        grade = .dropped("the disk is full: tests that fail now say nothing")
      }
    } catch  where error.kind == .patch {
      let reason = "the change doesn't apply: \(error.description)"
      grade = Grade(reward: 0, resolved: false, invalidReason: reason, feedback: reason)
      grade.tightFeedback = String(reason.prefix(tightCharacters))
      grade.tests = (task.failToPass + task.passToPass).map {
        TestResult(id: $0, outcome: .missing)
      }
    } catch {
      grade = .dropped(error.description)
    }
    grade.seconds = (clock.now - start) / .seconds(1)
    return grade
  }

  /// When the visible tests are run besides the hidden ones.
  enum Visible { case ifListed, always }

  /// The runs of the tests over one change.
  struct Evaluation: Sendable {
    var hidden: TestRun
    var visible: TestRun?
    var touched: [String]

    var report: TestReport {
      visible.map { hidden.report.merged(with: $0.report) } ?? hidden.report
    }
    var runs: [TestRun] { [hidden] + (visible.map { [$0] } ?? []) }
  }

  func evaluate(
    _ task: RepairTask, patch: [UInt8], visible: Visible
  ) async throws(ToolsError) -> Evaluation {
    let checkout = try Checkout(of: task)
    defer { checkout.remove() }
    return try await evaluate(task, in: checkout, patch: patch, visible: visible)
  }

  private func evaluate(
    _ task: RepairTask, in checkout: Checkout, patch: [UInt8], visible: Visible
  ) async throws(ToolsError) -> Evaluation {
    let touched = try checkout.apply(patch)
    let root = checkout.workspace.path
    let runner = TestRunner(
      sandbox: sandbox, limits: task.testLimits, variables: task.verifierEnvironment,
      support: checkout.folder.url.appending(path: "support"))
    guard let command = task.hiddenTestCommand else {
      let run = try await runner.runScript(task, in: root)
      return Evaluation(hidden: run, visible: nil, touched: touched)
    }
    try checkout.placeHiddenTests()
    var hidden = try await runner.run(command, language: task.language, in: root)
    if let test = checkout.alteredTest() {
      hidden.report.tampering = "the code under test altered \(test)"
    }
    let listed = task.failToPass + task.passToPass
    let lacking = listed.contains { hidden.report.result(of: $0).outcome == .missing }
    guard visible == .always || (lacking && !hidden.result.timedOut) else {
      return Evaluation(hidden: hidden, visible: nil, touched: touched)
    }
    let second = try await runner.run(task.testCommand, language: task.language, in: root)
    return Evaluation(hidden: hidden, visible: second, touched: touched)
  }

  private func grade(_ task: RepairTask, _ evaluation: Evaluation) -> Grade {
    let report = evaluation.report
    let failToPass = task.failToPass.map(report.result(of:))
    let passToPass = task.passToPass.map(report.result(of:))
    let mended = failToPass.count { $0.outcome.satisfiesFailToPass }
    let kept = passToPass.count { $0.outcome.satisfiesPassToPass }
    let hidden = evaluation.hidden
    var reason = hidden.invalidReason
    // The visible run is only asked about what the hidden one left open.
    if reason == nil, let visible = evaluation.visible { reason = visible.report.tampering }
    let stopped = evaluation.runs.contains {
      $0.result.timedOut || $0.result.outOfMemory || $0.result.stoppedBy != nil
    }
    let allPass = mended == failToPass.count && kept == passToPass.count
    if reason == nil, !stopped, allPass, hidden.scriptedReward == nil, !hidden.report.isComplete {
      reason = "the test command ended before its report was complete"
    }
    var grade = Grade(reward: 0, resolved: allPass && reason == nil && !stopped)
    grade.failToPass = share(mended, of: failToPass.count, empty: 0)
    grade.passToPass = share(kept, of: passToPass.count, empty: 1)
    grade.invalidReason = reason
    grade.protectedPathsTouched = evaluation.touched
    grade.timedOut = evaluation.runs.contains { $0.result.timedOut }
    grade.outOfMemory = evaluation.runs.contains { $0.result.outOfMemory }
    let listed = Set(task.failToPass + task.passToPass)
    let others = report.tests.filter { !listed.contains($0.id) }.sorted { $0.id < $1.id }
    grade.tests = failToPass + passToPass + others
    if let reward = hidden.scriptedReward {
      grade.resolved = reward >= 1 && allPass && !stopped
      grade.reward = stopped || !allPass ? 0 : reward
      if task.failToPass.isEmpty { grade.failToPass = reward }
    } else if grade.resolved {
      grade.reward = 1
    } else if reason == nil, !stopped {
      grade.reward = partialCredit.reward(
        failToPass: grade.failToPass, passToPass: grade.passToPass)
    }
    return grade
  }

  private func share(_ part: Int, of all: Int, empty: Double) -> Double {
    all == 0 ? empty : Double(part) / Double(all)
  }
}
