internal import Foundation
internal import Tools

/// Why a bug becomes no task, or a repository gives none, in a few words.
struct RejectedBug: Error, CustomStringConvertible {
  var description: String
}

/// Runs a repository's tests on a proposed bug, the way the grader will.
struct FolderTrial {
  let source: SourceFolder
  let sound: URL
  let staging: URL
  let options: MakingOptions

  /// The tests that pass every time while all is well.
  ///
  /// - Throws: a ``RejectedBug``, or an error of the machine.
  func healthyTests() async throws -> Set<String> {
    let place = staging.appending(path: "sound-task-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    let layout = layout(id: "sound", nil, failing: ["none"], passing: [])
    let task = try write(layout, instruction: "Nothing is wrong.", patch: "", to: place)
    var healthy: Set<String>?
    for _ in 0..<3 {
      try Task.checkCancellation()
      let evaluation = try await evaluate(task)
      if let reason = evaluation.runs.lazy.compactMap(problem).first {
        let silent = evaluation.runs.first { $0.invalidReason != nil && $0.report.tests.isEmpty }
        throw RejectedBug(
          description: "the sound repository: \(reason)\(silent.map(explanation) ?? "")")
      }
      let passing = evaluation.report.tests.filter { $0.outcome == .passed }.map(\.id)
      healthy = healthy.map { $0.intersection(passing) } ?? Set(passing)
    }
    guard let healthy, healthy.count >= 2 else {
      throw RejectedBug(description: "fewer than two tests pass on the sound repository")
    }
    return healthy
  }

  /// What a run that reported no test would have to print, or printed at its end if that is what went wrong.
  private func explanation(of run: TestRun) -> String {
    if run.result.exitCode == 0, PythonTestCall(source.testCommand) == nil {
      return "; it must run unittest or pytest"
        + (source.language == .python
          ? "" : ", or print TAP, a line for each test: \"ok 1 - name\" or \"not ok 1 - name\"")
    }
    let last = run.result.output.split(separator: "\n").last
    return last.map { ": " + Printable.line(String($0)) } ?? ""
  }

  /// A task's folder in the staging area, proved valid.
  ///
  /// - Throws: a ``RejectedBug``, or an error of the machine.
  func attempt(
    _ proposal: BugProposal, id: String, healthy: Set<String>,
    _ behaviours: inout Set<String>
  ) async throws -> RepairTask {
    let place = staging.appending(path: id)
    var isKept = false
    defer { if !isKept { try? FileManager.default.removeItem(at: place) } }
    let trying = layout(id: id, proposal, failing: ["none"], passing: [])
    let draft = try write(trying, proposal, instruction: "?", patch: proposal.patch, to: place)
    let evaluation = try await evaluate(draft)
    if let reason = evaluation.runs.lazy.compactMap(problem).first {
      throw RejectedBug(description: reason)
    }
    let visible = evaluation.visible?.report ?? evaluation.hidden.report
    let outcomes = healthy.sorted().map { evaluation.report.result(of: $0) }
    let failing = outcomes.filter { !$0.outcome.satisfiesPassToPass }
    let passing = outcomes.filter { $0.outcome.satisfiesPassToPass }
    guard !failing.isEmpty else { throw RejectedBug(description: "no test fails") }
    guard !passing.isEmpty else { throw RejectedBug(description: "every test fails") }
    let shown = failing.map(\.id).map(visible.result(of:)).filter {
      !$0.outcome.satisfiesPassToPass && $0.outcome != .missing
    }
    guard let first = shown.first else {
      throw RejectedBug(description: "no visible test fails")
    }
    let behaviour =
      proposal.path + proposal.function
      + failing.map { "\($0.id) \(FailingTestText($0).saying)" }.joined()
    guard behaviours.insert(behaviour).inserted else {
      throw RejectedBug(description: "behaves like another")
    }
    let text = ([first] + shown.dropFirst().prefix(1)).map { FailingTestText($0).text }
    try FileManager.default.removeItem(at: place)
    let final = layout(id: id, proposal, failing: failing.map(\.id), passing: passing.map(\.id))
    let task = try write(
      final, proposal, instruction: text.joined(separator: "\n"), patch: proposal.patch, to: place)
    let validation = try await TaskValidator(sandbox: .bubblewrap, runs: 3).validate(task)
    if let reason = validation.infrastructureFailure { throw TaskError(reason) }
    if let problem = validation.problems.first {
      throw RejectedBug(description: Printable.line(problem))
    }
    isKept = true
    return task
  }

  private func evaluate(_ task: RepairTask) async throws -> Grader.Evaluation {
    try await Grader(sandbox: .bubblewrap).evaluate(
      task, patch: [], visible: source.hidden == nil ? .ifListed : .always)
  }

  private func problem(of run: TestRun) -> String? {
    if run.result.timedOut { return "runs too long" }
    if run.result.outOfMemory { return "runs out of memory" }
    return run.result.stoppedBy ?? run.invalidReason
  }

  private func layout(
    id: String, _ proposal: BugProposal?, failing: [String], passing: [String]
  ) -> TaskLayout {
    let origin = TaskOrigin(
      package: source.name, version: "", path: proposal?.path ?? "none",
      function: proposal?.function ?? "", mutation: proposal?.operator ?? "none",
      seed: options.seed,
      difficulty: TaskOrigin.Difficulty(
        lines: proposal?.lines ?? 0, sites: proposal?.sites ?? 0, distance: 1))
    let place = proposal?.function.isEmpty == false ? proposal?.function : proposal?.path
    return TaskLayout(
      id: id, repository: source.name, split: source.split, language: source.language,
      summary: "\(place ?? "It") of \(source.name) does something wrong.",
      bug: origin.mutation, madeBy: "hindsight tasks make", origin: origin,
      testCommand: source.testCommand,
      hiddenTestCommand: source.hidden?.command
        ?? source.testCommand,
      failToPass: failing, passToPass: passing, protected: source.protected)
  }

  /// Writes a task's folder with the repository as it is, but for the proposed bug.
  ///
  /// - Throws: a ``RejectedBug`` if there can be no task from it, or an error of the machine.
  private func write(
    _ layout: TaskLayout, _ proposal: BugProposal? = nil, instruction: String,
    patch: String, to place: URL
  ) throws -> RepairTask {
    let files = FileManager.default
    let environment = place.appending(path: "environment")
    try files.createDirectory(at: place, withIntermediateDirectories: true)
    try files.copyItem(at: sound, to: environment)
    if let proposal {
      // Written over, so that it stays executable if it is.
      let file = try FileHandle(forWritingTo: environment.appending(path: proposal.path))
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: Data(proposal.mutated.utf8))
      try file.close()
    }
    try tests(to: place.appending(path: "tests"))
    try Data(layout.toml.utf8).write(to: place.appending(path: "task.toml"))
    try Data((instruction + "\n").utf8).write(to: place.appending(path: "instruction.md"))
    let solution = place.appending(path: "solution")
    try files.createDirectory(at: solution, withIntermediateDirectories: true)
    try Data(patch.utf8).write(to: solution.appending(path: "fix.patch"))
    do {
      return try RepairTask(directory: place)
    } catch {
      // By the name that the repository has outside.
      let root = source.place == nil ? source.path : source.path.deletingLastPathComponent()
      throw RejectedBug(
        description: error.description
          .replacing(place.standardizedFileURL.plainPath + "/environment", with: root.plainPath)
          .replacing("outside environment", with: "outside it"))
    }
  }

  /// The hidden tests; without any, a second copy of the visible ones, so that a change to them doesn't count.
  private func tests(to target: URL) throws {
    let files = FileManager.default
    if let hidden = source.hidden {
      try files.copyItem(at: hidden.folder, to: target)
      return
    }
    let patterns = source.protected.map(PathPattern.init) + RepairTask.standardProtectedPaths
    let paths = WorkTreeListing.files(in: sound.plainPath).filter { path in
      patterns.contains { $0.matches(path) }
    }
    guard !paths.isEmpty else {
      throw RejectedBug(
        description: "\(source.path.plainPath) has no files that look like tests, as "
          + "\(source.protected.joined(separator: ", ")) would; name them by tests = [\"…\"]")
    }
    for path in paths {
      let place = target.appending(path: path)
      try files.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: sound.appending(path: path), to: place)
    }
  }
}
