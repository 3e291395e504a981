internal import Agent
internal import ArgumentParser
internal import Foundation
internal import Synchronization

extension TasksCommand {
  struct Make: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make repair tasks from Python packages and from folders with tests.",
      discussion: """
        Takes small functions with their examples out of Python packages, breaks each by one edit, and \
        keeps what at least one test notices and at least one doesn't. A package whose examples give \
        nothing is broken as a whole, for its own tests of unittest or pytest to notice. Everything of a \
        package runs in the sandbox only. Interrupted, it goes on when the same command is given again.

          hindsight tasks make --output runs/tasks                 # the list in scripts/sources.toml
          hindsight tasks make toolz==1.2.0 --output runs/toolz
          hindsight tasks make ../mypackage --output runs/mine
          hindsight train --tasks runs/tasks

        A folder in another language is named in a list of sources, with a command that tells of each \
        test whether it passes: through unittest or pytest, or in TAP ("ok 1 - name", "not ok 2 - name").

          [folders.calc]
          path = "../calc"         # from the list's folder
          test_command = "make test"
          language = "c"           # or python or shell, whichever its text is most like
          files = ["src/*.c"]      # where bugs are made: all of the language, if left out
          tests = ["check"]        # if they aren't called tests/, test_*.*, *_test.*, test.sh or t/*.t
        """)

    @Argument(
      help: "Packages with their versions (toolz==1.2.0) or folders of packages, instead of a list."
    )
    var packages: [String] = []

    @Option(
      help: "The list of sources: packages with versions and digests, folders, what is held out.")
    var sources = "scripts/sources.toml"

    @Option(help: "The folder for the tasks.")
    var output = "runs/tasks"

    @Option(help: "The split of packages that are named here.")
    var split = RepairTask.Split.train

    @Option(help: "The same seed and sources give the same tasks.")
    var seed = 0

    @Option(help: "Processes at a time.")
    var jobs = 2

    @Option(help: "Lines that the file with the bug may have.")
    var lines = 60

    @Option(help: "Tasks from one function at most.")
    var perFunction = 12

    func validate() throws {
      guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64.") }
      guard seed >= 0 else { throw ValidationError("--seed must be 0 or more.") }
      guard (5...10_000).contains(lines) else {
        throw ValidationError("--lines must be from 5 to 10000.")
      }
      guard (1...1000).contains(perFunction) else {
        throw ValidationError("--per-function must be from 1 to 1000.")
      }
    }

    func run() async throws {
      var list: SourceList
      if packages.isEmpty {
        list = try SourceList(contentsOf: URL(filePath: sources))
      } else {
        list = SourceList()
        for argument in packages {
          let package = try SourceList.Package(argument: argument, split: split)
          guard !list.packages.contains(where: { $0.name == package.name }) else {
            throw TaskError("two of the packages are called \"\(package.name)\"")
          }
          list.packages.append(package)
        }
      }
      var options = MakingOptions()
      options.seed = seed
      options.lines = lines
      options.bytes = lines * 50
      options.perFunction = perFunction
      let maker = TaskMaker(
        sources: list, options: options, output: URL(filePath: output), jobs: jobs)
      let start = ContinuousClock.now
      let bar = Mutex<ProgressReporter?>(nil)
      let report = try await cancellingOnInterrupt {
        defer { bar.withLock { $0?.finish() } }
        return try await maker.make { phase in
          bar.withLock {
            $0?.finish()
            $0 = ProgressReporter(phase.label, total: phase.total, unit: phase.unit)
            $0?.advance(by: 0)
          }
        } step: { line in
          bar.withLock {
            if let line { $0?.line(line) }
            $0?.advance()
          }
        }
      }
      print(MakingSummary(report: report).text)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      print(
        "\(report.tasks) tasks in \(output), \(ProgressReporter.time(seconds)); "
          + "\(output)/report.json says what was left out and why")
      if report.tasks == 0 { throw ExitCode(1) }
    }
  }
}

/// The report as tables.
private struct MakingSummary {
  let report: MakingReport

  var text: String {
    var rows = [["package", "version", "split", "functions", "bugs tried", "tasks", "why not"]]
    for (name, package) in report.packages.sorted(by: { $0.key < $1.key }) {
      rows.append([
        name, package.version, package.split, "\(package.subjects)", "\(package.candidates)",
        "\(package.tasks)",
        package.failure ?? package.stopped.first.map { "stopped: \($0)" } ?? mostly(package),
      ])
    }
    var lines = table(rows)
    lines.append("")
    for (split, operators) in report.operators.sorted(by: { $0.key < $1.key }) {
      let counts = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .map { "\($0.key) \($0.value)" }
      lines.append(
        "\(split), \(report.splits[split] ?? 0) tasks: \(counts.joined(separator: ", "))")
    }
    let words = ["easy", "medium", "hard"].map { "\(report.difficulties[$0] ?? 0) \($0)" }
    lines.append("difficulty: \(words.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }

  /// The commonest reason why bugs became no task, or else why nothing was there to break.
  private func mostly(_ package: MakingReport.Package) -> String {
    let rejected = package.rejected.filter { !$0.key.hasPrefix("not needed") }
    let reasons = rejected.isEmpty ? package.left : rejected
    guard let top = reasons.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return "" }
    return "\(top.key) (\(top.value))"
  }

  private func table(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { text, width in
        text + String(repeating: " ", count: width - text.count)
      }
      return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }
  }
}
