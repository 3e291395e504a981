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
        Demonstration.Turn(action: "edit a.py 1", isTrained: true, observation: "Edited."),
        Demonstration.Turn(action: "submit", isTrained: true, observation: nil),
      ])
  }

  /// What a run reports.
  private func train(
    _ configuration: SupervisedConfiguration, full: Bool = false
  ) async throws -> Result {
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
    var result = Result()
    try await trainer.run { event in
      switch event {
      case .trained: break
      case .updated(let update): result.updates.append(update)
      case .measured(let update, let measure): result.measures.append((update, measure))
      case .finished(let epoch): result.epochs.append(epoch)
      }
    }
    #expect(result.updates.count == trainer.updateCount)
    return result
  }

  private struct Result {
    var epochs: [SupervisedTrainer.EpochReport] = []
    var updates: [SupervisedTrainer.UpdateReport] = []
    var measures: [(update: Int, measure: SupervisedTrainer.Measure)] = []
  }

  @Test(arguments: [false, true])
  func trainingLowersTheLoss(full: Bool) async throws {
    let result = try await train(
      SupervisedConfiguration(
        epochs: 6, batch: 3, optimizer: AdamWConfig(learningRate: full ? 3e-3 : 2e-2)),
      full: full)
    #expect(result.epochs.map(\.epoch) == Array(1...6))
    let losses = result.epochs.map(\.loss)
    #expect(losses.last! < losses.first! * 0.8)
    // A dozen updates, each of them measured, and once before.
    #expect(result.measures.map(\.update) == Array(0...12))
    let (before, after) = (result.measures.first!.measure, result.measures.last!.measure)
    #expect(after.loss < before.loss * 0.8)
    #expect(Set(after.byLabel.keys) == ["none", "solution"])
    for label in ["none", "solution"] {
      #expect(after.edits[label]! > before.edits[label]!)
      // One demonstration of each: its probability is its own.
      #expect(abs(exp(-after.editLoss[label]!) - after.edits[label]!) < 1e-9)
    }
  }

  /// Stopped after each of its updates in turn, a run ends with the same weights as without a stop.
  @Test(arguments: 1...3) func aResumedRunMakesTheSameUpdates(stop: Int) async throws {
    let configuration = SupervisedConfiguration(
      epochs: 2, batch: 4, optimizer: AdamWConfig(learningRate: 1e-2))
    let model = try TinyModel()
    let items = (0..<6).map {
      SupervisedTrainer.Item(
        demonstration($0), tokenizer: model.tokenizer, chatFormat: model.chatFormat)
    }
    func run(_ folder: URL, items: [SupervisedTrainer.Item], stopping: Int?) async throws -> [Float]
    {
      let adapter = LoRAParameters(config: LoRAConfig(rank: 4, alpha: 8), model: model.config)
      adapter.initialize(seed: 5)
      let trainer = try SupervisedTrainer(
        configuration, engine: Engine(model.transformer),
        learner: Learner(transformer: model.transformer, adapter: adapter), training: items,
        heldOut: [])
      var losses: [Double] = []
      let done = try trainer.resume(from: folder)
      do {
        try await trainer.run { event in
          guard case .updated(let update) = event else {
            if case .finished(let epoch) = event { losses.append(epoch.loss) }
            return
          }
          #expect(update.number > done)
          if update.number == stopping {
            try trainer.checkpoint(to: folder)
            throw CancellationError()
          }
        }
        #expect(losses.count == (done <= 2 ? 2 : 1))
      } catch is CancellationError {}
      return (0..<adapter.buffer.count).map { adapter.buffer.base[$0] } + losses.map { Float($0) }
    }
    try await SupervisedDemonstrationTests.inFolder { folder in
      let (whole, parts) = (folder.appending(path: "whole"), folder.appending(path: "parts"))
      let expected = try await run(whole, items: items, stopping: nil)
      _ = try await run(parts, items: items, stopping: stop)
      let resumed = try await run(parts, items: items, stopping: nil)
      #expect(resumed.last == expected.last)
      let count = resumed.count - (stop <= 2 ? 2 : 1)
      #expect(Array(resumed[..<count]) == Array(expected[..<count]))
      await #expect(throws: DemonstrationError.self) {
        _ = try await run(parts, items: Array(items.dropLast()), stopping: nil)
      }
      // A state that isn't its folder's is no place to go on from.
      for name in try FileManager.default.contentsOfDirectory(atPath: parts.path) {
        let file = parts.appending(path: "\(name)/state.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let changed = text.replacing(/"updates" : \d+/, with: #""updates" : -1"#)
        #expect(changed != text)
        try Data(changed.utf8).write(to: file)
      }
      await #expect(throws: TrainingError.self) {
        _ = try await run(parts, items: items, stopping: nil)
      }
    }
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
