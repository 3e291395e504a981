internal import Agent
internal import ArgumentParser
internal import Foundation
internal import Tools

extension TasksCommand {
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bring in tasks from SWE-bench, SWE-smith, QuixBugs or Harbor.",
      discussion: """
        Each is written as a folder of our form, without any history, and proved: its tests run twice \
        before and twice after its solution. What doesn't hold here is left out, and why is said. \
        Interrupted, it goes on when the same command is given again: tasks that are there stay.

          hindsight tasks import smith rows.jsonl --repos clones --output runs/smith
          hindsight tasks import quixbugs ~/QuixBugs --output runs/quixbugs
          hindsight eval --tasks runs/smith
        """,
      subcommands: [SWEBench.self, Smith.self, QuixBugs.self, Harbor.self])
  }
}

/// What all kinds of import have in common.
struct ImportOptions: ParsableArguments {
  @Option(help: "The folder for the tasks.")
  var output = "runs/imported"

  @Option(help: "The split of the tasks.")
  var split = RepairTask.Split.heldOut

  @Option(help: "Seconds that a run of the tests may take, where a task doesn't say.")
  var timeout = 300

  @Option(help: "Tasks tried at a time.")
  var jobs = 2

  @Option(help: "Where tests run: bubblewrap or none.")
  var sandbox = Sandbox.bubblewrap

  func validate() throws {
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64.") }
    guard (1...36_000).contains(timeout) else {
      throw ValidationError("--timeout must be from 1 to 36000.")
    }
  }

  var importer: TaskImporter {
    TaskImporter(
      output: URL(filePath: output), split: split, sandbox: sandbox, timeout: timeout, jobs: jobs)
  }

  /// Tries all, tells each one's outcome and the sum.
  func run(_ candidates: [TaskImporter.Candidate]) async throws {
    if let reason = await sandbox.probe() { throw TaskError(reason) }
    let importer = importer
    let progress = ProgressReporter("Importing", total: candidates.count, unit: "tasks")
    progress.advance(by: 0)
    let outcomes = try await cancellingOnInterrupt {
      try await importer.run(candidates) { id, outcome in
        progress.line(Self.describe(id, outcome))
        progress.advance()
      }
    }
    progress.finish()
    let refused = outcomes.values.count { if case .refused = $0 { true } else { false } }
    let kept = outcomes.values.count { $0 == .kept }
    var summary = "\(outcomes.count - refused) of \(outcomes.count) tasks in \(output)"
    if kept > 0 { summary += ", \(kept) of them from before" }
    print(summary + (refused > 0 ? "; \(refused) left out" : ""))
    if refused == outcomes.count { throw ExitCode(1) }
  }

  private static func describe(_ id: String, _ outcome: TaskImporter.Outcome) -> String {
    switch outcome {
    case .imported(let failing, let passing, let dropped):
      let doNot = dropped == 1 ? "doesn't" : "don't"
      let left = dropped > 0 ? ", \(counted(dropped, "listed test")) \(doNot) hold here" : ""
      // Harbor's tests may write a reward and name nothing.
      guard failing + passing > 0 else { return "imported  \(id): judged by its tests' reward" }
      return "imported  \(id): \(failing) FAIL_TO_PASS, \(passing) PASS_TO_PASS\(left)"
    case .kept: return "there      \(id)"
    case .refused(let reason): return "left out  \(id): \(reason)"
    }
  }
}

/// What importing rows needs besides.
struct InstanceOptions: ParsableArguments {
  @Argument(help: "The instances: a JSON object a line, or one array.")
  var file: String

  @Option(help: "The folder with clones: owner/name, owner__name or name.")
  var repos: String

  @Option(help: "Runs the tests, instead of what their names say (pytest or unittest).")
  var testCommand: String?

  func candidates(
    _ form: ImportForm, _ options: ImportOptions
  ) async throws -> [TaskImporter.Candidate] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: repos, isDirectory: &isFolder), isFolder.boolValue
    else { throw TaskError("--repos: \(repos) is no folder") }
    return try options.importer.instances(
      URL(filePath: file), form: form, repositories: URL(filePath: repos),
      testCommand: testCommand, hasPytest: try await options.sandbox.hasPytest())
  }
}

extension TasksCommand.Import {
  struct SWEBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "swebench", abstract: "Instances whose patch mends the bug, with a test_patch.")

    @OptionGroup var instances: InstanceOptions
    @OptionGroup var options: ImportOptions

    func run() async throws {
      try await options.run(try await instances.candidates(.swebench, options))
    }
  }

  struct Smith: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "smith", abstract: "Instances of SWE-smith, whose patch makes the bug.")

    @OptionGroup var instances: InstanceOptions
    @OptionGroup var options: ImportOptions

    func run() async throws {
      try await options.run(try await instances.candidates(.smith, options))
    }
  }

  struct QuixBugs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "quixbugs",
      abstract: "Programs with and without a bug, and their tests, as QuixBugs has them.")

    @Argument(help: "The folder with python_programs, correct_python_programs and their tests.")
    var folder: String

    @OptionGroup var options: ImportOptions

    func run() async throws {
      try await options.run(
        try options.importer.quixBugs(
          URL(filePath: folder), hasPytest: try await options.sandbox.hasPytest()))
    }
  }

  struct Harbor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "harbor",
      abstract: "Tasks of Harbor whose repository lies in environment/, decided by tests/test.sh.",
      discussion: """
        A solution/solve.sh is run in the sandbox; what it changes becomes the task's solution/fix.patch. \
        The task's own limits of time, memory and storage hold.
        """)

    @Argument(help: "A folder of tasks, or one task.")
    var folder: String

    @OptionGroup var options: ImportOptions

    func run() async throws {
      try await options.run(try options.importer.harbor(URL(filePath: folder)))
    }
  }
}
