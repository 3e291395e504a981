public import Agent
import Foundation
import Tools

/// What every evaluation lies between, as SWE-bench has it: the tasks' own solutions, and doing nothing.
public enum Bound: String, Sendable, CaseIterable {
  /// Whatever isn't resolved here can't be resolved by anyone: the task is broken.
  case gold
  /// Whatever is resolved here needs no repair.
  case empty
}

extension Bound {
  /// Grades the bound's patch of each task once: [tasks][1], in that order.
  ///
  /// - finished: called as tasks are graded, in any order.
  public func grade(
    _ tasks: [RepairTask], by grader: Grader,
    finished: @escaping @Sendable (Rollout) -> Void = { _ in }
  ) async throws -> [[Rollout]] {
    var results = [[Rollout]](repeating: [], count: tasks.count)
    let jobs = ProcessInfo.processInfo.activeProcessorCount
    try await inParallel(Array(tasks.enumerated()), jobs: jobs) { index, task in
      (index, await rollout(task, grader))
    } each: { index, rollout in
      results[index] = [rollout]
      finished(rollout)
    }
    try Task.checkCancellation()
    return results
  }

  private func rollout(_ task: RepairTask, _ grader: Grader) async -> Rollout {
    var trajectory = Trajectory(
      taskID: task.id, sample: 0, seed: 0, dialect: rawValue, opening: [], stopReason: .submitted)
    if self == .gold {
      do {
        trajectory.finalDiff = try await task.solutionPatch(in: grader.sandbox)
      } catch let error as ToolsError {
        return Rollout(trajectory: trajectory, grade: .dropped(error.description))
      } catch {
        // A solution that can't be had solves nothing; the others are still graded.
        return Rollout(
          trajectory: trajectory,
          grade: Grade(reward: 0, resolved: false, invalidReason: "\(error)"))
      }
    }
    return Rollout(
      trajectory: trajectory, grade: await grader.grade(task, patch: trajectory.finalDiff))
  }
}
