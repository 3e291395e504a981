internal import Foundation
internal import Tools

/// Runs an imported task's tests before and after its solution, finds out which lists hold here, and writes
/// its `task.toml`.
struct ImportTrial: Sendable {
  let task: ImportedTask
  let form: ImportForm
  let split: RepairTask.Split
  let sandbox: Sandbox
  /// Seconds of a run of the tests, where the task doesn't say.
  let timeout: Int

  private var seconds: Int { task.timeout ?? timeout }

  struct Lists: Sendable {
    var failToPass: [String]
    var passToPass: [String]
    /// Listed tests that don't do here what the list says.
    var dropped: Int
  }

  func prove() async throws -> Lists {
    // Loading asks for a test; which ones there are is seen after the first run.
    let draft = try write(
      Lists(
        failToPass: task.failToPass.isEmpty ? ["none"] : task.failToPass, passToPass: [], dropped: 0
      ),
      instruction: "?")
    let patch = try await solution(of: draft)
    let before = try await runs(draft, patch: [], "before its patch")
    let after = try await runs(draft, patch: patch, "after its patch")
    if task.hiddenTestCommand == nil {
      guard before.allSatisfy({ ($0.hidden.scriptedReward ?? 0) < 1 }) else {
        throw ImportRefusal("its reward is 1 before its solution already")
      }
      guard after.allSatisfy({ ($0.hidden.scriptedReward ?? 0) >= 1 }) else {
        throw ImportRefusal("tests/test.sh doesn't write a reward of 1 after its solution")
      }
      let lists = Lists(failToPass: [], passToPass: [], dropped: 0)
      _ = try write(lists, instruction: task.instruction ?? "Make the tests pass.")
      return lists
    }
    let lists = try lists(before, after)
    _ = try write(lists, instruction: task.instruction ?? told(lists, before[0]))
    return lists
  }

  /// The patch; that of a script is written beside it.
  private func solution(of draft: RepairTask) async throws -> [UInt8] {
    switch draft.solution {
    case .patch(let file)?:
      guard let data = try? Data(contentsOf: file) else {
        throw ImportRefusal("its solution/fix.patch can't be read")
      }
      guard !data.isEmpty else { throw ImportRefusal("its solution changes nothing") }
      return Array(data)
    case .script?:
      let patch = try await SolutionScript(task: draft, sandbox: sandbox).patch()
      try Data(patch).write(to: task.directory.appending(path: "solution/fix.patch"))
      return patch
    case nil: throw ImportRefusal("it has no solution")
    }
  }

  /// Two runs of the tests over one change.
  private func runs(
    _ draft: RepairTask, patch: [UInt8], _ when: String
  ) async throws -> [Grader.Evaluation] {
    var found: [Grader.Evaluation] = []
    for _ in 0..<2 {
      try Task.checkCancellation()
      let evaluation = try await Grader(sandbox: sandbox)
        .evaluate(draft, patch: patch, visible: .ifListed)
      let result = evaluation.hidden.result
      if result.timedOut { throw ImportRefusal("its tests take more than \(seconds) s \(when)") }
      if result.outOfMemory { throw ImportRefusal("its tests run out of memory \(when)") }
      if let limit = result.stoppedBy { throw ImportRefusal("its tests hit \(limit) \(when)") }
      if !patch.isEmpty, let reason = evaluation.hidden.invalidReason {
        throw ImportRefusal("\(when), \(Printable.line(reason))")
      }
      found.append(evaluation)
    }
    return found
  }

  /// The listed tests that do what the list says, or without a list all that do.
  private func lists(
    _ before: [Grader.Evaluation], _ after: [Grader.Evaluation]
  ) throws(ImportRefusal) -> Lists {
    let reported = after[0].hidden.report.tests.map(\.id)
    func outcomes(_ id: String, _ runs: [Grader.Evaluation]) -> [TestOutcome] {
      runs.map { $0.report.result(of: id).outcome }
    }
    let wanted = task.failToPass.isEmpty ? reported : task.failToPass
    let failing = wanted.filter { id in
      outcomes(id, before).allSatisfy { !$0.satisfiesPassToPass }
        && outcomes(id, after).allSatisfy(\.satisfiesFailToPass)
    }
    guard !failing.isEmpty else {
      guard let first = task.failToPass.first else {
        throw ImportRefusal("no test fails before its patch and passes after it")
      }
      throw ImportRefusal(
        "none of its FAIL_TO_PASS tests fails before its patch and passes after it: "
          + "\(Printable.line(first)) is \(outcomes(first, before)[0].rawValue) before it and "
          + "\(outcomes(first, after)[0].rawValue) after it")
    }
    let kept = task.passToPass.isEmpty ? reported.filter { !failing.contains($0) } : task.passToPass
    let passing = kept.filter { id in
      outcomes(id, before + after).allSatisfy(\.satisfiesPassToPass)
    }
    if form == .smith, passing.isEmpty {
      throw ImportRefusal("no test passes both before and after its patch")
    }
    let listed = task.failToPass.isEmpty ? 0 : task.failToPass.count - failing.count
    let alsoListed = task.passToPass.isEmpty ? 0 : task.passToPass.count - passing.count
    return Lists(failToPass: failing, passToPass: passing, dropped: listed + alsoListed)
  }

  /// An issue's text from what failing tests say.
  private func told(_ lists: Lists, _ before: Grader.Evaluation) -> String {
    lists.failToPass.prefix(2).map { FailingTestText(before.report.result(of: $0)).text }
      .joined(separator: "\n")
  }

  private func write(_ lists: Lists, instruction: String) throws -> RepairTask {
    let layout = TaskLayout(
      id: task.id, name: task.name, repository: task.repository, split: split,
      language: task.language, summary: task.summary, bug: task.bug,
      madeBy: "hindsight tasks import \(form.rawValue)", testCommand: task.testCommand,
      hiddenTestCommand: task.hiddenTestCommand, failToPass: lists.failToPass,
      passToPass: lists.passToPass, protected: task.protected, timeout: seconds,
      memoryMegabytes: task.memoryMegabytes ?? 2048,
      storageMegabytes: task.storageMegabytes ?? 1024)
    try Data(layout.toml.utf8).write(to: task.directory.appending(path: "task.toml"))
    let text = instruction.hasSuffix("\n") ? instruction : instruction + "\n"
    try Data(text.utf8).write(to: task.directory.appending(path: "instruction.md"))
    return try RepairTask(directory: task.directory)
  }
}
