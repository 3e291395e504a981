public import Foundation
internal import Tools

/// Makes repair tasks: takes functions and their tests out of packages, breaks them by one edit each, and keeps
/// what some tests notice and others don't.
///
/// What a package brings along runs in the sandbox only. Finished work is kept below `.making` in the output
/// folder and found again, tasks are moved into place whole; so a run that was killed goes on when it's started again.
public struct TaskMaker: Sendable {
  public let sources: SourceList
  public let options: MakingOptions
  /// The folder of tasks.
  public let output: URL
  /// Processes at a time.
  public let jobs: Int

  /// A stretch of the work, for a progress bar.
  public struct Phase: Sendable {
    public var label: String
    public var total: Int
    public var unit: String
  }

  public init(sources: SourceList, options: MakingOptions, output: URL, jobs: Int) {
    self.sources = sources
    self.options = options
    self.output = output
    self.jobs = max(1, jobs)
  }

  private var work: URL { output.appending(path: ".making") }
  private var support: URL { work.appending(path: "support") }
  private var staging: URL { work.appending(path: "staging") }
  private var results: URL { work.appending(path: "results") }

  /// - Parameters:
  ///   - begin: called at the start of each phase.
  ///   - step: called with each piece of work that is done, and a line about it where there's something to tell.
  /// - Throws: ``TaskError`` for sources that make no sense or can't be had, `CancellationError`. Nothing half-written
  ///   is left then.
  public func make(
    begin: @escaping @Sendable (Phase) -> Void, step: @escaping @Sendable (String?) -> Void
  ) async throws -> MakingReport {
    if let reason = await Sandbox.bubblewrap.probe() { throw TaskError(reason) }
    try prepare()
    let operators = try await operators()
    var report = MakingReport()
    report.seed = options.seed
    let placed = try await place(&report, begin, step)
    let items = try await search(placed, operators: operators, &report, begin, step)
    var selection = CandidateSelection(seed: options.seed)
    let chosen = selection.select(items)
    for (package, reason) in selection.rejected {
      report.packages[package]?.rejected[reason, default: 0] += 1
    }
    try await write(chosen, &report, begin, step)
    // Where the examples show no bug, the package's own tests may.
    let shown = Set(items.map(\.package.name))
    let tested = placed.filter { !shown.contains($0.source.name) }
      .compactMap(SourceFolder.init(testsOf:))
    try await makeFromFolders(sources.folders + tested, operators, &report, begin, step)
    try save(report)
    return report
  }

  // MARK: The output folder

  private struct Mark: Codable, Equatable {
    var options: MakingOptions
    var script: String
    var sources: String
  }

  private func prepare() throws {
    let files = FileManager.default
    let entries = (try? files.contentsOfDirectory(atPath: output.plainPath)) ?? []
    let marked = work.appending(path: "options.json")
    let mark = Mark(options: options, script: MakingScript.digest, sources: sources.fingerprint)
    // What was made before, if there's a task; without one only what was fetched is worth keeping.
    let isEmpty = entries.allSatisfy { [".making", "report.json"].contains($0) }
    if let data = try? Data(contentsOf: marked) {
      let old = try? JSONDecoder().decode(Mark.self, from: data)
      guard isEmpty || old == mark else {
        throw TaskError(
          "\(output.plainPath) holds tasks that were made from other sources, with other options or "
            + "by another version; choose another folder, or delete it")
      }
    } else if !isEmpty {
      throw TaskError(
        "\(output.plainPath) isn't empty and wasn't made by this command; choose another folder")
    }
    do {
      if files.fileExists(atPath: staging.plainPath) { try files.removeItem(at: staging) }
      for folder in [staging, results] {
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      try JSONEncoder().encode(mark).write(to: marked, options: .atomic)
    } catch {
      throw TaskError("\(output.plainPath) can't be written: \(error.localizedDescription)")
    }
    try MakingScript.write(to: support)
  }

  private func save(_ report: MakingReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(report)
      .write(to: output.appending(path: "report.json"), options: .atomic)
  }

  // MARK: Sources

  /// The names of all operators, as the script has them.
  private func operators() async throws -> Set<String> {
    let line = "from \(MakingScript.package).mutate import OPERATORS; print(*sorted(OPERATORS))"
    let result = try await Sandbox.bubblewrap.run(
      MakingScript.command(line), in: staging.plainPath,
      readOnlyBinds: [support.plainPath: "/hindsight"])
    guard result.succeeded else {
      throw TaskError("python3 can't run the script that makes tasks: \(result.output)")
    }
    let all = Set(
      result.output.split(whereSeparator: \.isWhitespace).map(String.init))
    if let unknown = sources.heldOutOperators.subtracting(all).sorted().first {
      throw TaskError(
        "there is no operator \"\(unknown)\"; there are \(all.sorted().joined(separator: ", "))")
    }
    return all
  }

  private func place(
    _ report: inout MakingReport, _ begin: (Phase) -> Void, _ step: (String?) -> Void
  ) async throws -> [PackageStore.Placed] {
    let store = PackageStore(folder: work, support: support)
    begin(Phase(label: "Fetching", total: sources.packages.count, unit: "packages"))
    var placed: [PackageStore.Placed] = []
    for source in sources.packages {
      try Task.checkCancellation()
      var entry = MakingReport.Package()
      entry.version = source.version
      entry.split = source.split.rawValue
      let package = try await store.place(source)
      entry.digest = package.digest
      entry.modules = package.modules.count
      entry.left = package.left
      entry.failure = package.failure
      report.packages[source.name] = entry
      placed.append(package)
      step(package.failure.map { "\(source.name): \($0)" })
    }
    return placed
  }

  // MARK: Search

  private func search(
    _ placed: [PackageStore.Placed], operators: Set<String>, _ report: inout MakingReport,
    _ begin: (Phase) -> Void, _ step: @escaping @Sendable (String?) -> Void
  ) async throws -> [CandidateSelection.Item] {
    var units: [(unit: MakingUnit, bytes: Int)] = []
    for package in placed {
      let allowed = operatorsAllowed(in: package.source.split, of: operators)
      for module in package.modules {
        let unit = MakingUnit(
          placed: package, module: module.name, operators: allowed, options: options,
          support: support, results: results)
        units.append((unit, module.bytes))
      }
    }
    begin(Phase(label: "Searching", total: units.count, unit: "modules"))
    // The longest first, so that no process is left alone with one at the end.
    units.sort { ($0.bytes, $1.unit.module) > ($1.bytes, $0.unit.module) }
    var items: [CandidateSelection.Item] = []
    try await inParallel(units.map(\.unit), jobs: jobs) { unit in
      let outcome = try await unit.run()
      let name = unit.placed.source.name
      step(outcome.stopped.first.map { "\(name): \($0.subject) stopped: \($0.reason)" })
      return (unit, outcome)
    } each: { unit, outcome in
      let name = unit.placed.source.name
      report.packages[name]?.add(outcome)
      for candidate in outcome.result.candidates {
        guard let subject = outcome.result.subjects[candidate.subject] else { continue }
        items.append(
          CandidateSelection.Item(
            package: unit.placed.source, subject: subject, candidate: candidate))
      }
    }
    return items
  }

  private func operatorsAllowed(in split: RepairTask.Split, of all: Set<String>) -> [String] {
    guard !sources.heldOutOperators.isEmpty else { return all.sorted() }
    let heldOut = sources.heldOutOperators
    return (split == .heldOut ? heldOut : all.subtracting(heldOut)).sorted()
  }

  // MARK: Writing

  private func write(
    _ items: [CandidateSelection.Item], _ report: inout MakingReport,
    _ begin: (Phase) -> Void, _ step: @escaping @Sendable (String?) -> Void
  ) async throws {
    begin(Phase(label: "Writing", total: items.count, unit: "tasks"))
    let numbered = Array(zip(CandidateSelection.ids(items), items))
    let (seed, output, staging) = (options.seed, output, staging)
    try await inParallel(numbered, jobs: jobs) { id, item in
      try Task.checkCancellation()
      let task = MadeTask(
        id: id, candidate: item.candidate, subject: item.subject, package: item.package,
        seed: seed, choice: CandidateSelection.choice(seed, item))
      let folder = output.appending(path: id)
      var problem: String?
      if !task.isWritten(in: folder) {
        problem = try task.write(
          to: folder, staging: staging, sound: item.subject.files[item.subject.path] ?? "")
      }
      step(nil)
      return (task, problem)
    } each: { task, problem in
      if let problem {
        report.packages[task.origin.package]?.rejected[problem, default: 0] += 1
      } else {
        report.add(task)
      }
    }
  }

  private func makeFromFolders(
    _ folders: [SourceFolder], _ operators: Set<String>, _ report: inout MakingReport,
    _ begin: (Phase) -> Void, _ step: @escaping @Sendable (String?) -> Void
  ) async throws {
    guard !folders.isEmpty else { return }
    begin(Phase(label: "Breaking", total: folders.count, unit: "repositories"))
    let makers = folders.map { source in
      FolderMaker(
        source: source, operators: operatorsAllowed(in: source.split, of: operators),
        options: options, support: support, staging: staging, results: results, output: output)
    }
    try await inParallel(makers, jobs: jobs) { maker in
      let outcome = try await maker.run()
      step(outcome.failure.map { "\(maker.source.name): \(Printable.line($0))" })
      return (maker.source, outcome)
    } each: { source, outcome in
      report.add(outcome, of: source)
    }
  }
}

extension MakingReport.Package {
  mutating func add(_ outcome: MakingUnit.Outcome) {
    let result = outcome.result
    subjects += result.subjects.count
    seconds += outcome.seconds
    for rejection in result.rejections { left[Printable.line(rejection.reason), default: 0] += 1 }
    for (reason, count) in result.counts {
      switch reason {
      case "candidates": candidates += count
      case "kept": break
      default: rejected[Printable.line(reason), default: 0] += count
      }
    }
    if result.damagedLines > 0 {
      rejected["not written by the script", default: 0] += result.damagedLines
    }
    stopped += outcome.stopped.map { "\($0.subject): \($0.reason)" }
  }
}

extension MakingReport {
  mutating func add(_ task: MadeTask) {
    packages[task.origin.package]?.tasks += 1
    count(task.split, task.origin.mutation, task.origin.difficulty.word)
  }

  mutating func add(_ outcome: FolderMaker.Outcome, of source: SourceFolder) {
    // It is there already if the source is a package.
    var entry = packages[source.name] ?? Package()
    entry.split = source.split.rawValue
    entry.candidates += outcome.candidates
    entry.tasks += outcome.tasks.count
    entry.rejected.merge(outcome.rejected, uniquingKeysWith: +)
    entry.failure = outcome.failure
    entry.seconds += outcome.seconds
    packages[source.name] = entry
    for task in outcome.tasks { count(task.split, task.mutation, task.difficulty) }
  }

  private mutating func count(
    _ split: RepairTask.Split, _ mutation: String, _ difficulty: String
  ) {
    splits[split.rawValue, default: 0] += 1
    operators[split.rawValue, default: [:]][mutation, default: 0] += 1
    difficulties[difficulty, default: 0] += 1
  }
}

extension SourceList {
  /// Equal for lists that ask for the same.
  var fingerprint: String {
    var lines = packages.map { "\($0)" } + folders.map { "\($0)" }
    lines.sort()
    return sha256Hex(
      Data((lines + heldOutOperators.sorted()).joined(separator: "\n").utf8))
  }
}
