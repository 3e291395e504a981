internal import Agent
public import ArgumentParser
internal import Foundation
internal import Tools

struct TasksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks", abstract: "List the repair tasks, and prove that they are sound.",
    discussion: """
      A task is a folder with task.toml, instruction.md, environment/ (the repository), tests/ (the \
      hidden tests) and solution/.

        hindsight tasks list --split held-out
        hindsight tasks validate base64-accents
      """,
    subcommands: [List.self, Make.self, Import.self, Validate.self])
}

/// Which tasks a command is about.
struct TaskSelection: ParsableArguments {
  @Option(help: "The folder of tasks.")
  var tasks = "tasks"

  @Option(help: "Only the tasks of this split: train or held-out.")
  var split: RepairTask.Split?

  @Argument(help: "Only the tasks with these ids.")
  var ids: [String] = []

  func load() throws -> [RepairTask] {
    try TaskSet.load(URL(filePath: tasks), split: split, ids: ids).tasks
  }
}

extension TasksCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the tasks: split, language, repository, kind of bug, id.")

    @OptionGroup var selection: TaskSelection

    @Flag(help: "Print a JSON object a line.")
    var json = false

    private struct Row: Encodable {
      var id, split, language, repository, bug, description: String
      var failToPass, passToPass: [String]

      enum CodingKeys: String, CodingKey {
        case id, split, language, repository, bug, description
        case failToPass = "fail_to_pass"
        case passToPass = "pass_to_pass"
      }
    }

    func run() throws {
      let tasks = try selection.load()
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let widths = (
        split: width(tasks.map(\.split.rawValue)), language: width(tasks.map(\.language.rawValue)),
        repository: width(tasks.map(\.repository)), bug: width(tasks.map(\.bug))
      )
      for task in tasks {
        if json {
          let row = Row(
            id: task.id, split: task.split.rawValue, language: task.language.rawValue,
            repository: task.repository, bug: task.bug, description: task.summary,
            failToPass: task.failToPass, passToPass: task.passToPass)
          print(String(decoding: try encoder.encode(row), as: UTF8.self))
        } else {
          let columns = [
            pad(task.split.rawValue, widths.split), pad(task.language.rawValue, widths.language),
            pad(task.repository, widths.repository), pad(task.bug, widths.bug), task.id,
          ]
          print(VisibleText.escaped(columns.joined(separator: "  ")))
        }
      }
      guard !json else { return }
      let counts = RepairTask.Split.allCases.map { split in
        "\(tasks.count { $0.split == split }) \(split.rawValue)"
      }
      print("\(tasks.count) tasks: \(counts.joined(separator: ", "))")
    }

    private func width(_ texts: [String]) -> Int { texts.map(\.count).max() ?? 0 }

    private func pad(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(width - text.count, 0))
    }
  }
}

extension TasksCommand {
  struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prove that tasks fail before and pass after their solution, the same each time.",
      discussion: "Exits with 1 if a task is invalid.")

    @OptionGroup var selection: TaskSelection

    @Option(help: "Tasks validated at a time.")
    var jobs = 2

    @Option(help: "Runs of the tests before and after the solution.")
    var runs = 3

    @Option(help: "Where tests run: bubblewrap or none.")
    var sandbox = Sandbox.bubblewrap

    func validate() throws {
      guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64.") }
      guard (1...100).contains(runs) else { throw ValidationError("--runs must be from 1 to 100.") }
    }

    func run() async throws {
      if let reason = await sandbox.probe() { throw TaskError(reason) }
      let (tasks, broken) = try loadEach()
      for (id, problem) in broken { print(VisibleText.escaped("INVALID  \(id): \(problem)")) }
      let progress = ProgressReporter("Validating", total: tasks.count, unit: "tasks")
      progress.advance(by: 0)
      let validator = TaskValidator(sandbox: sandbox, runs: runs)
      let jobs = jobs
      let results = try await cancellingOnInterrupt {
        try await Self.validateAll(tasks, with: validator, jobs: jobs, progress)
      }
      progress.finish()
      let failed = results.count { $0.infrastructureFailure != nil }
      let invalid = results.count { !$0.isValid } - failed + broken.count
      let total = tasks.count + broken.count
      var summary = "\(total - invalid - failed) of \(total) tasks valid, \(invalid) invalid"
      if failed > 0 { summary += ", \(failed) not decided" }
      print(summary)
      if invalid + failed > 0 { throw ExitCode(1) }
    }

    /// The tasks that load, and what is wrong with those that don't: one broken task doesn't hide the rest.
    private func loadEach() throws -> ([RepairTask], [(id: String, problem: String)]) {
      var tasks: [RepairTask] = []
      var broken: [(String, String)] = []
      let wanted = Set(selection.ids)
      var unknown = wanted
      for folder in try TaskSet.folders(in: URL(filePath: selection.tasks)) {
        let id = folder.standardizedFileURL.lastPathComponent
        guard wanted.isEmpty || wanted.contains(id) else { continue }
        unknown.remove(id)
        do {
          let task = try RepairTask(directory: folder)
          if selection.split == nil || task.split == selection.split { tasks.append(task) }
        } catch {
          broken.append((id, error.description))
        }
      }
      if let id = unknown.sorted().first { throw TaskError("no task has the id \"\(id)\"") }
      let set = try TaskSet(tasks)
      // A set of broken tasks alone is validated as well.
      return (broken.isEmpty ? try set.filtered(split: selection.split).tasks : set.tasks, broken)
    }

    private static func validateAll(
      _ tasks: [RepairTask], with validator: TaskValidator, jobs: Int, _ progress: ProgressReporter
    ) async throws -> [TaskValidation] {
      var results: [TaskValidation] = []
      try await inParallel(tasks, jobs: jobs) {
        try await validator.validate($0)
      } each: { result in
        results.append(result)
        progress.line(describe(result))
        progress.advance()
      }
      return results
    }

    private static func describe(_ result: TaskValidation) -> String {
      let time = String(format: "%.1f s", result.seconds)
      if let reason = result.infrastructureFailure { return "UNDECIDED  \(result.id): \(reason)" }
      guard let first = result.problems.first else {
        let visible = result.visibleTestsFailBefore ? "show" : "don't show"
        return "valid    \(result.id) (\(time), visible tests \(visible) the bug)"
      }
      let more = result.problems.dropFirst().map { "\n           \($0)" }.joined()
      return "INVALID  \(result.id) (\(time)): \(first)\(more)"
    }
  }
}

extension RepairTask.Split: ExpressibleByArgument {}
extension Sandbox: ExpressibleByArgument {}
