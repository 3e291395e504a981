internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train the agent on repair tasks by self-distillation from hindsight (SDPO).",
    discussion: """
      Every step rolls out a group of episodes for each of a few tasks, grades them with hidden \
      tests, tells the same model how each ended, and distils the difference into every action. \
      The run's folder holds its configuration, metrics.jsonl, TensorBoard events, transcripts and \
      checkpoints; `hindsight train --resume FOLDER` continues it after any kind of stop.

      Before the first step, a pre-flight measures on a few tasks whether hindsight makes correct \
      actions likelier at all. If it doesn't, there is nothing to learn from it, and the run is \
      refused unless forced.

      Example: hindsight train --adapter runs/sft/adapter --steps 8 --output runs/first
      """)

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var episode: EpisodeOptions
  @OptionGroup var learning: LearningOptions

  @Option(help: "The folder of tasks.")
  var tasks = "tasks"

  @Option(help: "The split to train on.")
  var split: RepairTask.Split = .train

  @Option(help: "Optimiser steps.")
  var steps = 8

  @Option(name: .customLong("tasks-per-step"), help: "Tasks of a step.")
  var tasksPerStep = 4

  @Option(name: .customLong("group-size"), help: "Episodes of each task: its group.")
  var groupSize = 4

  @Option(help: "Seed of everything random in the run.")
  var seed: UInt64 = 0

  @Option(help: "The run's folder.")
  var output = "runs/train"

  @Flag(
    help: """
      Replace an earlier run in the output folder, and train even if hindsight tells the model \
      nothing.
      """)
  var force = false

  @Option(
    help: "Continue the run in this folder; its configuration is kept, other options ignored.")
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "Write a Chrome trace of where each step's time goes (for ui.perfetto.dev).",
      valueName: "file"))
  var trace: String?

  func run() async throws {
    let configuration = try resume.map(Self.readConfiguration) ?? newConfiguration()
    if resume == nil { try OutputFolder.check(output, holds: "config.json", force: force) }
    // Everything is loaded before the folder is made: what can't be used leaves nothing behind.
    let parts = try await Parts(configuration)
    let trace = try trace.map { try TraceWriter($0) }
    defer { trace?.finish() }
    let preFlight = resume == nil ? try await parts.preFlight(configuration, force: force) : nil
    let folder = try resume.map { URL(filePath: $0) } ?? newFolder(configuration)
    let trainer = try parts.makeTrainer(configuration, folder, resume: resume != nil)
    if let preFlight { try trainer.record(preFlight) }
    if trainer.step > 0 { print("continuing after step \(trainer.step)") }
    let display = TrainingDisplay(steps: configuration.steps)
    let box = TrainerBox(trainer)
    do {
      let outcome = try await cancellingOnInterrupt {
        try await box.trainer.run { event in
          display.show(event)
          guard case .finished(let report) = event, let trace else { return }
          do { try trace.write(report.spans) } catch { Failure.report("\(error)") }
        }
      }
      display.finish()
      try trainer.saveFinal()
      if case .collapsed(let reason) = outcome {
        Failure.report("stopped by a guard rail: \(reason); best/ holds the best weights so far")
        throw ExitCode(1)
      }
      let what = configuration.lora == nil ? "model" : "adapter"
      let isGGUF = FileManager.default.fileExists(
        atPath: folder.appending(path: "final/model.gguf").path)
      let saved = "\(folder.relativePath)/final" + (isGGUF ? "/model.gguf" : "")
      print("trained \(counted(trainer.step, "step")); \(what) in \(saved)")
    } catch is CancellationError {
      display.finish()
      print(
        "stopped after step \(trainer.step); `hindsight train --resume \(folder.relativePath)` goes on"
      )
      throw ExitCode(130)
    }
  }

  private func newConfiguration() throws -> TrainingConfiguration {
    let set = try TaskSet.load(URL(filePath: tasks), split: split)
    var configuration = try learning.configuration(
      model: modelOptions.model, precision: try precision.resolved, adapter: adapterOptions.adapter,
      tasks: tasks,
      taskIDs: set.tasks.map(\.id), seed: seed, steps: steps,
      tasksPerStep: tasksPerStep, groupSize: groupSize, sampling: sampling.parameters,
      episode: episode)
    if let problem = configuration.problem { throw ValidationError(problem) }
    configuration.tasksDigest = set.digest()
    return configuration
  }

  private func newFolder(_ configuration: TrainingConfiguration) throws -> URL {
    let folder = try OutputFolder.prepare(output, holds: "config.json", force: force)
    try OutputFolder.writeJSON(configuration, to: folder.appending(path: "config.json"))
    return folder
  }

  private static func readConfiguration(_ path: String) throws -> TrainingConfiguration {
    let file = URL(filePath: path).appending(path: "config.json")
    guard let data = try? Data(contentsOf: file) else {
      throw SetupError(
        description: "\(path) holds no config.json: it isn't a training run's folder")
    }
    let configuration: TrainingConfiguration
    do {
      configuration = try JSONDecoder().decode(TrainingConfiguration.self, from: data)
    } catch {
      throw SetupError(
        description:
          "\(file.path): this isn't a training configuration: "
          + JSONProblem.describe(error, in: data))
    }
    if let problem = configuration.problem {
      throw SetupError(description: "\(file.path): \(problem)")
    }
    return configuration
  }

}

/// What a trainer is made of, before it has a folder.
private struct Parts {
  let tasks: [RepairTask]
  let student: Learner
  let policy: LocalPolicy
  let judge: Judge?
  let setup: RolloutSetup

  init(_ configuration: TrainingConfiguration) async throws {
    let set = try TaskSet.load(URL(filePath: configuration.tasks), ids: configuration.taskIDs)
    if let digest = configuration.tasksDigest, digest != set.digest() {
      throw SetupError(
        description:
          "\(configuration.tasks): the tasks have changed since the run began: go on with the tasks "
          + "as they were, or begin another run")
    }
    tasks = set.tasks
    let precision = configuration.precision ?? .fp32
    _ = try PrecisionOption.resolve(precision.rawValue)
    let model = try LoadedModel.load(
      configuration.model, precision: precision, trainable: configuration.lora == nil)
    student = Learner(
      transformer: model.transformer, adapter: try Self.startingAdapter(model, configuration))
    policy = try LocalPolicy(
      model, adapter: student.adapter, adapterFolder: configuration.adapter,
      sampling: configuration.sampling, cacheBytes: configuration.cacheBytes)
    judge = try Judge.make(
      configuration.judge, beside: policy, at: configuration.model, precision: precision,
      isTrained: configuration.lora == nil)
    setup = try await RolloutSetup(configuration)
  }

  func makeTrainer(
    _ configuration: TrainingConfiguration, _ folder: URL, resume: Bool
  ) throws -> Trainer {
    let rollouts = try setup.rollouts(
      policy, folder: folder, tools: configuration.tools,
      partialCredit: configuration.partialCredit,
      feedback: configuration.hindsight.feedbackForm ?? .full, judge: judge)
    return try Trainer(
      configuration, folder: folder, tasks: tasks, student: student, policy: policy,
      rollouts: rollouts, resume: resume)
  }

  /// Measures the hindsight gap on a sample of the tasks and prints it; nil for a run without a
  /// teacher.
  ///
  /// - Throws: one sentence if there is no gap, unless forced.
  func preFlight(_ configuration: TrainingConfiguration, force: Bool) async throws -> PreFlight? {
    guard configuration.needsTeacher else { return nil }
    let scratch = try TemporaryFolder("pre-flight")
    defer { scratch.remove() }
    let oracles = OracleAttempts(
      dialect: setup.dialect, tools: configuration.tools, environment: setup.environment,
      tokenizer: policy.tokenizer, chatFormat: policy.chatFormat,
      hindsight: configuration.hindsight, seed: configuration.seed, folder: scratch.url)
    let sample = tasks.drawn(PreFlight.taskCount, seed: configuration.seed)
    let policy = policy
    let progress = ProgressReporter("Pre-flight", total: 2 * sample.count, unit: "passes")
    progress.advance(by: 0)
    defer { progress.finish() }
    let found = try await cancellingOnInterrupt {
      try await PreFlight.run(sample, policy: policy, oracles: oracles) { progress.advance() }
    }
    progress.finish()
    try PreFlightVerdict(found).announce(force: force)
    return found
  }

  private static func startingAdapter(
    _ model: LoadedModel, _ configuration: TrainingConfiguration
  ) throws -> LoRAParameters? {
    guard let lora = configuration.lora else { return nil }
    return try LoRAParameters.starting(
      from: configuration.adapter, or: lora, model: model.config, seed: configuration.seed)
  }
}

/// A trainer runs on one task at a time; this carries it there.
private struct TrainerBox: @unchecked Sendable {
  let trainer: Trainer
  init(_ trainer: Trainer) { self.trainer = trainer }
}

extension RolloutSetup {
  init(_ configuration: TrainingConfiguration) async throws {
    var options = EpisodeOptions()
    options.dialect = configuration.dialect
    options.sandbox = configuration.sandbox
    options.concurrency = configuration.concurrency
    options.maxTurns = configuration.limits.turns
    options.maxActionTokens = configuration.limits.actionTokens
    options.maxTokens = configuration.limits.totalTokens ?? Int.max
    options.resetAfter = configuration.limits.resetAfter
    options.episodeSeconds = configuration.limits.wallSeconds
    try await self.init(options)
  }
}

/// What a decoding error means, without Swift's own words for it.
enum JSONProblem {
  /// - data: what was decoded.
  static func describe(_ error: any Error, in data: Data) -> String {
    guard let error = error as? DecodingError else { return "it isn't JSON" }
    switch error {
    case .keyNotFound(let key, _): return "the key \"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      guard path.isEmpty else { return "\"\(path)\" has a value of the wrong kind" }
      if case .dataCorrupted = error {
        return JSONOverflow.first(in: data).map { "line \($0.line): \($0.problem)" }
          ?? "it isn't JSON"
      }
      return "it isn't an object"
    @unknown default: return "it can't be read"
    }
  }
}
