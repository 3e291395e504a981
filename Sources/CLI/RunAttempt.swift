internal import Agent
internal import Foundation
internal import SDPO
internal import Tools

/// One attempt at the issue.
struct RunAttempt {
  let trajectory: Trajectory
  let files: RunFiles
  /// What the tests say of where it ended; nil if they weren't run.
  var tests: ToolResult?

  var testsPass: Bool { tests?.isError == false }

  /// What the tests say of it, where they fail.
  var feedback: String? { testsPass ? nil : tests?.text }

  /// What another attempt can be told of this one.
  var hint: String? { feedback.flatMap { HindsightContext.telling($0)?.text } }

  /// Tests decide, then whether anything was changed, then whether it was submitted.
  fileprivate var rank: [Int] {
    [
      testsPass ? 1 : 0, trajectory.finalDiff.isEmpty ? 0 : 1,
      trajectory.stopReason == .submitted ? 1 : 0,
    ]
  }

  /// What the tests say of a fresh copy of the last state; nil if there is none.
  func test(
    _ command: String, like environment: ToolEnvironment, recorder: Recorder, workTree: String
  ) async throws -> ToolResult? {
    guard let last = trajectory.lastSnapshot else { return nil }
    let workspace = try Workspace.materialize(
      .snapshot(last), recorder: recorder, name: "tested/\(trajectory.seed)", at: workTree)
    defer { try? workspace.remove() }
    var environment = environment
    environment.testLimits = SandboxLimits(wallSeconds: 600, cpuSeconds: 600)
    return try await environment.toolbox(root: workspace.path, testCommand: command).run(.test)
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
