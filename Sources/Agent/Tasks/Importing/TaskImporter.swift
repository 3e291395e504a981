public import Foundation
public import Tools

/// Where tasks are imported from.
public enum ImportForm: String, Sendable, CaseIterable {
  case swebench, smith, quixbugs, harbor
}

/// Brings tasks from other data sets into folders of our form, and proves each by running its tests before and
/// after its solution, twice each.
public struct TaskImporter: Sendable {
  public var output: URL
  public var split: RepairTask.Split
  public var sandbox: Sandbox
  /// Seconds of a run of the tests, where the task doesn't say.
  public var timeout: Int
  public var jobs: Int

  public init(
    output: URL, split: RepairTask.Split, sandbox: Sandbox = .bubblewrap, timeout: Int = 300,
    jobs: Int = 2
  ) {
    self.output = output
    self.split = split
    self.sandbox = sandbox
    self.timeout = timeout
    self.jobs = jobs
  }

  /// What may become a task.
  public struct Candidate: Sendable {
    /// As the set has it, which may name no folder.
    public let id: String
    let form: ImportForm
    /// Throws where it can't.
    let layOut: @Sendable (URL) throws -> ImportedTask
  }

  /// What became of a candidate.
  public enum Outcome: Sendable, Equatable {
    case imported(failToPass: Int, passToPass: Int, dropped: Int)
    /// It was there already.
    case kept
    /// A sentence.
    case refused(String)
  }

  /// Outcomes by id. A task that is in the output folder already is left as it is.
  ///
  /// - finished: called as candidates are done, in any order, one at a time.
  /// - Throws: `CancellationError`, or an error about the output folder; a candidate's failings are its outcome.
  public func run(
    _ candidates: [Candidate], finished: (String, Outcome) -> Void
  ) async throws -> [String: Outcome] {
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    // Beside the tasks, so that moving one into place is a rename.
    let staging = output.appending(path: ".staging-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: staging) }
    var outcomes: [String: Outcome] = [:]
    try await inParallel(candidates, jobs: jobs) { candidate in
      (candidate.id, try await self.run(candidate, in: staging.appending(path: candidate.id)))
    } each: { id, outcome in
      outcomes[id] = outcome
      finished(id, outcome)
    }
    try Task.checkCancellation()
    return outcomes
  }

  private func run(_ candidate: Candidate, in place: URL) async throws -> Outcome {
    // Another name would be no harness's, and could be another task's.
    guard candidate.id == ImportedTask.identifier(candidate.id) else {
      return .refused(
        "its id can't name a folder: that has at most 120 ASCII letters, digits, dots, dashes and "
          + "underscores, and begins with neither dot nor dash")
    }
    let target = output.appending(path: candidate.id)
    if (try? RepairTask(directory: target)) != nil { return .kept }
    if FileManager.default.fileExists(atPath: target.plainPath) {
      return .refused("\(target.plainPath) is there and is no task")
    }
    defer { try? FileManager.default.removeItem(at: place) }
    do {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      var trial = ImportTrial(
        task: try candidate.layOut(place), form: candidate.form, split: split, sandbox: sandbox,
        timeout: timeout)
      let lists = try await trial.prove()
      try FileManager.default.moveItem(at: place, to: target)
      return .imported(
        failToPass: lists.failToPass.count, passToPass: lists.passToPass.count,
        dropped: lists.dropped)
    } catch {
      // What was stopped by the cancellation says nothing about the task.
      try Task.checkCancellation()
      return .refused(Self.reason(error, in: place))
    }
  }

  /// Nobody knows the place where it was laid out, and it's gone.
  private static func reason(_ error: any Error, in place: URL) -> String {
    let text =
      switch error {
      case let refusal as ImportRefusal: refusal.description
      case let error as ToolsError: error.description
      case let error as TaskError: error.description
      default: "it can't be laid out: \(error.localizedDescription)"
      }
    let known = [place.standardizedFileURL, place].reduce(text) { text, place in
      text.replacing(place.plainPath + "/", with: "").replacing(place.plainPath, with: "its folder")
    }
    return error is ImportRefusal ? known : Printable.line(known)
  }
}

extension TaskImporter {
  /// The rows of a file in SWE-bench's or SWE-smith's form.
  ///
  /// - repositories: the folder with their clones.
  /// - testCommand: runs the tests, instead of what their names say.
  /// - Throws: ``TaskError`` naming the file, the line and the key.
  public func instances(
    _ file: URL, form: ImportForm, repositories: URL, testCommand: String?, hasPytest: Bool
  ) throws(TaskError) -> [Candidate] {
    let clones = LocalClones(folder: repositories)
    return try InstanceFile(contentsOf: file).rows.map { row in
      let layout = InstanceLayout(
        instance: row, form: form, clones: clones, testCommand: testCommand, hasPytest: hasPytest)
      return Candidate(id: Printable.line(row.id), form: form) { try layout.lay(out: $0) }
    }
  }

  /// The programs of a folder in QuixBugs' form.
  ///
  /// - hasPytest: whether tests that name it can be run.
  /// - Throws: ``TaskError`` if it has none.
  public func quixBugs(_ folder: URL, hasPytest: Bool = true) throws(TaskError) -> [Candidate] {
    let quixBugs = QuixBugsFolder(folder: folder, hasPytest: hasPytest)
    return try quixBugs.names().map { name in
      Candidate(id: Printable.line(name), form: .quixbugs) {
        try quixBugs.lay(out: name, in: $0)
      }
    }
  }

  /// Tasks in Harbor's own form: a folder of them, or one.
  ///
  /// - Throws: ``TaskError`` if there is none.
  public func harbor(_ folder: URL) throws(TaskError) -> [Candidate] {
    try TaskSet.folders(in: folder).map { task in
      let harbor = HarborFolder(folder: task.standardizedFileURL)
      return Candidate(id: Printable.line(harbor.folder.lastPathComponent), form: .harbor) {
        try harbor.lay(out: $0)
      }
    }
  }
}
