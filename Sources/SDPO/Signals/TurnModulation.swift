import Foundation
import LanguageModel

/// A turn of a trajectory of the batch.
public struct TurnKey: Sendable, Hashable, Comparable {
  public var trajectory: Int32
  public var turn: Int32

  public init(trajectory: Int32, turn: Int32) {
    self.trajectory = trajectory
    self.turn = turn
  }

  public static func < (a: TurnKey, b: TurnKey) -> Bool {
    (a.trajectory, a.turn) < (b.trajectory, b.turn)
  }
}

/// log q − log π of the sampled tokens, gathered turn by turn from chunks in any order.
public struct TurnGaps: Sendable {
  private var sums: [TurnKey: (total: Double, mass: Double, count: Int)] = [:]

  public init() {}

  public mutating func add(_ rows: [ActionRow], _ statistics: [RowStatistics]) {
    for (row, statistic) in zip(rows, statistics) {
      guard !statistic.excluded, let gap = statistic.gap, gap.isFinite else { continue }
      let key = TurnKey(trajectory: row.trajectory, turn: row.turn)
      let sum = sums[key, default: (0, 0, 0)]
      sums[key] = (sum.total + gap, sum.mass + abs(gap), sum.count + 1)
    }
  }

  /// The turns that have a teacher, in order.
  public var turns: [TurnKey] { sums.keys.sorted() }

  /// Mean gap of a turn's tokens.
  public func mean(_ key: TurnKey) -> Double? { sums[key].map { $0.total / Double($0.count) } }

  /// Σ |gap| of a turn's tokens: how much hindsight disagrees with what was done there.
  public func mass(_ key: TurnKey) -> Double? { sums[key]?.mass }

  /// The mean gaps of some trajectories' turns (the siblings of one task), z-scored over those
  /// turns. All 0 where they don't differ.
  public func standardised(over trajectories: Set<Int32>) -> [TurnKey: Double] {
    let keys = turns.filter { trajectories.contains($0.trajectory) }
    let values = keys.compactMap { mean($0) }
    guard !values.isEmpty else { return [:] }
    let centre = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    let deviation = (squares / Double(values.count)).squareRoot()
    let scale = deviation > 1e-12 ? 1 / deviation : 0
    return Dictionary(uniqueKeysWithValues: zip(keys, values.map { ($0 - centre) * scale }))
  }
}

/// Which turns direct distillation trains on.
public enum TurnSelection: Sendable, Equatable {
  case all
  /// The k turns of each trajectory with the largest gap mass.
  case largest(Int)

  /// The turns to keep; nil keeps every one. Earlier turns win ties.
  public func selected(from gaps: TurnGaps) -> Set<TurnKey>? {
    guard case .largest(let k) = self else { return nil }
    var kept: Set<TurnKey> = []
    for (_, turns) in Dictionary(grouping: gaps.turns, by: \.trajectory) {
      let order = turns.sorted {
        let (a, b) = (gaps.mass($0) ?? 0, gaps.mass($1) ?? 0)
        return a != b ? a > b : $0 < $1
      }
      kept.formUnion(order.prefix(k))
    }
    return kept
  }
}

/// Reward decides the direction, hindsight decides where and how much:
/// w = 1 + ½·tanh(sign(A)·δ), Ã = A·[(1 − λ) + λw], δ the turn's standardised gap.
public struct TurnModulation: Sendable, Equatable {
  public var lambda: Double
  /// The `random-magnitude` control: weights change places between the group's turns.
  public var permutesWeights: Bool

  public init(lambda: Double = 0.5, permutesWeights: Bool = false) {
    self.lambda = lambda
    self.permutesWeights = permutesWeights
  }

  /// The modulated advantage of every turn of a group that has a gap; turns without one keep their
  /// trajectory's advantage.
  ///
  /// - gaps: one element, or one for each lookahead, whose signs are then put to the vote.
  /// - advantages: of the group's trajectories.
  public func advantages(
    gaps: [TurnGaps], advantages: [Int32: Double], seed: UInt64 = 0
  ) -> [TurnKey: Double] {
    let group = Set(advantages.keys)
    let standardised = gaps.map { $0.standardised(over: group) }
    let keys = Set(standardised.flatMap(\.keys)).sorted()
    var weights = keys.map { key in
      let delta = TurnModulation.vote(standardised.compactMap { $0[key] })
      return weight(advantage: advantages[key.trajectory] ?? 0, delta: delta)
    }
    if permutesWeights {
      var random = SplitMix64(seed: seed)
      weights.shuffle(using: &random)
    }
    let pairs = zip(keys, weights).map { key, weight in
      (key, (advantages[key.trajectory] ?? 0) * (1 - lambda + lambda * weight))
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  func weight(advantage: Double, delta: Double) -> Double {
    let sign: Double = advantage > 0 ? 1 : advantage < 0 ? -1 : 0
    return 1 + 0.5 * tanh(sign * delta)
  }

  /// The mean of those that have the majority's sign; 0 without a majority.
  static func vote(_ deltas: [Double]) -> Double {
    guard deltas.count > 1 else { return deltas.first ?? 0 }
    let positive = deltas.filter { $0 > 0 }
    let negative = deltas.filter { $0 < 0 }
    guard positive.count != negative.count else { return 0 }
    let winners = positive.count > negative.count ? positive : negative
    return winners.reduce(0, +) / Double(winners.count)
  }
}
