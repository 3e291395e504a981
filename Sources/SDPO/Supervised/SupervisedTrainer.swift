public import Foundation
public import LanguageModel
import Tools

/// Cross-entropy on the actions of demonstrations.
public final class SupervisedTrainer {
  public let configuration: SupervisedConfiguration
  private let engine: Engine
  private let learner: Learner
  private let optimizer: AdamW
  private let gradients: GradientTarget
  private let training: [Item]
  private let heldOut: [Item]
  private var progress = Progress()

  /// How far a run has come: all that its next update depends on besides weights and moments.
  struct Progress: RunState, Equatable {
    /// What the run trains on and how: another run's checkpoint is none of this one's.
    var key = ""
    var updates = 0
    /// Of the epoch under way.
    var loss = 0.0
    var rows = 0
    var tokens = 0
    var seconds = 0.0

    var step: Int { updates }
  }

  /// A demonstration and its tokens.
  public struct Item: Sendable {
    public var demonstration: Demonstration
    public var example: TrainingExample
    /// Under what name its loss is told.
    public var label: String

    public init(
      _ demonstration: Demonstration, label: String? = nil, tokenizer: Tokenizer,
      chatFormat: ChatFormat
    ) {
      self.demonstration = demonstration
      self.label = label ?? demonstration.hindsight.rawValue
      example = demonstration.example(tokenizer: tokenizer, chatFormat: chatFormat)
    }
  }

  public enum Event: Sendable {
    /// Demonstrations more that have been trained on, and their update's loss.
    case trained(epoch: Int, demonstrations: Int, loss: Double)
    case updated(UpdateReport)
    /// After so many updates; 0 is before training.
    case measured(update: Int, Measure)
    case finished(EpochReport)
  }

  /// What held-out demonstrations cost.
  public struct Measure: Sendable, Equatable {
    /// Mean over their action tokens, in all and by what the prompt tells, in nats.
    public var loss: Double
    public var byLabel: [String: Double]
    /// The probability that the first right edit is sampled as it stands: the mean over demonstrations,
    /// by what the prompt tells.
    public var edits: [String: Double]
    /// The same edit's negative log-probability, in nats.
    public var editLoss: [String: Double]
  }

  public struct UpdateReport: Sendable {
    /// From 1.
    public var number: Int
    public var epoch: Int
    /// Mean cross-entropy of the batch's action tokens before the update, in nats.
    public var loss: Double
    public var learningRate: Float
    /// Of the gradient before clipping.
    public var gradientNorm: Float
    public var actionTokens: Int
    public var tokens: Int
  }

  public struct EpochReport: Sendable {
    /// From 1.
    public var epoch: Int
    /// Mean over the epoch's action tokens, as they were met.
    public var loss: Double
    public var tokensPerSecond: Double
  }

  /// - engine: the only one to use the learner's network.
  /// - heldOut: never trained on.
  /// - Throws: ``DemonstrationError`` if the configuration can't be, or there's nothing to train on.
  public init(
    _ configuration: SupervisedConfiguration, engine: Engine, learner: Learner, training: [Item],
    heldOut: [Item]
  ) throws {
    if let problem = configuration.problem { throw DemonstrationError(problem) }
    guard training.contains(where: { !$0.example.rows.isEmpty }) else {
      throw DemonstrationError("there is no demonstration to train on")
    }
    self.configuration = configuration
    self.engine = engine
    self.learner = learner
    self.training = training.filter { !$0.example.rows.isEmpty }
    self.heldOut = heldOut.filter { !$0.example.rows.isEmpty }
    optimizer = AdamW(parameterCount: learner.trained.count)
    gradients = learner.makeGradients()
  }

  /// Demonstrations of one epoch, and updates of the whole run.
  public var epochSize: Int { configuration.order(epoch: 1, tasks: tasks).count }
  public var updateCount: Int {
    configuration.epochs * ((epochSize + configuration.batch - 1) / configuration.batch)
  }

  private var tasks: [String] { training.map(\.demonstration.task) }

  /// Measures of a run, evenly spread, besides the one before it.
  private static let measures = 12

  /// Trains from where the run stands. Cancelling the task stops it between two passes: what was learnt so
  /// far stays in the learner, and `CancellationError` is thrown.
  ///
  /// - report: called in order; after any event the run can be saved.
  public func run(_ report: (Event) async throws -> Void) async throws {
    if progress.updates == 0, let measure = try await measure() {
      try await report(.measured(update: 0, measure))
    }
    let total = updateCount
    var number = 0
    for epoch in 1...configuration.epochs {
      let order = configuration.order(epoch: epoch, tasks: tasks)
      for first in stride(from: 0, to: order.count, by: configuration.batch) {
        number += 1
        let isLast = first + configuration.batch >= order.count
        if number > progress.updates {
          let indices = order[first..<min(first + configuration.batch, order.count)]
          let update = try await trackedUpdate(indices, number: number, epoch: epoch)
          try await report(.updated(update))
          try await report(
            .trained(epoch: epoch, demonstrations: indices.count, loss: update.loss))
        } else if number < progress.updates || !isLast || progress.rows == 0 {
          // Made before, and not an epoch's last, of which the end was still to be told.
          continue
        }
        if isLast || number * Self.measures / total > (number - 1) * Self.measures / total,
          let measure = try await measure()
        {
          try await report(.measured(update: number, measure))
        }
        if isLast {
          let finished = EpochReport(
            epoch: epoch, loss: progress.loss / Double(max(1, progress.rows)),
            tokensPerSecond: Double(progress.tokens) / max(progress.seconds, 1e-9))
          progress = Progress(key: progress.key, updates: number)
          try await report(.finished(finished))
        }
      }
    }
  }

  private func trackedUpdate(
    _ indices: ArraySlice<Int>, number: Int, epoch: Int
  ) async throws -> UpdateReport {
    let start = ContinuousClock.now
    let update = try await update(
      indices.map { training[$0].example }, number: number, epoch: epoch)
    guard update.loss.isFinite, update.gradientNorm.isFinite else {
      throw DemonstrationError(
        "the loss is no longer finite at update \(number); try a lower learning rate")
    }
    progress.updates = number
    progress.loss += update.loss * Double(update.actionTokens)
    progress.rows += update.actionTokens
    progress.tokens += update.tokens
    progress.seconds += (ContinuousClock.now - start) / .seconds(1)
    return update
  }

  private func update(
    _ examples: [TrainingExample], number: Int, epoch: Int
  ) async throws -> UpdateReport {
    var examples = examples
    Normalization.token.apply(to: &examples) { _ in true }
    let pass = UpdatePass(
      student: learner, teacher: nil, teacherKind: .frozen, objective: .crossEntropy,
      microBatchTokens: configuration.microBatchTokens, recompute: configuration.recompute)
    let gradients = gradients
    gradients.buffer.zero()
    var loss = 0.0
    // A pass at a time, so that a cancellation needn't wait for the whole batch.
    for batch in microBatches(examples) {
      try Task.checkCancellation()
      let statistics = try await engine.perform { _ in
        try pass.run(batch, gradients: gradients)
      }
      loss += statistics.joined().reduce(0) { $0 + $1.loss }
    }
    var config = configuration.optimizer
    config.learningRate = configuration.learningRate(update: number, of: updateCount)
    let (learner, optimizer, options) = (learner, optimizer, config)
    // Through the engine, which must not keep what it computed with the old weights.
    let norm = try await engine.perform { _ in
      optimizer.update(learner.trained, gradients: gradients.buffer, step: number, config: options)
    }
    return UpdateReport(
      number: number, epoch: epoch, loss: loss, learningRate: config.learningRate,
      gradientNorm: norm, actionTokens: examples.reduce(0) { $0 + $1.rows.count },
      tokens: examples.reduce(0) { $0 + $1.student.count })
  }

  private func microBatches(_ examples: [TrainingExample]) -> [[TrainingExample]] {
    var batches: [[TrainingExample]] = []
    var tokens = 0
    for example in examples {
      if batches.isEmpty || tokens + example.read.count > configuration.microBatchTokens {
        batches.append([])
        tokens = 0
      }
      batches[batches.count - 1].append(example)
      tokens += example.read.count
    }
    return batches
  }

  /// Nil without held-out demonstrations.
  private func measure() async throws -> Measure? {
    struct Sums {
      var loss = 0.0
      var rows = 0
      var edits: [Double] = []
    }
    var sums: [String: Sums] = [:]
    let learner = learner
    for item in heldOut {
      try Task.checkCancellation()
      let example = item.example
      let context = ScoredContext(tokens: example.student, actions: example.studentActions)
      let logprobs = try await engine.read { _ in try learner.logprobs([[context]]) }
      sums[item.label, default: Sums()].loss -= logprobs.reduce(0, +)
      sums[item.label, default: Sums()].rows += logprobs.count
      let edit = item.demonstration.firstEdit
      let rows = example.rows.indices.filter { Int(example.rows[$0].turn) == edit }
      if !rows.isEmpty {
        sums[item.label, default: Sums()].edits.append(rows.reduce(0) { $0 + logprobs[$1] })
      }
    }
    let rows = sums.values.reduce(0) { $0 + $1.rows }
    guard rows > 0 else { return nil }
    let edits = sums.mapValues(\.edits).filter { !$0.value.isEmpty }
    return Measure(
      loss: sums.keys.sorted().reduce(0) { $0 + (sums[$1]?.loss ?? 0) } / Double(rows),
      byLabel: sums.mapValues { $0.loss / Double($0.rows) },
      edits: edits.mapValues { $0.reduce(0) { $0 + exp($1) } / Double($0.count) },
      editLoss: edits.mapValues { -$0.reduce(0, +) / Double($0.count) })
  }

  // MARK: Checkpoints

  /// Goes on from the folder's newest checkpoint, if it has one.
  ///
  /// - Returns: the updates that were made already.
  /// - Throws: if it's a checkpoint of another run, or damaged.
  public func resume(from folder: URL) throws -> Int {
    let key = try key
    progress.key = key
    let saved = try Checkpoints(folder: folder).loadLatest(
      Progress.self, student: learner, teacher: nil, optimizer: optimizer
    ) { saved in
      guard saved.key == key else {
        throw DemonstrationError(
          "\(folder.path(percentEncoded: false)) is of a run with other demonstrations or options: "
            + "choose another output folder, or delete it")
      }
    }
    if let saved { progress = saved }
    return progress.updates
  }

  /// Saves weights, moments and position, so that a run resumed from there makes the same updates.
  public func checkpoint(to folder: URL) throws {
    try Checkpoints(folder: folder).save(
      progress, student: learner, teacher: nil, optimizer: optimizer)
  }

  /// A digest of the configuration, of the weights that the run starts from, and of all demonstrations.
  private var key: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      var data = try encoder.encode(configuration)
      let trained = learner.trained
      data += Data(
        sha256Hex(UnsafeRawBufferPointer(start: trained.base, count: 4 * trained.count)).utf8)
      for item in training {
        item.example.student.withUnsafeBytes { data.append(contentsOf: $0) }
        item.example.studentActions.withUnsafeBytes { data.append(contentsOf: $0) }
      }
      return sha256Hex(data)
    }
  }
}
