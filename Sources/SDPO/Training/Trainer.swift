public import Agent
public import Foundation
import LanguageModel

/// The SDPO loop: roll out groups, grade, build hindsight contexts, one update, teacher follows.
///
/// A run lives in a folder: config.json, metrics.jsonl and TensorBoard events, transcripts/,
/// recorder.git, checkpoints/, best/. Every step's result depends only on the last checkpoint and
/// the configuration, so a run that was killed goes on as if it hadn't been.
public final class Trainer {
  public let configuration: TrainingConfiguration
  public let folder: URL
  private let tasks: [RepairTask]
  private let engine: Engine
  private let student: Learner
  private let teacher: Learner?
  private let optimizer: AdamW
  private let gradients: GradientTarget
  private let rollouts: Rollouts
  private let builder: ExampleBuilder
  private let checkpoints: Checkpoints
  private let metrics: MetricsWriter
  private var state: TrainingState

  /// What the loop tells whoever watches.
  public enum Event: Sendable {
    /// Episodes of the step that have ended.
    case rolledOut(done: Int, of: Int)
    /// Examples of the step that have been trained on: trajectories, or contexts of them.
    case updated(done: Int, of: Int)
    case finished(StepReport)
  }

  public struct StepReport: Sendable {
    public var step: Int
    public var metrics: [String: Double]
    /// What the step's time went to: what a trace shows.
    public var spans: [PhaseSpan]
    /// Why the run must stop here, if it must.
    public var stopReason: String?
  }

  public enum Outcome: Sendable, Equatable {
    case completed
    /// A guard rail stopped the run.
    case collapsed(String)
  }

  /// - student: an adapter in training or, without one, the whole model.
  /// - rollouts: its policy samples with the student's weights.
  /// - resume: continue from the folder's newest checkpoint, if there is one.
  public init(
    _ configuration: TrainingConfiguration, folder: URL, tasks: [RepairTask], student: Learner,
    policy: LocalPolicy, rollouts: Rollouts, resume: Bool
  ) throws {
    if let problem = configuration.problem { throw TrainingError(problem) }
    self.configuration = configuration
    self.folder = folder
    self.tasks = tasks
    self.student = student
    self.rollouts = rollouts
    engine = policy.engine
    if !configuration.needsTeacher {
      teacher = nil
    } else if configuration.teacher == .current {
      teacher = student
    } else {
      teacher = configuration.teacher.isFixed ? student.frozenCopy() : student.copy()
    }
    optimizer = AdamW(parameterCount: student.trained.count)
    gradients = student.makeGradients()
    builder = ExampleBuilder(
      configuration: configuration,
      contexts: ContextBuilder(
        policy, dialect: rollouts.dialect, tools: configuration.tools))
    checkpoints = Checkpoints(folder: folder.appending(path: "checkpoints"))
    state = TrainingState(collapseGuard: CollapseGuard(configuration.guardThresholds))
    // A fixed teacher's matrices are the model's, so its norms must be the saved ones.
    let isModels =
      student.adapter == nil && teacher.map { !$0.transformer.parameters.holdsMatrices } ?? false
    let norms = isModels ? teacher.map { Array($0.trained.values) } : nil
    if resume,
      let saved = try checkpoints.loadLatest(
        TrainingState.self, student: student, teacher: ownTeacher(teacher, student),
        optimizer: optimizer)
    {
      state = saved
      if let norms, norms != teacher.map({ Array($0.trained.values) }) {
        throw TrainingError(
          "\(configuration.model): the weights aren't those that this run began with, which its teacher keeps"
        )
      }
    }
    metrics = try MetricsWriter(directory: folder, resumingAfter: resume ? state.step : nil)
  }

  /// Records what was found before the first step, as step 0.
  public func record(_ preFlight: PreFlight) throws {
    try metrics.write(step: 0, preFlight.metrics)
  }

  /// The last finished step.
  public var step: Int { state.step }

  /// Runs the remaining steps. Cancelling the task stops it within the step under way; that step is
  /// run again on resume.
  public func run(_ report: @escaping @Sendable (Event) -> Void) async throws -> Outcome {
    while state.step < configuration.steps {
      try Task.checkCancellation()
      let result = try await takeStep(state.step + 1, report)
      report(.finished(result))
      if let reason = result.stopReason { return .collapsed(reason) }
    }
    return .completed
  }

  /// Writes the trained weights as they are now to final/.
  public func saveFinal() throws {
    try student.save(to: folder.appending(path: "final"), baseModel: configuration.model)
  }

  private func takeStep(
    _ step: Int, _ report: @escaping @Sendable (Event) -> Void
  ) async throws -> StepReport {
    let clock = ContinuousClock()
    let start = clock.now
    let before = engine.statistics
    let chosen = configuration.taskIndices(step: step).map { tasks[$0] }
    let groups = try await rollOut(chosen, step, report)
    if let reason = groups.reasonNothingCounts {
      throw TrainingError("no episode of step \(step) could be run: \(reason)")
    }
    let rolledOut = clock.now
    let generation = engine.statistics - before
    try rememberBest(groups, step: step)
    let built = try builder.build(chosen, groups, step: step)
    var accumulator = StepAccumulator()
    for item in built { accumulator.add(item.metrics) }
    let examples = built.flatMap(\.examples)
    let (norm, spans) = try await update(examples, step, &accumulator, report)
    var values = accumulator.values
    let updated = clock.now
    values["grad_norm"] = norm.map(Double.init)
    values["learning_rate"] = Double(learningRate(step))
    values["time/rollout_seconds"] = (rolledOut - start) / .seconds(1)
    values["time/update_seconds"] = (updated - rolledOut) / .seconds(1)
    values.merge(generation.values) { $1 }
    values.merge((groups.spans + spans).metrics) { $1 }
    let tokens = examples.reduce(0) { $0 + $1.student.count }
    values["time/update_tokens_per_second"] = Double(tokens) / ((updated - rolledOut) / .seconds(1))
    values["memory/peak_bytes"] = Double(ProcessMemory.peakBytes)
    let reason = state.collapseGuard.check(step: step, values)
    if norm != nil { follow(step) }
    state.step = step
    try metrics.write(step: step, values, notes: reason.map { ["stopped": $0] } ?? [:])
    let log = PhaseLog()
    try log.measure(.checkpoint) {
      try checkpoints.save(
        state, student: student, teacher: ownTeacher(teacher, student), optimizer: optimizer)
    }
    return StepReport(
      step: step, metrics: values, spans: groups.spans + spans + log.spans, stopReason: reason)
  }

  private func rollOut(
    _ tasks: [RepairTask], _ step: Int, _ report: @escaping @Sendable (Event) -> Void
  ) async throws -> [[Rollout]] {
    let total = tasks.count * configuration.groupSize
    let counter = Counter()
    return try await rollouts.run(
      tasks, samples: configuration.groupSize, label: "step-\(step)", seed: configuration.seed,
      step: step
    ) { _ in report(.rolledOut(done: counter.next(), of: total)) }
  }

  /// One optimiser step over the examples; returns the gradient's norm, or nil if nothing took part,
  /// and what the time went to.
  private func update(
    _ examples: [TrainingExample], _ step: Int, _ accumulator: inout StepAccumulator,
    _ report: @escaping @Sendable (Event) -> Void
  ) async throws -> (Float?, [PhaseSpan]) {
    let work = Update(
      configuration, student: student, teacher: teacher, gradients: gradients,
      optimizer: optimizer, learningRate: learningRate(step))
    let number = state.updates + 1
    let result = try await engine.perform { _ in
      try work.run(examples, number: number) { report(.updated(done: $0, of: examples.count)) }
    }
    for (example, statistics) in zip(result.examples, result.statistics) {
      accumulator.add(example.rows, statistics)
    }
    return (result.norm, result.spans)
  }

  private func learningRate(_ step: Int) -> Float {
    let warmup = configuration.warmupSteps
    let share = warmup > 0 ? min(1, Float(step) / Float(warmup)) : 1
    return configuration.optimizer.learningRate * share
  }

  /// The teacher's update after the student's.
  private func follow(_ step: Int) {
    state.updates += 1
    guard let teacher = ownTeacher(teacher, student) else { return }
    switch configuration.teacher.follow(step: step) {
    case .keep: break
    case .copy: teacher.trained.copy(from: student.trained)
    case .blend(let rate):
      TeacherMath.blend(
        teacher.trained.values, toward: UnsafeBufferPointer(student.trained.values), rate: rate)
      teacher.trained.changed()
    }
  }

  /// A step's rollouts measure the weights that they were made with: if they're the best so far,
  /// those weights go to best/ before the update changes them.
  private func rememberBest(_ groups: [[Rollout]], step: Int) throws {
    let rewards = groups.joined().filter(\.counts).compactMap(\.grade.reward)
    guard !rewards.isEmpty else { return }
    let mean = rewards.reduce(0, +) / Double(rewards.count)
    guard mean > state.bestReward ?? -1 else { return }
    try student.save(to: folder.appending(path: "best"), baseModel: configuration.model)
    state.bestReward = mean
    state.bestStep = step - 1
  }
}

extension GenerationStatistics {
  /// By TensorBoard tag.
  fileprivate var values: [String: Double] {
    var values = [
      "generation/context_tokens_computed": Double(computedTokens),
      "generation/context_tokens_reused": Double(reusedTokens),
      "generation/sampled_tokens": Double(sampledTokens),
      "generation/prefill_seconds": prefillSeconds, "generation/decode_seconds": decodeSeconds,
    ]
    values["generation/prefill_tokens_per_second"] = contextRate
    values["generation/decode_tokens_per_second"] = samplingRate
    return values
  }
}

/// The teacher where it has weights of its own, which must be saved and moved.
private func ownTeacher(_ teacher: Learner?, _ student: Learner) -> Learner? {
  guard let teacher, teacher.trained !== student.trained else { return nil }
  return teacher
}
