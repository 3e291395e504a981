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
    func inCopy<Value>(
      _ name: String, _ body: (_ root: String) async throws -> Value
    ) async throws -> Value {
      let workspace = try Workspace.materialize(
        .snapshot(state), recorder: recorder, name: "tested/\(name)",
        at: scratch.path("tested-\(name)"))
      defer { try? workspace.remove() }
      return try await body(workspace.path)
    }
    let limits = SandboxLimits(wallSeconds: 600, cpuSeconds: 600)
    let (standing, told) = try await inCopy(name) { root in
      var environment = environment
      environment.testLimits = limits
      return try await environment.toolbox(root: root, testCommand: command).testStanding()
    }
    self.standing = standing
    text = told.text
    // In a copy of its own: tests can change what they find.
    var report: TestRun?
    if before == nil || standing?.passes == true, let call = PythonTestCall(command) {
      report = try await inCopy("\(name)-again") { root in
        let runner = TestRunner(
          sandbox: environment.sandbox, limits: limits.beside(root),
          variables: environment.variables, support: scratch.url.appending(path: "support"))
        return try await runner.run(call, in: root)
      }
    }
    self.report = report
    let ran = Self.ran(report, standing)
    let earlier = before.map { Self.ran($0.report, $0.standing) } ?? 0
    missing = earlier > ran ? (ran, earlier) : nil
  }

  /// Tests that are skipped don't run.
  private static func ran(_ report: TestRun?, _ standing: TestStanding?) -> Int {
    report?.report.tests.count { $0.outcome != .skipped } ?? standing?.ran ?? 0
  }

  /// Who takes tests away, ends them early or prints what they would has not mended anything.
  var pass: Bool { standing?.passes == true && missing == nil && doubt == nil }

  /// Why what the command says isn't so.
  private var doubt: String? {
    guard let report else { return nil }
    if let reason = report.invalidReason { return reason }
    if report.result.succeeded, report.report.isComplete { return nil }
    let failed = report.report.tests.first { [.failed, .error].contains($0.outcome) }
    return failed.map { "run again, \($0.id) fails" } ?? "run again, they don't come to their end"
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
