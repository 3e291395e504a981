import Foundation

/// How much of a row's gradient comes from the divergence and how much from the sampled token.
struct RowParts {
  /// Coefficient of D(π‖q).
  private(set) var distill = 0.0
  /// Derivative of the row's loss at log π(y), and that part's loss.
  private(set) var policy = 0.0
  private(set) var policyLoss = 0.0

  init(_ objective: Objective, _ row: ActionRow, _ statistics: inout RowStatistics) {
    let logP = statistics.studentLogprob
    let ratios = ImportanceRatios(objective, row, logP)
    let reward = Double(row.reward)
    switch objective.signal {
    case .crossEntropy:
      addCrossEntropy(logP)
    case .expertIteration(let threshold):
      if reward > threshold { addCrossEntropy(logP) }
    case .sampledToken:
      guard let logQ = statistics.teacherLogprob else { return }
      let weight = ratios.detached(&statistics)
      policy = weight * (logP - logQ)
      policyLoss = policy * logP
    case .grpo, .modulate:
      addPolicyGradient(objective, row, ratios, share: 1, &statistics)
    case .distill:
      addDistillation(ratios, share: 1, &statistics)
    case .mix(let lambda):
      if lambda > 0 { addPolicyGradient(objective, row, ratios, share: lambda, &statistics) }
      if lambda < 1 { addDistillation(ratios, share: 1 - lambda, &statistics) }
    case .route(let threshold):
      if reward > threshold {
        addPolicyGradient(objective, row, ratios, share: 1, &statistics)
      } else {
        let confidence = exp(-(statistics.teacherEntropy ?? 0))
        addDistillation(ratios, share: confidence, &statistics)
      }
    }
  }

  private mutating func addCrossEntropy(_ logP: Double) {
    policy = -1
    policyLoss = -logP
  }

  private mutating func addDistillation(
    _ ratios: ImportanceRatios, share: Double, _ statistics: inout RowStatistics
  ) {
    guard statistics.teacherLogprob != nil else { return }
    distill = share * ratios.detached(&statistics)
  }

  /// −min(r·A, clip(r)·A), times the rollout correction.
  private mutating func addPolicyGradient(
    _ objective: Objective, _ row: ActionRow, _ ratios: ImportanceRatios, share: Double,
    _ statistics: inout RowStatistics
  ) {
    let advantage = Double(row.advantage)
    let correction = share * ratios.rollout(&statistics)
    let ratio = exp(ratios.logOld)
    let clipped = min(max(ratio, 1 - objective.clipLow), 1 + objective.clipHigh)
    if ratio * advantage <= clipped * advantage {
      policy = -correction * ratio * advantage
      policyLoss = policy
    } else {
      statistics.capped = true
      policyLoss = -correction * clipped * advantage
    }
  }
}

/// The two detached ratios of a row, as clamped logarithms.
struct ImportanceRatios {
  /// log π/π_old and log π_old/π_rollout of the sampled token, within ±20.
  let logOld: Double
  let logRollout: Double
  private let cap: Double?

  init(_ objective: Objective, _ row: ActionRow, _ logP: Double) {
    let old = row.oldLogprob.map(Double.init)
    logOld = ImportanceRatios.clamp(logP - (old ?? logP))
    logRollout = ImportanceRatios.clamp((old ?? logP) - Double(row.rolloutLogprob))
    cap = objective.importanceCap
  }

  /// min(π_old/π_rollout, cap).
  func rollout(_ statistics: inout RowStatistics) -> Double {
    weight([logRollout], &statistics)
  }

  /// min(π/π_old, cap) · min(π_old/π_rollout, cap).
  func detached(_ statistics: inout RowStatistics) -> Double {
    weight([logOld, logRollout], &statistics)
  }

  private func weight(_ logRatios: [Double], _ statistics: inout RowStatistics) -> Double {
    guard let cap else { return 1 }
    var weight = 1.0
    for logRatio in logRatios {
      let ratio = exp(logRatio)
      if ratio > cap { statistics.capped = true }
      weight *= min(ratio, cap)
    }
    statistics.importanceWeight = weight
    return weight
  }

  private static func clamp(_ x: Double) -> Double { min(max(x, -20), 20) }
}
