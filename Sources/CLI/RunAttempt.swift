internal import Agent
internal import Foundation
internal import SDPO
internal import Tools

/// One attempt at the issue.
struct RunAttempt {
  let trajectory: Trajectory
  let files: RunFiles
  /// From 1; nil for an only attempt.
  var number: Int?
  /// What the tests say of where it ended; nil if they weren't run.
  var tests: RunTests?

  var testsPass: Bool { tests?.pass == true }

  /// What the tests say of it, where they fail.
  var feedback: String? { testsPass ? nil : tests?.told }

  /// What another attempt can be told of this one.
  var hint: String? { feedback.flatMap { HindsightContext.telling($0)?.text } }

  /// Tests decide, then whether anything was changed, then whether it was submitted.
  fileprivate var rank: [Int] {
    [
      testsPass ? 1 : 0, trajectory.finalDiff.isEmpty ? 0 : 1,
      trajectory.stopReason == .submitted ? 1 : 0,
    ]
  }
}

/// What the tests say of a state.
struct RunTests: Sendable {
  /// What their command prints and ends with; nil where they weren't run to an end.
  private let standing: TestStanding?
  /// As a policy is told it.
  private let text: String
  /// What the program under test can't print in the runner's stead; nil for commands that have no such report.
  private let report: TestRun?
  /// Tests that ran here, and before the agent began, if those were more.
  private let missing: (ran: Int, before: Int)?

  /// Runs them in a fresh copy of the state.
  ///
  /// - before: what they said before the agent began.
  init(
    of state: Snapshot, _ command: String, like environment: ToolEnvironment, recorder: Recorder,
    scratch: TemporaryFolder, name: String, since before: RunTests? = nil
  ) async throws {
    let workspace = try Workspace.materialize(
      .snapshot(state), recorder: recorder, name: "tested/\(name)",
      at: scratch.path("tested-\(name)"))
    defer { try? workspace.remove() }
    var environment = environment
    let limits = SandboxLimits(wallSeconds: 600, cpuSeconds: 600)
    environment.testLimits = limits
    let toolbox = environment.toolbox(root: workspace.path, testCommand: command)
    let (standing, told) = try await toolbox.testStanding()
    self.standing = standing
    text = told.text
    if let call = PythonTestCall(command) {
      let runner = TestRunner(
        sandbox: environment.sandbox, limits: limits, variables: environment.variables,
        support: scratch.url.appending(path: "support"))
      report = try await runner.run(call, in: workspace.path)
    } else {
      report = nil
    }
    let ran = report?.report.tests.count ?? standing?.ran ?? 0
    let earlier = before?.report?.report.tests.count ?? before?.standing?.ran ?? 0
    missing = earlier > ran ? (ran, earlier) : nil
  }

  /// Who takes tests away, ends them early or prints what they would has not mended anything.
  var pass: Bool { standing?.passes == true && missing == nil && doubt == nil }

  /// Why what the command says isn't so.
  private var doubt: String? {
    guard let report else { return nil }
    if let reason = report.invalidReason { return reason }
    if report.report.hasFailure { return "some fail in a run whose report can't be forged" }
    return report.report.isComplete && report.result.succeeded
      ? nil : "they don't end well in a run whose report can't be forged"
  }

  var told: String {
    standing?.passes == true && !pass ? "\(text)\n\(verdict)." : text
  }

  /// A sentence without its full stop: "The tests pass".
  var verdict: String {
    guard standing?.passes == true else { return "The tests fail" }
    if let doubt { return "The tests only seem to pass (\(doubt))" }
    guard let (ran, before) = missing else { return "The tests pass" }
    return "Only \(ran) of the \(counted(before, "test")) ran"
  }
}

extension [RunAttempt] {
  /// The one to keep: the first of the best. Several that tests and submitting leave are judged, the higher the
  /// better; where one can't be judged, none is.
  func best(judgedBy judge: (RunAttempt) async throws -> Double) async -> RunAttempt? {
    guard let top = map(\.rank).max(by: { $0.lexicographicallyPrecedes($1) }) else { return nil }
    let equals = filter { $0.rank == top }
    guard equals.count > 1, equals.allSatisfy({ $0.feedback != nil }) else { return equals.first }
    var best: (attempt: RunAttempt, approval: Double)?
    for attempt in equals {
      guard let approval = try? await judge(attempt) else { return equals.first }
      if best.map({ approval > $0.approval }) ?? true { best = (attempt, approval) }
    }
    return best?.attempt
  }
}
