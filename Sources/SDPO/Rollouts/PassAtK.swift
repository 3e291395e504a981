/// pass@k over a task set with a confidence interval.
public struct PassAtK: Sendable, Codable, Equatable {
  public var k: Int
  /// Mean over tasks of the unbiased estimate 1 − C(n − c, k)/C(n, k) (arXiv 2107.03374).
  public var value: Double
  /// 95 % percentile bootstrap over tasks: samples of one task are not independent.
  public var low: Double
  public var high: Double

  /// - outcomes: (samples n, successes c) of each task; tasks with fewer than k samples are left out.
  /// - Returns: nil when no task has k samples.
  public init?(k: Int, outcomes: [(samples: Int, successes: Int)], seed: UInt64 = 0) {
    let estimates = outcomes.filter { $0.samples >= k }.map {
      Self.estimate(samples: $0.samples, successes: $0.successes, k: k)
    }
    guard k > 0, let interval = MeanInterval(estimates, seed: seed) else { return nil }
    self.k = k
    (value, low, high) = (interval.mean, interval.low, interval.high)
  }

  /// 1 − Π_{i = n−c+1}^{n} (1 − k/i): the chance that k of n samples hold a success.
  static func estimate(samples n: Int, successes c: Int, k: Int) -> Double {
    guard n - c >= k else { return 1 }
    var miss = 1.0
    for i in stride(from: n - c + 1, through: n, by: 1) { miss *= 1 - Double(k) / Double(i) }
    return 1 - miss
  }
}
