internal import Agent
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

/// One attempt at the issue.
struct RunAttempt {
  let trajectory: Trajectory
  let files: RunFiles
  /// What the tests say of where it ended; nil if they weren't run.
  var tests: ToolResult?
  /// How the model that knows what the tests said sees it, where that tells attempts apart.
  var approval: Double?

  var testsPass: Bool { tests?.isError == false }

  /// What the tests say of it, where they fail.
  var feedback: String? { testsPass ? nil : tests?.text }

  /// What another attempt can be told of this one.
  var hint: String? { feedback.flatMap { HindsightContext.telling($0)?.text } }

  /// Tests decide, then whether anything was changed and submitted, then hindsight.
  func isBetter(than other: RunAttempt) -> Bool {
    other.rank.lexicographicallyPrecedes(rank)
  }

  private var rank: [Double] {
    [
      testsPass ? 1 : 0, trajectory.finalDiff.isEmpty ? 0 : 1,
      trajectory.stopReason == .submitted ? 1 : 0, approval ?? -.infinity,
    ]
  }

  /// Runs the tests on a fresh copy of the last state.
  mutating func runTests(
    _ command: String, like environment: ToolEnvironment, recorder: Recorder, workTree: String
  ) async throws {
    guard let last = trajectory.lastSnapshot else { return }
    let workspace = try Workspace.materialize(
      .snapshot(last), recorder: recorder, name: "tested/\(trajectory.seed)", at: workTree)
    defer { try? workspace.remove() }
    var environment = environment
    environment.testLimits = SandboxLimits(wallSeconds: 600, cpuSeconds: 600)
    tests = try await environment.toolbox(root: workspace.path, testCommand: command).run(.test)
  }
}

extension [RunAttempt] {
  /// The one to keep. Where tests and submitting leave several, a local model is asked, which is told what the
  /// tests said of each.
  func best(judgedBy policy: any Policy, of episode: Episode) async throws -> RunAttempt? {
    var attempts = self
    if attempts.count > 1, !attempts.contains(where: \.testsPass),
      let policy = policy as? LocalPolicy
    {
      for index in attempts.indices where !attempts[index].trajectory.finalDiff.isEmpty {
        guard let feedback = attempts[index].feedback else { continue }
        attempts[index].approval = try? await Credit.approval(
          of: attempts[index].trajectory, feedback: feedback, policy: policy,
          dialect: episode.dialect, tools: episode.tools)
      }
    }
    return attempts.dropFirst().reduce(attempts.first) { best, attempt in
      best.map { attempt.isBetter(than: $0) ? attempt : $0 } ?? attempt
    }
  }
}
