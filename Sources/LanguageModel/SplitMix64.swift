/// A small, fast random stream whose whole state is one number, so that it can be saved, resumed
/// and derived from seeds. (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014.)
public struct SplitMix64: RandomNumberGenerator, Sendable, Codable, Equatable {
  /// The whole state. Two generators with the same state give the same numbers.
  public var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// A stream of its own for a tuple of numbers, such as (run seed, step, task, sample): it does
  /// not depend on what other streams have been drawn from.
  public init(seeds: UInt64...) {
    state = 0
    for seed in seeds { state = Self.mix(state &+ 0x9E37_79B9_7F4A_7C15 &+ Self.mix(seed)) }
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in 0 ..< bound. `bound` must be positive.
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "a random index needs a positive bound")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
