import Agent
import Tools

extension DemonstrationScript {
  /// What didn't go as the script wants, as a clause, and the changes of which one is at fault in a search.
  func problem(with trajectory: Trajectory) -> DemonstrationError? {
    var before = trajectory.base?.tree
    for (step, turn) in zip(steps, trajectory.turns) {
      defer { before = turn.snapshot.tree }
      if let problem = step.problem(with: turn, after: before) {
        return DemonstrationError(problem, changes: step.changes)
      }
    }
    guard trajectory.stopReason == .submitted, trajectory.turns.count == steps.count else {
      return DemonstrationError("the episode ended early (\(trajectory.stopReason.name))")
    }
    return nil
  }
}

extension DemonstrationScript.Step {
  /// - before: the work tree's content until this turn.
  fileprivate func problem(with turn: Turn, after before: ObjectID?) -> String? {
    let name = turn.call?.name ?? "reply"
    let failed = turn.result?.isError ?? true
    switch role {
    case .exploration, .submit:
      if turn.call == nil { return "turn \(turn.number) is no action" }
    case .repair, .mistake:
      if failed {
        let first = turn.observation?.split(separator: "\n").first ?? ""
        return "\(name) in turn \(turn.number) fails: \(first)"
      }
    case .refused:
      if !failed { return "the edit in turn \(turn.number) isn't refused" }
    case .takenBack:
      if !failed || turn.snapshot.tree != before {
        return "the visible tests don't see the wrong edit in turn \(turn.number)"
      }
    case .searched:
      let isJudged = turn.result?.exitCode != nil || turn.result?.timedOut == true
      if !isJudged || turn.snapshot.tree != before {
        return "the small changes in turn \(turn.number) aren't judged and taken back"
      }
    case .own:
      if turn.snapshot.tree != before {
        return "what the policy did in turn \(turn.number) changes the work tree"
      }
    case .malformed:
      if turn.formatError == nil { return "turn \(turn.number) is no malformed call" }
    case .failingTest:
      if !failed { return "the visible tests don't see the wrong edit" }
      if turn.result?.timedOut == true { return "the wrong edit never ends" }
    }
    return nil
  }
}
