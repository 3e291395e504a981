internal import Tools

extension FailureDigest {
  /// What the tests' runs over a change say about it.
  ///
  /// - Parameters:
  ///   - checkout: where they ran; asked for source lines, so it must still be there when the digest's
  ///     text is made.
  ///   - root: its path as the tests saw it.
  init(
    _ task: RepairTask, _ evaluation: Grader.Evaluation, _ grade: Grade, checkout: Checkout,
    root: String, isEmpty: Bool
  ) {
    let failToPass = Set(task.failToPass)
    let listed = failToPass.union(task.passToPass)
    failing = grade.tests.filter {
      guard listed.contains($0.id) else { return false }
      let satisfied =
        failToPass.contains($0.id)
        ? $0.outcome.satisfiesFailToPass : $0.outcome.satisfiesPassToPass
      return !satisfied
    }
    total = listed.count
    output = evaluation.hidden.result.output
    remark = evaluation.hidden.report.remark
    ending = evaluation.hidden.result.ending
    let hidden = task.hiddenEntries
    let isTest = { @Sendable (path: String) in
      task.isProtected(path) || hidden.contains { path == $0 || path.hasPrefix($0 + "/") }
    }
    repository.isTest = isTest
    repository.root = root + "/"
    repository.line = { checkout.line($1, of: $0, isTest: isTest($0)) }
    let definitions = DefinitionSearch { checkout.ownSources(isTest: isTest) }
    repository.definition = { definitions.definition(of: $0) }
    suspects = evaluation.report.lines?.suspects(isTest: isTest).map { found in
      // A number alone says nothing where there are several files.
      let isOneFile = Set(found.lines.map(\.path)).count == 1
      let sources = (isOneFile ? found.lines : []).compactMap { line in
        checkout.line(line.number, of: line.path, isTest: false)
          .map { "\(line.number)|\($0[...].trimmed)" }
      }
      return SuspectLines(text: found.text, sources: sources)
    }
    notes = evaluation.runs.compactMap { Self.note(on: $0, limit: task.verifierTimeout) }
    if isEmpty { asides.append("No file was changed.") }
    if !evaluation.touched.isEmpty {
      let paths = evaluation.touched.joined(separator: ", ")
      asides.append("Changes to protected files were left out: \(paths).")
    }
    if failing.isEmpty, let reason = grade.invalidReason {
      asides.append("The test run is invalid: \(reason).")
    }
  }

  /// What stopped a run, and in which test, if it was stopped.
  private static func note(on run: TestRun, limit: Double) -> String? {
    let reason: String
    if run.result.timedOut {
      reason = "The tests did not finish within \(Int(limit.rounded())) seconds"
    } else if run.result.outOfMemory {
      reason = "The tests ran out of memory"
    } else if let limit = run.result.stoppedBy {
      reason = "The tests were stopped by a limit: \(limit)"
    } else if run.result.signal != nil {
      reason = "The tests died: \(run.result.ending)"
    } else {
      return nil
    }
    return run.report.unfinished.map { "\(reason); \($0) was running." } ?? "\(reason)."
  }
}

extension CommandResult {
  /// "exit code 3" or "signal 9".
  var plainEnding: String { exitCode.map { "exit code \($0)" } ?? "signal \(signal ?? 0)" }

  /// How the command ended, with what that means; empty if it succeeded.
  var ending: String {
    if let signal { return plainEnding + (Self.signals[signal].map { " (\($0))" } ?? "") }
    guard let exitCode, exitCode != 0 else { return "" }
    // What timeout(1) and shells make of it.
    let meanings: [Int32: String] = [
      124: " (a time limit was hit)", 126: " (a program could not be run)",
      127: " (a program was not found)",
    ]
    return plainEnding + (meanings[exitCode] ?? "")
  }

  private static let signals: [Int32: String] = [
    4: "illegal instruction", 6: "aborted", 7: "bus error", 8: "arithmetic error", 9: "killed",
    11: "segmentation fault", 15: "terminated", 24: "CPU time limit",
  ]
}
