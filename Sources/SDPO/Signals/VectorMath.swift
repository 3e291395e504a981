/// exp and log on 16 lanes. The standard library has none, and a scalar call a token would dominate
/// a row of 49,152 logits.
package enum VectorMath {
  package typealias Vector = SIMD16<Float>

  /// e^x for x in −87…88, to about 1 ulp; exactly 1 at 0. (Cephes' polynomial after reduction by
  /// multiples of ln 2.)
  @inline(__always)
  package static func exp(_ x: Vector) -> Vector {
    // Adding 1.5·2^23 rounds to the nearest whole number, which then stands in the low bits.
    let magic = Vector(repeating: 12_582_912)
    let shifted = x * 1.442_695_04 + magic
    let n = shifted - magic
    let r = x - n * 0.693_359_375 - n * -2.121_944_40e-4
    var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
    p = p * r + 8.333_451_9e-3
    p = p * r + 4.166_579_6e-2
    p = p * r + 1.666_666_55e-1
    p = p * r + 0.5
    p = p * r * r + r + 1
    let bits = unsafeBitCast(shifted, to: SIMD16<Int32>.self)
    let exponent = (bits &- 0x4B40_0000 &+ 127) &<< 23
    return p * unsafeBitCast(exponent, to: Vector.self)
  }

  /// ln x for normal positive x, to about 1 ulp; exactly 0 at 1. (Cephes' polynomial.)
  @inline(__always)
  package static func log(_ x: Vector) -> Vector {
    let bits = unsafeBitCast(x, to: SIMD16<Int32>.self)
    var exponent = (bits &>> 23) &- 126
    var m = unsafeBitCast((bits & 0x007F_FFFF) | 0x3F00_0000, to: Vector.self)  // ½ ≤ m < 1
    let low = m .< 0.707_106_781
    m = (m - 1).replacing(with: m + m - 1, where: low)
    let lowered = exponent &- 1
    exponent = exponent.replacing(with: lowered, where: low)
    let e = Vector(exponent)
    let z = m * m
    var p = m * 7.037_683_6e-2 - 1.151_461_03e-1
    p = p * m + 1.167_699_87e-1
    p = p * m - 1.242_014_08e-1
    p = p * m + 1.424_932_28e-1
    p = p * m - 1.666_805_77e-1
    p = p * m + 2.000_071_48e-1
    p = p * m - 2.499_999_4e-1
    p = p * m + 3.333_333_1e-1
    let tail = p * m * z + e * -2.121_944_40e-4 - z * 0.5
    return m + tail + e * 0.693_359_375
  }
}

/// A row of floats read sixteen at a time; the last, incomplete vector is padded.
struct VectorRow {
  let base: UnsafePointer<Float>
  let count: Int

  @inline(__always)
  func vector(_ first: Int, padding: Float) -> SIMD16<Float> {
    if first + 16 <= count {
      return UnsafeRawPointer(base + first).loadUnaligned(as: SIMD16<Float>.self)
    }
    var v = SIMD16<Float>(repeating: padding)
    for lane in 0..<(count - first) { v[lane] = base[first + lane] }
    return v
  }
}

extension UnsafeMutablePointer<Float> {
  /// Writes `vector` at `first`, or as much of it as lies before `count`.
  @inline(__always)
  func store(_ vector: SIMD16<Float>, at first: Int, count: Int) {
    if first + 16 <= count {
      UnsafeMutableRawPointer(self + first).storeBytes(of: vector, as: SIMD16<Float>.self)
    } else {
      for lane in 0..<(count - first) { self[first + lane] = vector[lane] }
    }
  }
}

/// A sum of vectors that keeps the rounding errors (Kahan), so that a tail of 1e−7 beside a head of
/// 1 is still known to several digits.
struct CompensatedSum {
  private var sum = SIMD16<Float>(repeating: 0)
  private var lost = SIMD16<Float>(repeating: 0)

  @inline(__always)
  mutating func add(_ value: SIMD16<Float>) {
    let y = value - lost
    let t = sum + y
    lost = (t - sum) - y
    sum = t
  }

  var value: Double {
    var total = 0.0
    for lane in 0..<16 { total += Double(sum[lane]) - Double(lost[lane]) }
    return total
  }
}
