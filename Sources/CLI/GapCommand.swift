internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

struct GapCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gap",
    abstract: "Measure what hindsight knows: what a model does with it minus without.",
    discussion: """
      A model can only learn from hindsight what it reads out of it. For every kind of hindsight this \
      measures how much likelier it makes correct actions (an oracle's, played through the sandbox), \
      how much less likely the model's own edits in episodes that failed, and how many tasks are \
      solved with it. Hindsight of another task is the control: a difference of about 0 between the \
      two says that the content isn't read.

      Example: hindsight gap --split held-out --sample 8 --adapter models/adapters/warm-start
      """)

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var episode: EpisodeOptions
  @OptionGroup var selection: TaskSelection

  @Option(help: "Only so many of the tasks, drawn by the seed.")
  var sample: Int?

  @Option(
    help: "Episodes of each task with each kind of hindsight; 0: correct actions alone.")
  var episodes = 2

  @Option(
    name: .customLong("placement"), parsing: .upToNextOption,
    help: "Only hindsight told there, several: final, turn, next or lookahead(turns).")
  var placements: [String] = []

  @Option(help: "How much of the tests' feedback: full, or tight(characters).")
  var feedback = "full"

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Write all figures to a file too.", valueName: "file"))
  var json: String?

  func validate() throws {
    if let sample, sample < 1 {
      throw ValidationError("--sample is \(sample), expected 1 or more")
    }
    guard Dialects.complete.contains(episode.dialect) else {
      throw ValidationError("--dialect \(episode.dialect) can't show a task's solution")
    }
    if episodes < 0 { throw ValidationError("--episodes is \(episodes), expected 0 or more") }
  }

  func run() async throws {
    let form = try FeedbackForm(parsing: feedback)
    let conditions =
      placements.isEmpty
      ? GapCondition.all
      : try placements.flatMap { GapCondition.at(try HindsightPlacement(parsing: $0)) }
    try OutputFile.check(json, option: "--json")
    let tasks = try selection.load().drawn(sample, seed: seed)
    let setup = try await RolloutSetup(episode)
    let precision = try precision.resolvedForInference
    let model = try LoadedModel.load(modelOptions.model, precision: precision)
    let policy = try LocalPolicy(
      model, adapter: try adapterOptions.load(model.config),
      adapterFolder: adapterOptions.adapter, sampling: sampling.parameters)
    let scratch = try TemporaryFolder("gap")
    defer { scratch.remove() }
    var rollouts = try setup.rollouts(policy, folder: scratch.url, feedback: form)
    rollouts.transcripts = nil
    let oracles = OracleAttempts(
      dialect: setup.dialect, environment: setup.environment, tokenizer: model.tokenizer,
      chatFormat: model.chatFormat, hindsight: HindsightConfiguration(feedbackForm: form),
      seed: seed, folder: scratch.url)
    let run = GapRun(
      tasks: tasks, policy: policy, oracles: oracles, rollouts: rollouts,
      conditions: conditions, episodes: episodes)
    let report = try await cancellingOnInterrupt { try await run.report() }
    print(GapTable.render(report))
    if let json {
      let record = Record(
        model: modelOptions.model, adapter: adapterOptions.adapter, precision: precision.rawValue,
        tasks: tasks.map(\.id), seed: seed, episodes: episodes, gap: report)
      try OutputFolder.writeJSON(record, to: URL(filePath: json))
      print("figures in \(json)")
    }
  }

  private struct Record: Encodable {
    var model: String
    var adapter: String?
    var precision: String
    var tasks: [String]
    var seed: UInt64
    var episodes: Int
    var gap: GapReport
  }
}

/// The parts of a measurement, one after another.
private struct GapRun: Sendable {
  let tasks: [RepairTask]
  let policy: LocalPolicy
  let oracles: OracleAttempts
  let rollouts: Rollouts
  let conditions: [GapCondition]
  let episodes: Int

  func report() async throws -> GapReport {
    let made = try await following("Demonstrating", tasks.count, "tasks") { step in
      try await oracles.make(tasks, finished: step)
    }
    guard !made.attempts.isEmpty else {
      throw SetupError(
        description: "no task has a solution to measure with: \(made.problems.first ?? "")")
    }
    let attempts = made.attempts
    let measure = GapMeasure(policy: policy, oracles: oracles, conditions: conditions)
    let correct = try await following("Scoring", attempts.count, "tasks") { step in
      try await measure.correct(attempts, finished: step)
    }
    var report = GapReport(correct: correct, leftOut: made.problems)
    guard episodes > 0 else { return report }
    let total = measure.successEpisodes(attempts, samples: episodes)
    let (gaps, plain) = try await following("Rolling out", total, "episodes") { step in
      try await measure.success(attempts, rollouts, samples: episodes, finished: step)
    }
    if let reason = plain.reasonNothingCounts {
      throw SetupError(description: "no episode could be run: \(reason)")
    }
    report.success = gaps
    report.blame = try await following(
      "Scoring edits", GapMeasure.blamed(plain), "episodes"
    ) { step in
      try await measure.blame(attempts, plain, finished: step)
    }
    return report
  }

  private func following<Value>(
    _ what: String, _ total: Int, _ unit: String,
    _ body: (@escaping @Sendable () -> Void) async throws -> Value
  ) async throws -> Value {
    let progress = ProgressReporter(what, total: total, unit: unit)
    progress.advance(by: 0)
    defer { progress.finish() }
    return try await body { progress.advance() }
  }
}

extension [RepairTask] {
  /// So many of the tasks, drawn by a seed, in their order; all for nil.
  func drawn(_ count: Int?, seed: UInt64) -> [RepairTask] {
    guard let count, count < self.count else { return self }
    var random = SplitMix64(seeds: seed, 0x6472_6177)
    return indices.shuffled(using: &random).prefix(count).sorted().map { self[$0] }
  }
}
