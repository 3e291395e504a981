import Foundation
public import LanguageModel

/// How demonstrations are trained on.
public struct SupervisedConfiguration: Sendable, Codable, Equatable {
  public var epochs: Int
  /// Demonstrations of one update.
  public var batch: Int
  /// Demonstrations of one task in an epoch; later epochs take the next ones. Nil: all, each time.
  public var perTask: Int?
  /// Of the share of all updates in which the learning rate rises.
  public var warmup: Double
  /// The learning rate's end, as a share of its peak.
  public var finalRate: Double
  public var optimizer: AdamWConfig
  public var seed: UInt64
  /// Tokens that one forward and backward pass holds at most.
  public var microBatchTokens: Int
  /// Whether activations are computed twice to save memory.
  public var recompute: Bool

  public init(
    epochs: Int = 3, batch: Int = 8, perTask: Int? = nil, warmup: Double = 0.05,
    finalRate: Double = 0.05, optimizer: AdamWConfig = AdamWConfig(learningRate: 5e-4),
    seed: UInt64 = 1, microBatchTokens: Int = 2048, recompute: Bool = false
  ) {
    self.epochs = epochs
    self.batch = batch
    self.perTask = perTask
    self.warmup = warmup
    self.finalRate = finalRate
    self.optimizer = optimizer
    self.seed = seed
    self.microBatchTokens = microBatchTokens
    self.recompute = recompute
  }

  /// What can't be, in one sentence; nil if all is well.
  public var problem: String? {
    if epochs < 1 { return "there must be at least 1 epoch, not \(epochs)" }
    if batch < 1 { return "a batch must have at least 1 demonstration, not \(batch)" }
    if let perTask, perTask < 1 { return "there must be at least 1 demonstration of a task" }
    if microBatchTokens < 1 { return "a micro-batch must hold at least 1 token" }
    if !(optimizer.learningRate > 0 && optimizer.learningRate.isFinite) {
      return "the learning rate is \(optimizer.learningRate); it must be positive"
    }
    guard (0...1).contains(warmup), (0...1).contains(finalRate) else {
      return "the warm-up's share and the final rate must be from 0 to 1"
    }
    return nil
  }

  /// The learning rate of update `number` (from 1) of `total`: a line up, then half a cosine down.
  public func learningRate(update number: Int, of total: Int) -> Float {
    let rising = max(1, Int((Double(total) * warmup).rounded()))
    let peak = Double(optimizer.learningRate)
    if number <= rising { return Float(peak * Double(number) / Double(rising)) }
    let share = Double(number - rising) / Double(max(1, total - rising))
    let cosine = 0.5 * (1 + cos(Double.pi * min(1, share)))
    return Float(peak * (finalRate + (1 - finalRate) * cosine))
  }

  /// Which demonstrations an epoch (from 1) trains on, in their order: indices into `tasks`, the task
  /// of every demonstration.
  public func order(epoch: Int, tasks: [String]) -> [Int] {
    var random = SplitMix64(seeds: seed, UInt64(epoch), 0x7366_74)
    var chosen = Array(tasks.indices)
    if let perTask {
      var byTask: [String: [Int]] = [:]
      for (index, task) in tasks.enumerated() { byTask[task, default: []].append(index) }
      chosen = byTask.keys.sorted().flatMap { task -> [Int] in
        // One shuffle a task for the whole run: epochs deal from the same deck.
        var own = SplitMix64(seeds: seed, Rollouts.number(of: task))
        let deck = byTask[task, default: []].shuffled(using: &own)
        let count = min(perTask, deck.count)
        return (0..<count).map { deck[((epoch - 1) * count + $0) % deck.count] }
      }
    }
    chosen.shuffle(using: &random)
    return chosen
  }
}
