import LanguageModel

/// A mean over tasks with its 95 % percentile bootstrap interval: samples of one task are not
/// independent, tasks are.
public struct MeanInterval: Sendable, Codable, Equatable {
  public var mean: Double
  public var low: Double
  public var high: Double

  /// - values: one a task.
  /// - Returns: nil without values.
  public init?(_ values: [Double], seed: UInt64 = 0) {
    guard !values.isEmpty else { return nil }
    mean = values.reduce(0, +) / Double(values.count)
    var random = SplitMix64(seed: seed)
    let means = (0..<2_000).map { _ in
      (0..<values.count).reduce(0.0) { sum, _ in
        sum + values[random.index(below: values.count)]
      } / Double(values.count)
    }.sorted()
    low = means[means.count * 25 / 1000]
    high = means[means.count * 975 / 1000 - 1]
  }
}
