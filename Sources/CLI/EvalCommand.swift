internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

struct EvalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure pass@1 and pass@k of a model over a set of repair tasks.",
    discussion: """
      Each task is tried several times; hidden tests decide. Writes report.json, predictions.jsonl \
      (SWE-bench's form), swebench/SAMPLE.json (its harness's report) and a transcript per episode to the \
      output folder.

      --policy gold grades the tasks' own solutions instead, and --policy empty what comes of doing \
      nothing: every evaluation lies between the two.

      Example: hindsight eval --split held-out --samples 4 --adapter models/adapters/warm-start
      """)

  /// Who acts.
  enum EvaluatedPolicy: String, ExpressibleByArgument, CaseIterable {
    case model, gold, empty
  }

  @Option(help: "Who acts: model, gold or empty.")
  var policy = EvaluatedPolicy.model

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var episode: EpisodeOptions
  @OptionGroup var selection: TaskSelection
  @OptionGroup var judge: JudgeOptions

  @Option(help: "Episodes of each task; of a model 4 unless given, of gold and empty always 1.")
  var samples: Int?

  @Option(name: .customLong("k"), parsing: .upToNextOption, help: "The k of pass@k, several.")
  var ks: [Int] = []

  @Option(help: "Seed of the sampling.")
  var seed: UInt64 = 0

  @Option(help: "Folder for the results; must not hold another evaluation's.")
  var output = "runs/eval"

  @Flag(help: "Replace what an earlier evaluation left in the output folder.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Write a Chrome trace of where the time goes (for ui.perfetto.dev).", valueName: "file"))
  var trace: String?

  /// A bound needs no second try: nothing in it is left to chance.
  private var episodesOfEach: Int { samples ?? (policy == .model ? 4 : 1) }

  func validate() throws {
    let samples = episodesOfEach
    if samples < 1 { throw ValidationError("--samples is \(samples), expected 1 or more") }
    if policy != .model, samples > 1 {
      throw ValidationError(
        "--samples is \(samples), expected 1: --policy \(policy.rawValue) does the same each time")
    }
    if let k = ks.first(where: { $0 < 1 || $0 > samples }) {
      throw ValidationError("--k is \(k), expected 1 to the number of samples, \(samples)")
    }
  }

  func run() async throws {
    let tasks = try selection.load()
    try OutputFolder.check(output, holds: "report.json", force: force)
    let setup = try await RolloutSetup(episode)
    if let bound = Bound(rawValue: policy.rawValue) {
      return try await measure(bound, tasks, setup)
    }
    let samples = episodesOfEach
    let precision = try precision.resolvedForInference
    let model = try LoadedModel.load(modelOptions.model, precision: precision)
    let cache = Engine.cache(
      of: model.transformer, conversations: episode.concurrency, tokens: episode.maxTokens)
    if cache.conversations < episode.concurrency {
      print("memory holds \(cache.conversations) episodes of \(episode.maxTokens) tokens at once")
    }
    let policy = try LocalPolicy(
      model, adapter: try adapterOptions.load(model.config),
      adapterFolder: adapterOptions.adapter, sampling: sampling.parameters,
      cacheBytes: cache.bytes)
    let judge = try Judge.make(
      judge.configuration, beside: policy, at: modelOptions.model, precision: precision)
    let trace = try trace.map { try TraceWriter($0) }
    defer { trace?.finish() }
    // Last, so that what can't be used leaves no folder behind.
    let folder = try OutputFolder.prepare(output, holds: "report.json", force: force)
    let rollouts = try setup.rollouts(
      policy, folder: folder, judge: judge, concurrency: cache.conversations)
    let progress = ProgressReporter(
      "Evaluating", total: tasks.count * samples, unit: "episodes")
    let groups: [[Rollout]]
    let start = ContinuousClock.now
    do {
      groups = try await cancellingOnInterrupt {
        try await rollouts.run(tasks, samples: samples, label: "eval", seed: seed, step: 0) {
          progress.advance(
            note: "\($0.trajectory.taskID): \($0.grade.resolved ? "resolved" : "not")")
        }
      }
    } catch is CancellationError {
      progress.finish()
      print(
        "stopped before the end, so there is no report; what the episodes did is in "
          + "\(output)/transcripts; the same command evaluates anew")
      throw ExitCode(130)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    progress.finish()
    try trace?.write(groups.spans)
    if let reason = groups.reasonNothingCounts {
      throw SetupError(description: "no episode could be run: \(reason)")
    }
    try write(
      EvaluationReport(
        tasks: tasks.map { ($0.id, $0.split.rawValue) }, groups: groups,
        ks: ks.isEmpty ? [1, samples] : ks, seed: seed,
        cost: .init(seconds: seconds, generation: policy.engine.statistics)),
      groups, model: model.name, to: folder)
  }

  private func measure(_ bound: Bound, _ tasks: [RepairTask], _ setup: RolloutSetup) async throws {
    let folder = try OutputFolder.prepare(output, holds: "report.json", force: force)
    let groups = try await grade(bound, tasks, setup)
    if let reason = groups.reasonNothingCounts {
      throw SetupError(description: "no task could be graded: \(reason)")
    }
    try write(
      EvaluationReport(
        tasks: tasks.map { ($0.id, $0.split.rawValue) }, groups: groups, ks: [1], seed: seed),
      groups, model: bound.rawValue, to: folder)
  }

  private func grade(
    _ bound: Bound, _ tasks: [RepairTask], _ setup: RolloutSetup
  ) async throws -> [[Rollout]] {
    let progress = ProgressReporter("Grading", total: tasks.count, unit: "tasks")
    let groups = try await cancellingOnInterrupt {
      try await bound.grade(tasks, by: Grader(sandbox: setup.environment.sandbox)) {
        progress.advance(note: "\($0.trajectory.taskID): \($0.grade.resolved ? "resolved" : "not")")
      }
    }
    progress.finish()
    return groups
  }

  private func write(
    _ report: EvaluationReport, _ groups: [[Rollout]], model: String, to folder: URL
  ) throws {
    try Predictions.write(groups, model: model, to: folder.appending(path: "predictions.jsonl"))
    let folders = folder.appending(path: "swebench")
    try FileManager.default.createDirectory(at: folders, withIntermediateDirectories: true)
    for sample in 0..<(groups.map(\.count).max() ?? 0) {
      let rollouts = groups.compactMap { $0.first { $0.trajectory.sample == sample } }
      try OutputFolder.writeJSON(
        SWEBenchReport(tasks: report.tasks.map(\.id), rollouts),
        to: folders.appending(path: "\(sample).json"))
    }
    // Last: it says that the evaluation is done.
    try OutputFolder.writeJSON(report, to: folder.appending(path: "report.json"))
    print(EvaluationTable.render([("", report)]))
    print("results in \(output)")
  }
}

/// SWE-bench's predictions: one JSON object a line.
enum Predictions {
  static func write(_ groups: [[Rollout]], model: String, to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = Data()
    for rollout in groups.joined() where rollout.counts {
      let trajectory = rollout.trajectory
      data += try encoder.encode(
        Prediction(
          instance: trajectory.taskID, model: "\(model)/\(trajectory.sample)",
          patch: String(decoding: trajectory.finalDiff, as: UTF8.self)))
      data.append(UInt8(ascii: "\n"))
    }
    try data.write(to: file, options: .atomic)
  }
}

/// Reports side by side.
enum EvaluationTable {
  static func render(_ reports: [(name: String, report: EvaluationReport)]) -> String {
    var lines: [String] = []
    for (name, report) in reports {
      let rates = report.passAtK.map {
        "pass@\($0.k) \(percent($0.value)) [\(percent($0.low)), \(percent($0.high))]"
      }
      let title = name.isEmpty ? "" : name.padding(toLength: 22, withPad: " ", startingAt: 0)
      lines.append("\(title)\(rates.joined(separator: "   "))")
      lines.append(
        "\(String(repeating: " ", count: title.count))\(counted(report.tasks.count, "task")), "
          + "\(counted(report.episodes, "episode")) (\(report.dropped) dropped), "
          + "\(percent(report.malformedShare)) of the actions malformed, "
          + "\(endings(report)), "
          + String(format: "%.1f", report.meanTurns) + " turns "
          + (report.meanContexts.map { String(format: "in %.1f contexts ", $0) } ?? "") + "and "
          + String(format: "%.0f", report.meanActionTokens) + " action tokens an episode")
      if let judged = report.judged {
        lines.append(
          String(repeating: " ", count: title.count)
            + "\(counted(judged, "failed episode")) judged, "
            + "\(report.judgeFailures ?? 0) without an answer")
      }
      if let cost = report.cost {
        lines.append(String(repeating: " ", count: title.count) + line(cost))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// "17.2 % submitted, 69.5 % ended by time_limit": submitted first, then whatever ended most episodes.
  private static func endings(_ report: EvaluationReport) -> String {
    let others = (report.stopReasons ?? [:]).filter { $0.key != StopReason.submitted.name }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\(percent(Double($0.value) / Double(max(1, report.episodes)))) ended by \($0.key)" }
    return (["\(percent(report.submittedShare)) submitted"] + others).joined(separator: ", ")
  }

  private static func line(_ cost: EvaluationReport.Cost) -> String {
    let generation = cost.generation
    let context = generation.computedTokens + generation.reusedTokens
    return
      "\(generation.sampledTokens) tokens sampled at \(rate(generation.samplingRate)), "
      + "\(generation.computedTokens) context tokens computed at \(rate(generation.contextRate)) ("
      + percent(Double(generation.reusedTokens) / Double(max(1, context)))
      + String(format: " of the contexts reused), %.0f s in all", cost.seconds)
  }

  private static func rate(_ value: Double?) -> String {
    value.map { String(format: "%.0f a second", $0) } ?? "an unknown rate"
  }

  static func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
}
