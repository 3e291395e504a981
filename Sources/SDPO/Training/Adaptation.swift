public import Agent
public import Foundation
public import LanguageModel

/// Learns from failed attempts at one issue while the work on it goes on: what was found out about each is
/// distilled into an adapter before the next one (test-time self-distillation).
///
/// The teacher keeps the weights that the work began with; it is told the feedback, the student isn't.
public actor Adaptation {
  private let policy: LocalPolicy
  private let student: Learner
  private let teacher: Learner
  private let contexts: ContextBuilder
  private let configuration: TrainingConfiguration
  private let optimizer: AdamW
  private let gradients: GradientTarget
  private var updates = 0

  /// Of one attempt: a single one never moves a confident model, many follow one attempt's noise.
  private static let updatesPerAttempt = 4

  public struct Report: Sendable {
    /// Mean divergence of the student from the teacher over the attempt's tokens, before the first update and
    /// before the last.
    public var before: Double
    public var after: Double
  }

  /// - policy: samples with the adapter that is trained.
  public init(
    _ policy: LocalPolicy, adapter: LoRAParameters, dialect: any Dialect, tools: [ToolName]
  ) {
    self.policy = policy
    student = Learner(transformer: policy.engine.transformer, adapter: adapter)
    teacher = student.copy()
    contexts = ContextBuilder(policy, dialect: dialect, tools: tools)
    configuration = TrainingConfiguration(
      model: "", tasks: "", taskIDs: [], teacher: .frozen,
      optimizer: AdamWConfig(learningRate: 2e-4))
    optimizer = AdamW(parameterCount: student.trained.count)
    gradients = student.makeGradients()
  }

  /// Distils what is known of a failed attempt.
  ///
  /// - trajectory: sampled by the policy.
  /// - feedback: what the tests said of where it ended.
  /// - Throws: ``TrainingError`` if there is nothing to learn from, or it doesn't fit the model.
  public func learn(from trajectory: Trajectory, feedback: String) async throws -> Report {
    let examples = try contexts.pairs(trajectory, feedback: feedback).map { pair in
      TrainingExample(
        pair.part, student: pair.student,
        teacher: ContextBuilder.Teacher(
          contexts: [pair.teacher], isTold: pair.teacher.actions.map { _ in true }))
    }
    var divergences: [Double] = []
    for _ in 0..<Self.updatesPerAttempt {
      try Task.checkCancellation()
      updates += 1
      let number = updates
      let work = Update(
        configuration, student: self.student, teacher: self.teacher, gradients: gradients,
        optimizer: optimizer, learningRate: configuration.optimizer.learningRate)
      let result = try await policy.engine.perform { _ in
        try work.run(examples, number: number) { _ in }
      }
      let statistics = result.statistics.joined()
      divergences.append(
        statistics.reduce(0) { $0 + $1.divergence } / Double(max(1, statistics.count)))
    }
    try Task.checkCancellation()
    return Report(before: divergences.first ?? 0, after: divergences.last ?? 0)
  }

  /// ``Credit/approval(of:feedback:policy:by:dialect:tools:)`` by the weights that the work began with.
  public func approval(of trajectory: Trajectory, feedback: String) async throws -> Double {
    try await Credit.approval(
      of: trajectory, feedback: feedback, policy: policy, by: teacher, dialect: contexts.dialect,
      tools: contexts.tools)
  }

  /// Writes the adapter as it is now, a PEFT folder.
  public func save(to folder: URL, baseModel: String) throws {
    try student.save(to: folder, baseModel: baseModel)
  }
}

extension ContextBuilder {
  /// A failed attempt's actions as they were taken, and behind what the tests said of its end, context by context.
  ///
  /// - Throws: ``TrainingError`` if there are no tokens or there is nothing to tell, or it doesn't fit.
  func pairs(
    _ trajectory: Trajectory, feedback: String
  ) throws -> [(part: Trajectory, student: ScoredContext, teacher: ScoredContext)] {
    let parts = trajectory.tokenContexts
    guard !parts.isEmpty else {
      throw TrainingError("the attempt holds no tokens of this model's")
    }
    guard let hint = HindsightContext.telling(feedback) else {
      throw TrainingError("the tests said nothing that could be told")
    }
    return try parts.map { ($0, student($0), try teacher($0, told: hint.text)) }
  }
}
