/// Group-relative advantages: how much better a trajectory did than its siblings.
public enum Advantages {
  /// r − mean of the group; with `dividingByDeviation`, over (the sample's standard deviation
  /// + 1e−4), as GRPO had it at first. A nil reward (an infrastructure failure) takes no part, and
  /// gets nil.
  public static func group(
    _ rewards: [Double?], dividingByDeviation: Bool = false
  ) -> [Double?] {
    let known = rewards.compactMap { $0 }
    guard !known.isEmpty else { return rewards }
    let mean = known.reduce(0, +) / Double(known.count)
    var scale = 1.0
    if dividingByDeviation {
      let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = known.count > 1 ? (squares / Double(known.count - 1)).squareRoot() : 0
      scale = 1 / (deviation + 1e-4)
    }
    return rewards.map { reward in reward.map { ($0 - mean) * scale } }
  }
}
