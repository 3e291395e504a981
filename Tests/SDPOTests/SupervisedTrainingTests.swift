import Foundation
import LanguageModel
import SDPO
import Testing

@Suite struct SupervisedTrainingTests {
  private func demonstration(_ number: Int) -> Demonstration {
    Demonstration(
      task: "task-\(number % 4)", repository: "r", kind: .straight,
      hindsight: number % 2 == 0 ? .none : .solution, dialect: "compact",
      opening: [ChatMessage(role: .user, content: "Mend number \(number).")],
      turns: [
        Demonstration.Turn(action: "view a.py", isTrained: true, observation: "1 x = \(number)"),
        Demonstration.Turn(action: "test", isTrained: true, observation: "failed"),
        Demonstration.Turn(action: "submit", isTrained: true, observation: nil),
      ])
  }

  /// What a run reports.
  private func train(
    _ configuration: SupervisedConfiguration, full: Bool = false
  ) async throws -> (
    epochs: [SupervisedTrainer.EpochReport], updates: [SupervisedTrainer.UpdateReport]
  ) {
    let model = try TinyModel()
    var adapter: LoRAParameters?
    if !full {
      let fresh = LoRAParameters(config: LoRAConfig(rank: 4, alpha: 8), model: model.config)
      fresh.initialize(seed: 5)
      adapter = fresh
    }
    let learner = Learner(transformer: model.transformer, adapter: adapter)
    let items = (0..<8).map {
      SupervisedTrainer.Item(
        demonstration($0), tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    }
    let trainer = try SupervisedTrainer(
      configuration, engine: Engine(model.transformer), learner: learner,
      training: Array(items[..<6]), heldOut: Array(items[6...]))
    var epochs: [SupervisedTrainer.EpochReport] = []
    var updates: [SupervisedTrainer.UpdateReport] = []
    try await trainer.run { event in
      switch event {
      case .trained: break
      case .updated(let update): updates.append(update)
      case .finished(let epoch): epochs.append(epoch)
      }
    }
    #expect(updates.count == trainer.updateCount)
    return (epochs, updates)
  }

  @Test(arguments: [false, true])
  func trainingLowersTheLoss(full: Bool) async throws {
    let result = try await train(
      SupervisedConfiguration(
        epochs: 6, batch: 3, optimizer: AdamWConfig(learningRate: full ? 3e-3 : 2e-2)),
      full: full)
    #expect(result.epochs.map(\.epoch) == Array(0...6))
    let losses = result.epochs.compactMap(\.loss)
    #expect(losses.last! < losses.first! * 0.8)
    let heldOut = result.epochs.compactMap(\.heldOutLoss)
    #expect(heldOut.last! < heldOut.first! * 0.8)
    #expect(Set(result.epochs[0].heldOutByHindsight.keys) == ["none", "solution"])
  }

  @Test func microBatchesAndRecomputationChangeNothing() async throws {
    func configuration(_ tokens: Int, _ recompute: Bool) -> SupervisedConfiguration {
      SupervisedConfiguration(
        epochs: 1, batch: 4, optimizer: AdamWConfig(learningRate: 1e-3),
        microBatchTokens: tokens, recompute: recompute)
    }
    let whole = try await train(configuration(100_000, false))
    let parts = try await train(configuration(1, true))
    for (one, other) in zip(whole.updates, parts.updates) {
      #expect(abs(one.loss - other.loss) < 1e-4 * abs(one.loss))
      #expect(abs(one.gradientNorm - other.gradientNorm) < 1e-3 * one.gradientNorm)
    }
  }

  @Test func theLearningRateRisesThenFalls() {
    let configuration = SupervisedConfiguration(
      warmup: 0.1, finalRate: 0.1, optimizer: AdamWConfig(learningRate: 1))
    let rates = (1...100).map { configuration.learningRate(update: $0, of: 100) }
    #expect(rates[0] == 0.1 && rates[9] == 1 && abs(rates[99] - 0.1) < 1e-6)
    #expect(zip(rates[..<10], rates[1..<10]).allSatisfy { $0 < $1 })
    #expect(zip(rates[9...], rates[10...]).allSatisfy { $0 > $1 })
  }

  @Test func epochsDealEachTasksDemonstrationsInTurn() {
    let tasks = (0..<12).map { "task-\($0 % 3)" }
    let configuration = SupervisedConfiguration(epochs: 2, perTask: 2, seed: 9)
    let first = configuration.order(epoch: 1, tasks: tasks)
    let second = configuration.order(epoch: 2, tasks: tasks)
    #expect(first.count == 6 && Set(first).isDisjoint(with: second))
    #expect(Set(first + second) == Set(0..<12))
    for task in Set(tasks) { #expect(first.count { tasks[$0] == task } == 2) }
    #expect(configuration.order(epoch: 1, tasks: tasks) == first)
    let all = SupervisedConfiguration(seed: 9)
    #expect(all.order(epoch: 1, tasks: tasks).sorted() == Array(0..<12))
    #expect(all.order(epoch: 1, tasks: tasks) != all.order(epoch: 2, tasks: tasks))
  }

  @Test func whatCannotBeIsRefused() throws {
    let model = try TinyModel()
    let learner = Learner(transformer: model.transformer, adapter: nil)
    let engine = Engine(model.transformer)
    let item = SupervisedTrainer.Item(
      demonstration(0), tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    #expect(throws: DemonstrationError.self) {
      try SupervisedTrainer(
        SupervisedConfiguration(), engine: engine, learner: learner, training: [], heldOut: [])
    }
    for configuration in [
      SupervisedConfiguration(epochs: 0), SupervisedConfiguration(batch: 0),
      SupervisedConfiguration(perTask: 0),
      SupervisedConfiguration(optimizer: AdamWConfig(learningRate: .nan)),
    ] {
      #expect(throws: DemonstrationError.self) {
        try SupervisedTrainer(
          configuration, engine: engine, learner: learner, training: [item], heldOut: [])
      }
    }
  }
}
