import Agent
import LanguageModel

/// pass@1 of episodes that begin with a kind of hindsight, beside the same episodes without.
public struct SuccessGap: Sendable, Codable, Equatable {
  /// What the first user message told.
  public var told: Told
  public var tasks: Int
  public var passAt1: MeanInterval
  /// With minus without, paired by task; nil for the row without hindsight.
  public var difference: MeanInterval?

  public enum Told: String, Sendable, Codable, CaseIterable {
    case nothing, feedback, solution, both
    /// The control.
    case shuffledFeedback = "shuffled feedback"

    var content: HindsightConfiguration.Content? {
      switch self {
      case .nothing: nil
      case .feedback, .shuffledFeedback: .feedback
      case .solution: .solution
      case .both: .both
      }
    }
  }
}

extension GapMeasure {
  /// Episodes of every attempt's task with each kind of hindsight in the first user message, and
  /// without, from the same seeds. A hint's tokens don't count towards an episode's limit.
  ///
  /// - Returns: also the episodes without hindsight, [attempts][samples].
  public func success(
    _ attempts: [OracleAttempt], _ rollouts: Rollouts, samples: Int,
    finished: @escaping @Sendable () -> Void = {}
  ) async throws -> (gaps: [SuccessGap], plain: [[Rollout]]) {
    var gaps: [SuccessGap] = []
    var plain: [[Rollout]] = []
    var without: [String: Double] = [:]
    for told in SuccessGap.Told.allCases {
      var arm = rollouts
      arm.hindsight = hints(attempts, told)
      let tokenizer = scorer.builder.tokenizer
      let longest = arm.hindsight.values.map { tokenizer.encode($0).count }.max() ?? 0
      arm.limits.totalTokens = rollouts.limits.totalTokens.map {
        $0 + longest * rollouts.limits.contexts
      }
      let tasks = attempts.map(\.task).filter { told == .nothing || arm.hindsight[$0.id] != nil }
      let groups = try await arm.run(
        tasks, samples: samples, label: "told-\(told.label)", seed: scorer.seed, step: 0
      ) { _ in finished() }
      let rates = Self.rates(groups)
      if told == .nothing { (plain, without) = (groups, rates) }
      guard let passAt1 = MeanInterval(rates.sorted { $0.key < $1.key }.map(\.value)) else {
        continue
      }
      let paired = rates.keys.sorted().compactMap { task in
        without[task].flatMap { plain in rates[task].map { $0 - plain } }
      }
      gaps.append(
        SuccessGap(
          told: told, tasks: rates.count, passAt1: passAt1,
          difference: told == .nothing ? nil : MeanInterval(paired)))
    }
    return (gaps, plain)
  }

  /// Episodes that ``success(_:_:samples:finished:)`` runs.
  public func successEpisodes(_ attempts: [OracleAttempt], samples: Int) -> Int {
    SuccessGap.Told.allCases.reduce(0) { sum, told in
      sum + samples * (told == .nothing ? attempts.count : hints(attempts, told).count)
    }
  }

  /// The hindsight blocks by task.
  private func hints(_ attempts: [OracleAttempt], _ told: SuccessGap.Told) -> [String: String] {
    guard let content = told.content else { return [:] }
    let configuration = GapCondition(.final, content).configuration(
      scorer.hindsight, control: told == .shuffledFeedback ? .shuffledFeedback : .none)
    let subjects = attempts.map(\.subject)
    var hints: [String: String] = [:]
    for subject in subjects {
      let strangers = subjects.strangers(to: subject.task)
      if case .opening(let text)? = subject.hindsight(
        configuration, strangers, seed: scorer.seed)
      {
        hints[subject.task.id] = text
      }
    }
    return hints
  }

  /// The share of each task's episodes that resolved it; tasks whose episodes all failed for reasons
  /// outside the policy have none.
  private static func rates(_ groups: [[Rollout]]) -> [String: Double] {
    var rates: [String: Double] = [:]
    for group in groups {
      let counted = group.filter(\.counts)
      guard let task = counted.first?.trajectory.taskID else { continue }
      rates[task] = Double(counted.count { $0.grade.resolved }) / Double(counted.count)
    }
    return rates
  }
}

extension SuccessGap.Told {
  /// As part of a path.
  fileprivate var label: String { rawValue.replacing(" ", with: "-") }
}
