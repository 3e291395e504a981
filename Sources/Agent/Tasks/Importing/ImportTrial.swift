internal import Foundation
internal import Tools

/// Runs an imported task's tests before and after its solution, finds out which lists hold here, and writes
/// its `task.toml`.
struct ImportTrial: Sendable {
  var task: ImportedTask
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

  /// What validating the task would find against it is a refusal.
  mutating func prove() async throws -> Lists {
    var draft = try draft()
    let patch = try await draft.solutionPatch(in: sandbox)
    if case .script? = draft.solution { try write(solution: patch) }
    var before = try await runs(draft, patch: [], "before its patch")
    if let (plain, found) = try await runsWithoutOptions(insteadOf: before) {
      self = plain
      draft = try self.draft()
      before = found
    }
    var after = try await runs(draft, patch: patch, "after its patch")
    if !after[0].touched.isEmpty {
      try write(solution: try unprotected(patch, of: draft))
      for index in after.indices { after[index].touched = [] }
    }
    let useless = try leaveOutFailing(after)
    if useless > 0 {
      before = try await runs(draft, patch: [], "before its patch")
      after = try await runs(draft, patch: patch, "after its patch")
    }
    if !visibleTestsRun(before, after) {
      task.testCommand = ImportedTask.noVisibleTests
      for index in before.indices { before[index].visible = nil }
      for index in after.indices { after[index].visible = nil }
    }
    let names = ListedNames(after[0].hidden)
    task.failToPass = TestNames.unique(task.failToPass.map(names.id))
    task.passToPass = TestNames.unique(task.passToPass.map(names.id))
    var lists =
      try task.hiddenTestCommand == nil ? rewards(before, after) : self.lists(before, after)
    lists.dropped += useless
    let proved = try write(lists, instruction: task.instruction ?? told(lists, before[0]))
    if let problem = TaskValidator.problems(of: proved, before: before, after: after).first {
      throw ImportRefusal(Printable.line(problem))
    }
    return lists
  }

  /// Loading asks for a test; which ones there are is seen after the first run.
  private func draft() throws -> RepairTask {
    let listed = task.failToPass.isEmpty ? ["none"] : task.failToPass
    return try write(Lists(failToPass: listed, passToPass: [], dropped: 0), instruction: "?")
  }

  private func write(solution patch: [UInt8]) throws {
    try Data(patch).write(to: task.directory.appending(path: "solution/fix.patch"))
  }

  /// What grading takes of a solution.
  private func unprotected(_ patch: [UInt8], of draft: RepairTask) throws -> [UInt8] {
    let checkout = try Checkout(of: draft)
    defer { checkout.remove() }
    let touched = try checkout.apply(patch).joined(separator: ", ")
    let workspace = checkout.workspace
    let taken = try workspace.diff(from: workspace.base, to: try workspace.commit("solution"))
    guard !taken.isEmpty else {
      throw ImportRefusal(
        "its solution changes only what may not be changed: \(Printable.line(touched))")
    }
    return taken
  }

  /// Two runs of the tests over one change.
  private func runs(
    _ draft: RepairTask, patch: [UInt8], _ when: String
  ) async throws -> [Grader.Evaluation] {
    var found: [Grader.Evaluation] = []
    for _ in 0..<2 {
      try Task.checkCancellation()
      let evaluation = try await Grader(sandbox: sandbox)
        .evaluate(draft, patch: patch, visible: TaskValidator.visible(of: draft))
      let result = evaluation.hidden.result
      if result.timedOut { throw ImportRefusal("its tests take more than \(seconds) s \(when)") }
      if result.outOfMemory { throw ImportRefusal("its tests run out of memory \(when)") }
      if let limit = result.stoppedBy { throw ImportRefusal("its tests hit \(limit) \(when)") }
      if !patch.isEmpty, let reason = evaluation.hidden.invalidReason {
        let said = Complaint.of(evaluation.hidden)
        throw ImportRefusal("\(when), \(Printable.line(reason))\(said)")
      }
      found.append(evaluation)
    }
    return found
  }

  /// Where no test is reported, options in the repository's configuration can be why; nil if they aren't.
  private func runsWithoutOptions(
    insteadOf before: [Grader.Evaluation]
  ) async throws -> (ImportTrial, [Grader.Evaluation])? {
    guard let commands = task.withoutOptions, before[0].hidden.report.tests.isEmpty else {
      return nil
    }
    var plain = self
    plain.task.testCommand = commands.test
    plain.task.hiddenTestCommand = commands.hidden
    let found = try await plain.runs(try plain.draft(), patch: [], "before its patch")
    return found[0].hidden.report.tests.isEmpty ? nil : (plain, found)
  }

  /// Takes the tests that fail after the solution too out of a file that is made from a list of cases; returns how
  /// many.
  private func leaveOutFailing(_ after: [Grader.Evaluation]) throws -> Int {
    let tests = after.flatMap(\.hidden.report.tests)
    let failing = Set(tests.filter { !$0.outcome.satisfiesPassToPass }.map(\.id))
    guard let leaveOut = task.leaveOut, !failing.isEmpty, failing.count < Set(tests.map(\.id)).count
    else { return 0 }
    try leaveOut(failing)
    return failing.count
  }

  /// Whether they do, where they are others than the hidden ones: nobody has said how.
  private func visibleTestsRun(
    _ before: [Grader.Evaluation], _ after: [Grader.Evaluation]
  ) -> Bool {
    guard task.testCommand != task.hiddenTestCommand else { return true }
    let runs = (before + after).compactMap(\.visible)
    let areStopped = runs.contains {
      $0.result.timedOut || $0.result.outOfMemory || $0.result.stoppedBy != nil
    }
    return !areStopped && after.compactMap(\.visible).allSatisfy { $0.invalidReason == nil }
  }

  /// No lists, where a script decides.
  private func rewards(
    _ before: [Grader.Evaluation], _ after: [Grader.Evaluation]
  ) throws(ImportRefusal) -> Lists {
    guard before.allSatisfy({ ($0.hidden.scriptedReward ?? 0) < 1 }) else {
      throw ImportRefusal("its reward is 1 before its solution already")
    }
    guard after.allSatisfy({ ($0.hidden.scriptedReward ?? 0) >= 1 }) else {
      throw ImportRefusal("tests/test.sh doesn't write a reward of 1 after its solution")
    }
    return Lists(failToPass: [], passToPass: [], dropped: 0)
  }

  /// The listed tests that do what the list says, or without a list all that do.
  private func lists(
    _ before: [Grader.Evaluation], _ after: [Grader.Evaluation]
  ) throws(ImportRefusal) -> Lists {
    let reported = after[0].hidden.report.tests.map(\.id)
    let (old, new) = (before.map(\.report), after.map(\.report))
    func outcomes(_ id: String, _ reports: [TestReport]) -> [TestOutcome] {
      reports.map { $0.result(of: id).outcome }
    }
    let wanted = task.failToPass.isEmpty ? reported : task.failToPass
    let failing = wanted.filter { id in
      outcomes(id, old).allSatisfy { !$0.satisfiesPassToPass }
        && outcomes(id, new).allSatisfy(\.satisfiesFailToPass)
    }
    guard !failing.isEmpty else {
      let results = task.failToPass.map(new[0].result)
      guard let result = results.first(where: { $0.outcome != .missing }) ?? results.first else {
        throw ImportRefusal("no test fails before its patch and passes after it")
      }
      let first = result.id
      throw ImportRefusal(
        "none of its FAIL_TO_PASS tests fails before its patch and passes after it: "
          + "\(Printable.line(first)) is \(outcomes(first, old)[0].rawValue) before it and "
          + "\(result.outcome.rawValue) after it\(Complaint.of(result))")
    }
    let kept = task.passToPass.isEmpty ? reported.filter { !failing.contains($0) } : task.passToPass
    let passing = kept.filter { id in
      outcomes(id, old + new).allSatisfy(\.satisfiesPassToPass)
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
    guard !lists.failToPass.isEmpty else { return "Make the tests pass." }
    return lists.failToPass.prefix(2)
      .map { FailingTestText(before.report.result(of: $0)).text }
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
      storageMegabytes: task.storageMegabytes ?? 1024, carried: task.carried)
    try Data(layout.toml.utf8).write(to: task.directory.appending(path: "task.toml"))
    let text = instruction.hasSuffix("\n") ? instruction : instruction + "\n"
    try Data(text.utf8).write(to: task.directory.appending(path: "instruction.md"))
    return try RepairTask(directory: task.directory)
  }
}
