/// Thresholds beyond which a run is taken to be collapsing. Direct self-distillation is known to:
/// entropy ×100 within a dozen steps, tool calls malformed (PSP, arXiv 2609.29051).
public struct GuardThresholds: Sendable, Codable, Equatable {
  /// Entropy per action token, as a multiple of the start's; by how many nats it must also exceed
  /// the start's (a warm-started model may begin near 0); and as a floor in nats.
  public var entropyGrowth: Double
  public var entropyRise: Double
  public var entropyFloor: Double
  /// Share of malformed calls, and by how much it must also exceed the start's: a weak model may
  /// well start high.
  public var malformedRate: Double
  public var malformedRise: Double
  /// Sampled tokens a trajectory, as a multiple (or fraction) of the start's.
  public var responseGrowth: Double
  /// Mean divergence in nats.
  public var divergence: Double
  /// How many steps make the start, and how many in a row must be beyond a threshold to stop.
  public var startSteps: Int
  public var patience: Int

  public init(
    entropyGrowth: Double = 5, entropyRise: Double = 0.3, entropyFloor: Double = 0.001,
    malformedRate: Double = 0.5, malformedRise: Double = 0.2, responseGrowth: Double = 4,
    divergence: Double = 5, startSteps: Int = 2, patience: Int = 2
  ) {
    self.entropyGrowth = entropyGrowth
    self.entropyRise = entropyRise
    self.entropyFloor = entropyFloor
    self.malformedRate = malformedRate
    self.malformedRise = malformedRise
    self.responseGrowth = responseGrowth
    self.divergence = divergence
    self.startSteps = startSteps
    self.patience = patience
  }
}

/// Watches a run's metrics and says when, and why, to stop. Its state belongs in the checkpoint.
public struct CollapseGuard: Sendable, Codable, Equatable {
  public var thresholds: GuardThresholds
  private var start: [String: Double] = [:]
  private var startCounts: [String: Int] = [:]
  private var strikes: [String: Int] = [:]

  public init(_ thresholds: GuardThresholds = .init()) { self.thresholds = thresholds }

  /// Takes a step's metrics (`StepAccumulator.values`, and `grad_norm`); returns a sentence if the
  /// run should stop. A loss or gradient that is not finite stops it at once.
  public mutating func check(step: Int, _ metrics: [String: Double]) -> String? {
    for key in ["loss", "grad_norm", "distill/divergence", "policy/entropy"] {
      if let value = metrics[key], !value.isFinite {
        return "step \(step): \(key) is \(value)"
      }
    }
    var beyond: [(key: String, reason: String)] = []
    let limits = [checkEntropy, checkMalformed, checkLength, checkDivergence]
    for limit in limits { if let found = limit(metrics) { beyond.append(found) } }
    learnStart(metrics)
    let keys = Set(beyond.map(\.key))
    strikes = strikes.filter { keys.contains($0.key) }
    for (key, _) in beyond { strikes[key, default: 0] += 1 }
    for (key, reason) in beyond where strikes[key, default: 0] >= max(1, thresholds.patience) {
      let times = thresholds.patience > 1 ? " for \(thresholds.patience) steps" : ""
      return "step \(step): \(reason)\(times)"
    }
    return nil
  }

  /// Running mean of each watched metric over the first steps that have it.
  private mutating func learnStart(_ metrics: [String: Double]) {
    for key in ["policy/entropy", "calls/malformed_rate", "policy/response_tokens"] {
      let count = startCounts[key, default: 0]
      guard count < max(1, thresholds.startSteps), let value = metrics[key] else { continue }
      start[key] = (start[key, default: 0] * Double(count) + value) / Double(count + 1)
      startCounts[key] = count + 1
    }
  }

  private func checkEntropy(_ metrics: [String: Double]) -> (key: String, reason: String)? {
    guard let entropy = metrics["policy/entropy"] else { return nil }
    if entropy < thresholds.entropyFloor {
      return ("entropy", "entropy \(short(entropy)) is below \(short(thresholds.entropyFloor))")
    }
    guard let first = start["policy/entropy"], entropy > first * thresholds.entropyGrowth,
      entropy > first + thresholds.entropyRise
    else { return nil }
    return (
      "entropy",
      "entropy \(short(entropy)) is over \(short(thresholds.entropyGrowth)) times "
        + "the start's \(short(first))"
    )
  }

  private func checkMalformed(_ metrics: [String: Double]) -> (key: String, reason: String)? {
    let key = "calls/malformed_rate"
    guard let rate = metrics[key], let first = start[key], rate > thresholds.malformedRate,
      rate > first + thresholds.malformedRise
    else { return nil }
    return (
      key, "\(short(rate * 100)) % of the calls are malformed (\(short(first * 100)) % at first)"
    )
  }

  private func checkLength(_ metrics: [String: Double]) -> (key: String, reason: String)? {
    let key = "policy/response_tokens"
    guard let length = metrics[key], let first = start[key], first > 0 else { return nil }
    let factor = thresholds.responseGrowth
    guard length > first * factor || length < first / factor else { return nil }
    return (key, "trajectories have \(short(length)) tokens, \(short(first)) at first")
  }

  private func checkDivergence(_ metrics: [String: Double]) -> (key: String, reason: String)? {
    let key = "distill/divergence"
    guard let value = metrics[key], value > thresholds.divergence else { return nil }
    return (key, "the divergence \(short(value)) is above \(short(thresholds.divergence))")
  }

  private func short(_ value: Double) -> String {
    let digits = value < 1 ? 1e4 : 1e2
    return "\((value * digits).rounded() / digits)"
  }
}
