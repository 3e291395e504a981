/// The tokens a draw may still choose, as numbers that order them: the heaviest is the largest,
/// and of equal weights the first in the vocabulary.
///
/// Filters need the set of the likeliest tokens, never its order, so nothing is sorted: a partition
/// by one pivot after another ends at the boundary, in time linear in the number of tokens.
struct Candidates {
  private var keys: UnsafeMutableBufferPointer<UInt64>
  private(set) var count: Int

  /// - keys: from `key(_:_:)`; reordered in place.
  init(_ keys: UnsafeMutableBufferPointer<UInt64>) {
    self.keys = keys
    count = keys.count
  }

  /// For positive weights: the bits of a positive float grow with it.
  @inline(__always)
  static func key(_ weight: Float, _ index: Int) -> UInt64 {
    UInt64(weight.bitPattern) << 32 | UInt64(~UInt32(index))
  }

  @inline(__always)
  private static func weight(_ key: UInt64) -> Float { Float(bitPattern: UInt32(key >> 32)) }

  @inline(__always)
  private static func index(_ key: UInt64) -> Int { Int(~UInt32(truncatingIfNeeded: key)) }

  /// Σ of the weights.
  var mass: Double { Self.mass(keys[..<count]) }

  /// The smallest weight.
  var lightest: Float { keys[..<count].min().map(Self.weight) ?? 0 }

  /// Keeps the `k` heaviest.
  mutating func keep(heaviest k: Int) {
    guard k < count else { return }
    var range = 0..<count
    // The boundary lies within the range: everything before it stays, everything after goes.
    while range.count > 1 {
      let middle = partition(range)
      if middle == k { break }
      range = middle < k ? middle..<range.upperBound : range.lowerBound..<middle
    }
    count = k
  }

  /// Keeps the heaviest until they weigh at least `target`; at least one, and all if they don't.
  mutating func keep(mass target: Double) {
    guard count > 0 else { return }
    count = reach { $0 >= target } + 1
  }

  /// Keeps those of at least this weight.
  mutating func keep(atLeast floor: Float) {
    var kept = 0
    for i in 0..<count where Self.weight(keys[i]) >= floor {
      keys.swapAt(i, kept)
      kept += 1
    }
    count = kept
  }

  /// The token where the running sum, heaviest first, passes `target`; the last one if it doesn't.
  mutating func token(passing target: Double) -> Int? {
    count == 0 ? nil : Self.index(keys[reach { $0 > target }])
  }

  /// The place in descending order where the running sum satisfies `isEnough` first, or the last;
  /// everything before the place is heavier than what stands there.
  private func reach(_ isEnough: (Double) -> Bool) -> Int {
    var range = 0..<count
    var before = 0.0
    while range.count > 1 {
      let middle = partition(range)
      let upper = before + Self.mass(keys[range.lowerBound..<middle])
      if isEnough(upper) {
        range = range.lowerBound..<middle
      } else {
        before = upper
        range = middle..<range.upperBound
      }
    }
    return range.lowerBound
  }

  /// Reorders a range of at least two so that everything before the returned place is larger than
  /// everything from it on; neither side is empty.
  private func partition(_ range: Range<Int>) -> Int {
    let keys = keys
    let (first, last) = (range.lowerBound, range.upperBound - 1)
    let pivot = Self.median(keys[first], keys[(first + last) / 2], keys[last])
    var (i, j) = (first - 1, last + 1)
    while true {
      repeat { i += 1 } while keys[i] > pivot
      repeat { j -= 1 } while keys[j] < pivot
      if i >= j { break }
      keys.swapAt(i, j)
    }
    // Keys are distinct, so the median has one on either side (or, of two, is the first to stay).
    return j + 1
  }

  private static func median(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
    max(min(a, b), min(max(a, b), c))
  }

  private static func mass(_ keys: Slice<UnsafeMutableBufferPointer<UInt64>>) -> Double {
    var sum = 0.0
    for key in keys { sum += Double(weight(key)) }
    return sum
  }
}
