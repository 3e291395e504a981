import Foundation
public import LanguageModel

/// Cross-entropy on the actions of demonstrations.
public final class SupervisedTrainer {
  public let configuration: SupervisedConfiguration
  private let engine: Engine
  private let learner: Learner
  private let optimizer: AdamW
  private let gradients: GradientTarget
  private let training: [Item]
  private let heldOut: [Item]

  /// A demonstration and its tokens.
  public struct Item: Sendable {
    public var demonstration: Demonstration
    public var example: TrainingExample

    public init(_ demonstration: Demonstration, tokenizer: Tokenizer, chatFormat: ChatFormat) {
      self.demonstration = demonstration
      example = demonstration.example(tokenizer: tokenizer, chatFormat: chatFormat)
    }
  }

  public enum Event: Sendable {
    /// Demonstrations more that have been trained on, and their update's loss.
    case trained(epoch: Int, demonstrations: Int, loss: Double)
    case updated(UpdateReport)
    case finished(EpochReport)
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
    /// From 1; 0 is before training.
    public var epoch: Int
    /// Mean over the epoch's action tokens, as they were met; nil before training.
    public var loss: Double?
    /// Mean over the held-out demonstrations' action tokens, in all and by what the prompt tells.
    public var heldOutLoss: Double?
    public var heldOutByHindsight: [String: Double]
    public var tokensPerSecond: Double?
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

  /// Trains. Cancelling the task stops it between two passes: what was learnt so far stays in the
  /// learner, and `CancellationError` is thrown.
  ///
  /// - report: called in order; an epoch's end is the time to save.
  public func run(_ report: (Event) async throws -> Void) async throws {
    try await report(
      .finished(try await evaluate(EpochReport(epoch: 0, heldOutByHindsight: [:]))))
    var number = 0
    for epoch in 1...configuration.epochs {
      let order = configuration.order(epoch: epoch, tasks: tasks)
      let start = ContinuousClock.now
      var (loss, rows, tokens) = (0.0, 0, 0)
      for first in stride(from: 0, to: order.count, by: configuration.batch) {
        let indices = order[first..<min(first + configuration.batch, order.count)]
        number += 1
        let update = try await update(
          indices.map { training[$0].example }, number: number, epoch: epoch)
        guard update.loss.isFinite, update.gradientNorm.isFinite else {
          throw DemonstrationError(
            "the loss is no longer finite at update \(number); try a lower learning rate")
        }
        loss += update.loss * Double(update.actionTokens)
        rows += update.actionTokens
        tokens += update.tokens
        try await report(.updated(update))
        try await report(
          .trained(epoch: epoch, demonstrations: indices.count, loss: update.loss))
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      try await report(
        .finished(
          try await evaluate(
            EpochReport(
              epoch: epoch, loss: loss / Double(max(1, rows)), heldOutByHindsight: [:],
              tokensPerSecond: Double(tokens) / max(seconds, 1e-9)))))
    }
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
      if batches.isEmpty || tokens + example.student.count > configuration.microBatchTokens {
        batches.append([])
        tokens = 0
      }
      batches[batches.count - 1].append(example)
      tokens += example.student.count
    }
    return batches
  }

  /// The held-out demonstrations' loss.
  private func evaluate(_ report: EpochReport) async throws -> EpochReport {
    var sums: [String: (loss: Double, rows: Int)] = [:]
    let learner = learner
    for item in heldOut {
      try Task.checkCancellation()
      let example = item.example
      let logprob = try await engine.read { _ in try learner.logprob(of: example) }
      let key = item.demonstration.hindsight.rawValue
      let old = sums[key, default: (0, 0)]
      sums[key] = (old.loss - logprob, old.rows + example.rows.count)
    }
    var report = report
    report.heldOutByHindsight = sums.mapValues { $0.loss / Double($0.rows) }
    let rows = sums.values.reduce(0) { $0 + $1.rows }
    if rows > 0 {
      let loss = sums.keys.sorted().reduce(0.0) { $0 + (sums[$1]?.loss ?? 0) }
      report.heldOutLoss = loss / Double(rows)
    }
    return report
  }
}

extension Learner {
  private static let chunkRows = 64

  /// The sum of the action tokens' log-probabilities at temperature 1, in nats.
  func logprob(of example: TrainingExample) throws -> Double {
    let config = transformer.config
    guard let last = example.studentActions.last else { return 0 }
    let hidden = transformer.extend(
      [
        Transformer.Input(
          tokens: example.student[..<last], cache: transformer.makeCache(),
          wanted: example.studentActions.map { $0 - 1 })
      ], adapter: adapter, kernel: .library)
    let buffer = FloatBuffer(count: Self.chunkRows * config.vocabularySize)
    var rows = example.rows
    for index in rows.indices { rows[index].weight = 1 }
    var sum = 0.0
    for start in stride(from: 0, to: rows.count, by: Self.chunkRows) {
      let range = start..<min(start + Self.chunkRows, rows.count)
      let logits = Matrix(buffer.base, rows: range.count, columns: config.vocabularySize)
      transformer.logits(hidden.matrix.rows(range), into: logits, kernel: .library)
      let statistics = try Objective.crossEntropy.measure(
        rows: Array(rows[range]),
        student: UnsafeBufferPointer(
          start: buffer.base, count: range.count * config.vocabularySize),
        teacher: nil, vocabulary: config.vocabularySize)
      sum += statistics.reduce(0) { $0 + $1.studentLogprob }
    }
    return sum
  }
}
