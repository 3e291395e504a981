internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

/// The training half of `hindsight sft`.
struct SFTRun: Sendable {
  let command: SFTCommand

  func train(_ training: [Demonstration], heldOut: [Demonstration]) async throws {
    let model = try LoadedModel.load(
      command.model, precision: try command.precision.resolved, trainable: command.full)
    let adapter = try adapter(model.config)
    let learner = Learner(transformer: model.transformer, adapter: adapter)
    let items = tokenized(training, model, "training")
    let measured = Self.withShuffledFeedback(
      Self.balanced(
        tokenized(heldOut, model, "held-out"), count: command.heldOut, seed: command.seed), model)
    let configuration = command.supervised(
      microBatchTokens: try passTokens(model.config, model.transformer.precision, adapter))
    let trainer = try SupervisedTrainer(
      configuration, engine: Engine(model.transformer), learner: learner, training: items,
      heldOut: measured)
    let lengths = items.map(\.example.student.count).sorted()
    print(
      "\(trainer.epochSize) demonstrations an epoch, \(trainer.updateCount) updates, "
        + "\(learner.trained.count) trained parameters; tokens of a demonstration: median "
        + "\(lengths[lengths.count / 2]), most \(lengths[lengths.count - 1])")
    let done = try trainer.resume(from: checkpoints)
    if done > 0 { print("going on after update \(done)") }
    try writeConfiguration(configuration)
    let metrics = try MetricsWriter(
      directory: command.folder, resumingAfter: done > 0 ? done : nil)
    let progress = ProgressReporter(
      "Training", total: trainer.epochSize * command.epochs - done * command.batch,
      unit: "demonstrations")
    var saved = ContinuousClock.now
    do {
      try await trainer.run { event in
        try follow(event, learner, model, metrics, progress)
        if case .updated = event, saved.duration(to: .now) > Self.checkpointInterval {
          try trainer.checkpoint(to: checkpoints)
          saved = .now
        }
      }
      try trainer.checkpoint(to: checkpoints)
    } catch is CancellationError {
      progress.finish()
      try trainer.checkpoint(to: checkpoints)
      try save(learner, model, to: name)
      print(
        "stopped; what was learnt so far is in \(command.output)/\(name); the same command goes on")
      throw ExitCode(130)
    }
    progress.finish()
    try save(learner, model, to: name)
    print("saved \(command.output)/\(name)")
  }

  /// What a kill loses at most.
  private static let checkpointInterval = Duration.seconds(180)

  private var checkpoints: URL { command.folder.appending(path: "checkpoints") }

  /// Throws what would end the training before it began, without reading the model's weights.
  func check() throws {
    let files = try ModelFiles.find(command.model)
    _ = try files.chatFormat()
    _ = try passTokens(files.config, try command.precision.resolved, try adapter(files.config))
  }

  private func passTokens(
    _ config: ModelConfig, _ precision: Precision, _ adapter: LoRAParameters?
  ) throws -> Int {
    try command.memory.microBatchTokens(
      MemoryPlan(
        config: config, precision: precision, trained: adapter?.buffer.count, teacher: .none,
        recompute: command.recompute, chunkRows: UpdatePass.chunkRows), isFull: command.full)
  }

  private var name: String { command.full ? "model" : "adapter" }

  /// What training begins with; nil where all parameters are trained.
  private func adapter(_ model: ModelConfig) throws -> LoRAParameters? {
    if command.full { return nil }
    let config = LoRAConfig(
      rank: command.rank, alpha: command.alpha ?? Float(2 * command.rank),
      targets: try command.linearKinds())
    return try LoRAParameters.starting(
      from: command.adapter, or: config, model: model, seed: command.seed)
  }

  /// The demonstrations that fit, as tokens; the others are counted.
  private func tokenized(
    _ demonstrations: [Demonstration], _ model: LoadedModel, _ what: String
  ) -> [SupervisedTrainer.Item] {
    let limit = min(command.maxTokens, model.config.contextLength)
    let items = demonstrations.map {
      SupervisedTrainer.Item($0, tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    }
    let kept = items.filter { $0.example.student.count <= limit }
    if kept.count < items.count {
      print(
        "\(items.count - kept.count) of \(items.count) \(what) demonstrations left out: longer "
          + "than \(limit) tokens")
    }
    return kept
  }

  /// About the same number of each kind of prompt, tasks spread as wide as can be.
  private static func balanced(
    _ items: [SupervisedTrainer.Item], count: Int, seed: UInt64
  ) -> [SupervisedTrainer.Item] {
    var random = SplitMix64(seeds: seed, 0x6865_6C64)
    let kinds = Demonstration.Hindsight.allCases
    var decks = kinds.map { kind in
      items.filter { $0.demonstration.hindsight == kind }.shuffled(using: &random)
    }
    var chosen: [SupervisedTrainer.Item] = []
    var uses: [String: Int] = [:]
    while chosen.count < min(count, items.count) {
      for index in decks.indices where chosen.count < count && !decks[index].isEmpty {
        let next = decks[index].indices.min {
          uses[decks[index][$0].demonstration.task, default: 0]
            < uses[decks[index][$1].demonstration.task, default: 0]
        }
        let item = decks[index].remove(at: next ?? 0)
        uses[item.demonstration.task, default: 0] += 1
        chosen.append(item)
      }
    }
    return chosen
  }

  /// And each one with feedback once more, told of another's failure: where that costs no more, feedback
  /// says nothing.
  private static func withShuffledFeedback(
    _ items: [SupervisedTrainer.Item], _ model: LoadedModel
  ) -> [SupervisedTrainer.Item] {
    let told = items.map(\.demonstration).filter { $0.hindsight == .feedback }
    let shuffled = told.indices.compactMap { index -> SupervisedTrainer.Item? in
      let others = (1..<told.count).map { told[(index + $0) % told.count] }
      guard let other = others.first(where: { $0.task != told[index].task }),
        let twin = told[index].told(of: other)
      else { return nil }
      return SupervisedTrainer.Item(
        twin, label: "shuffled", tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    }
    return items + shuffled
  }

  private func follow(
    _ event: SupervisedTrainer.Event, _ learner: Learner, _ model: LoadedModel,
    _ metrics: MetricsWriter, _ progress: ProgressReporter
  ) throws {
    switch event {
    case .trained(let epoch, let count, let loss):
      progress.advance(by: count, note: String(format: "epoch %d, loss %.3f", epoch, loss))
    case .updated(let update):
      try metrics.write(
        step: update.number,
        [
          "epoch": Double(update.epoch), "loss": update.loss,
          "learning_rate": Double(update.learningRate),
          "grad_norm": Double(update.gradientNorm),
          "action_tokens": Double(update.actionTokens), "tokens": Double(update.tokens),
        ])
    case .measured(let update, let measure):
      progress.line(describe(measure, after: update))
      try metrics.write(step: update, Self.values(measure))
    case .finished(let epoch):
      progress.line(
        "epoch \(epoch.epoch): "
          + String(format: "loss %.4f, %.0f tokens/s", epoch.loss, epoch.tokensPerSecond))
      try save(learner, model, to: "epochs/\(epoch.epoch)")
    }
  }

  private static let labels = Demonstration.Hindsight.allCases.map(\.rawValue) + ["shuffled"]

  private static func values(_ measure: SupervisedTrainer.Measure) -> [String: Double] {
    var values = ["held_out/loss": measure.loss]
    for (label, loss) in measure.byLabel { values["held_out/loss_\(label)"] = loss }
    for (label, loss) in measure.editLoss { values["held_out/edit_loss_\(label)"] = loss }
    for (label, share) in measure.edits { values["held_out/edit_probability_\(label)"] = share }
    return values
  }

  private func describe(_ measure: SupervisedTrainer.Measure, after update: Int) -> String {
    let kinds = Self.labels.compactMap { label in
      measure.editLoss[label].map {
        "\(label) " + String(format: "%.2f (%.1f %%)", $0, 100 * (measure.edits[label] ?? 0))
      }
    }
    return "update \(update): " + String(format: "held-out loss %.4f; ", measure.loss)
      + "the right edit's nats and probability: " + kinds.joined(separator: ", ")
  }

  // MARK: Files

  private func save(_ learner: Learner, _ model: LoadedModel, to path: String) throws {
    try learner.save(to: command.folder.appending(path: path), baseModel: command.model)
  }

  /// What the run was, for whoever finds the folder.
  private func writeConfiguration(_ configuration: SupervisedConfiguration) throws {
    struct Record: Encodable {
      var model: String
      var precision: String
      var adapter: String?
      var tasks, split, dialect, feedback: String
      var rollouts: String?
      var ids, bugs: [String]
      var sandbox: String
      var maxTokens: Int
      var supervised: SupervisedConfiguration
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let record = Record(
      model: command.model, precision: try command.precision.resolved.rawValue,
      adapter: command.adapter, tasks: command.tasks,
      split: command.split.rawValue, dialect: command.dialect, feedback: command.feedback,
      rollouts: command.rollouts, ids: command.ids, bugs: command.bugs,
      sandbox: command.sandbox.rawValue, maxTokens: command.maxTokens, supervised: configuration)
    try encoder.encode(record).write(
      to: command.folder.appending(path: "config.json"), options: .atomic)
  }
}
