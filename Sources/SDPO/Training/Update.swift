import Foundation
package import LanguageModel
import Synchronization

/// One optimiser step over a batch of examples: weights of rows, what needs measuring first, the
/// gradient, AdamW. Runs on the engine's thread.
package struct Update: Sendable {
  let pass: UpdatePass
  let configuration: TrainingConfiguration
  let gradients: GradientTarget
  let optimizer: AdamW
  let learningRate: Float

  package struct Result: Sendable {
    /// With their rows' final weights and advantages.
    package var examples: [TrainingExample]
    package var statistics: [[RowStatistics]]
    /// What the time went to.
    package var spans: [PhaseSpan] = []
    /// Of the gradient before clipping; nil if no row took part and nothing was changed.
    package var norm: Float?
  }

  /// - gradients, optimizer: of an earlier step, to go on with; nil makes fresh ones.
  package init(
    _ configuration: TrainingConfiguration, student: Learner, teacher: Learner?,
    gradients: GradientTarget? = nil, optimizer: AdamW? = nil, learningRate: Float
  ) {
    pass = UpdatePass(
      student: student, teacher: teacher, teacherKind: configuration.teacher,
      objective: configuration.objective, microBatchTokens: configuration.microBatchTokens,
      recompute: configuration.recompute)
    self.configuration = configuration
    self.gradients = gradients ?? student.makeGradients()
    self.optimizer = optimizer ?? AdamW(parameterCount: student.trained.count)
    self.learningRate = learningRate
  }

  /// - number: counts the run's updates from 1.
  package func run(
    _ examples: [TrainingExample], number: Int, progress: (Int) -> Void
  ) throws -> Result {
    var examples = examples
    configuration.normalization.apply(to: &examples, takesPart: takesPart)
    if needsGaps { try applyGaps(&examples, number) }
    guard examples.contains(where: { $0.rows.contains { $0.weight != 0 } }) else {
      return Result(examples: examples, statistics: examples.map { _ in [] }, norm: nil)
    }
    let log = PhaseLog()
    gradients.buffer.zero()
    let statistics = try pass.run(examples, gradients: gradients, log: log, progress: progress)
    var config = configuration.optimizer
    config.learningRate = learningRate
    let norm = log.measure(.optimizer) {
      optimizer.update(
        pass.student.trained, gradients: gradients.buffer, step: number, config: config)
    }
    return Result(examples: examples, statistics: statistics, spans: log.spans, norm: norm)
  }

  /// Whether the signal has something to say about a row.
  private func takesPart(_ row: ActionRow) -> Bool {
    switch configuration.objective.signal {
    case .distill, .sampledToken: row.hasTeacher
    case .mix(let lambda): lambda > 0 || row.hasTeacher
    case .route(let threshold): Double(row.reward) > threshold || row.hasTeacher
    case .expertIteration(let threshold): Double(row.reward) > threshold
    case .grpo, .modulate, .crossEntropy: true
    }
  }

  private var needsGaps: Bool {
    if case .modulate = configuration.objective.signal { return true }
    return configuration.turnSelection != nil
  }

  /// A first pass without gradients finds how much hindsight disagrees with each turn.
  private func applyGaps(_ examples: inout [TrainingExample], _ number: Int) throws {
    var gaps = TurnGaps()
    for (example, statistics) in zip(examples, try pass.measure(examples)) {
      gaps.add(example.rows, statistics)
    }
    if let k = configuration.turnSelection,
      let kept = TurnSelection.largest(k).selected(from: gaps)
    {
      configuration.normalization.apply(to: &examples) { row in
        takesPart(row) && kept.contains(TurnKey(trajectory: row.trajectory, turn: row.turn))
      }
    }
    guard case .modulate(let lambda) = configuration.objective.signal else { return }
    modulate(
      &examples, gaps,
      TurnModulation(
        lambda: lambda, permutesWeights: configuration.permutesModulation), number)
  }

  private func modulate(
    _ examples: inout [TrainingExample], _ gaps: TurnGaps, _ modulation: TurnModulation,
    _ number: Int
  ) {
    // Trajectories are numbered task by task, a group's one after another.
    let size = Int32(configuration.groupSize)
    let groups = Dictionary(grouping: examples.compactMap(\.rows.first)) { $0.trajectory / size }
    var modulated: [TurnKey: Double] = [:]
    for (group, rows) in groups {
      // Each group of each step is permuted in its own way.
      var random = SplitMix64(seeds: configuration.seed, UInt64(number), UInt64(group))
      let advantages = Dictionary(
        rows.map { ($0.trajectory, Double($0.advantage)) }, uniquingKeysWith: { first, _ in first })
      modulated.merge(
        modulation.advantages(gaps: [gaps], advantages: advantages, seed: random.next()),
        uniquingKeysWith: { first, _ in first })
    }
    for index in examples.indices {
      for row in examples[index].rows.indices {
        let old = examples[index].rows[row]
        let key = TurnKey(trajectory: old.trajectory, turn: old.turn)
        if let advantage = modulated[key] { examples[index].rows[row].advantage = Float(advantage) }
      }
    }
  }
}

/// Counts from 1, from any thread.
final class Counter: Sendable {
  private let value = Mutex(0)

  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}

/// What this process has used.
public enum ProcessMemory {
  /// The largest resident size so far, in bytes.
  public static var peakBytes: Int {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }

  /// Counts the largest size from now on, where the kernel can do that.
  public static func resetPeak() {
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
  }
}
