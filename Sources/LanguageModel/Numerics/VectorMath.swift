/// Eight floats at a time: reductions and `exp` that the compiler leaves scalar on its own.
package typealias Vector = SIMD8<Float>

@inline(__always)
func load(_ p: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}

/// Σ a·b over `count` floats, always in the same order.
func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum0 = Vector.zero
  var sum1 = Vector.zero
  var i = 0
  while i + 16 <= count {
    sum0 += load(a + i) * load(b + i)
    sum1 += load(a + i + 8) * load(b + i + 8)
    i += 16
  }
  if i + 8 <= count {
    sum0 += load(a + i) * load(b + i)
    i += 8
  }
  var total = (sum0 + sum1).sum()
  while i < count {
    total += a[i] * b[i]
    i += 1
  }
  return total
}

/// y ← y + scale · x.
func addScaled(
  _ x: UnsafePointer<Float>, scale: Float, to y: UnsafeMutablePointer<Float>, _ count: Int
) {
  for i in 0..<count { y[i] += scale * x[i] }
}

/// eˣ to about one unit in the last place: 2ⁿ·2ᶠ with a minimax polynomial for 2ᶠ, f in [−½, ½].
@inline(__always)
package func exponential(_ x: Vector) -> Vector {
  // Not `clamped`: it isn't inlined.
  var clamped = x.replacing(with: -87.3, where: x .< -87.3)
  clamped.replace(with: 88.3, where: clamped .> 88.3)
  // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
  let shifted = clamped * 1.442_695_04 + 12_582_912
  let n = shifted - 12_582_912
  // Cody–Waite: ln 2 in two parts keeps the remainder exact.
  let r = (clamped - n * 0.693_359_375) - n * -2.121_944_4e-4
  var p = Vector(repeating: 1.987_569_15e-4)
  p = p * r + 1.398_199_950_7e-3
  p = p * r + 8.333_451_907_3e-3
  p = p * r + 4.166_579_589_4e-2
  p = p * r + 1.666_666_545_9e-1
  p = p * r + 5.000_000_120_1e-1
  let mantissa = p * r * r + r + 1
  let exponent = (unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &+ 127) &<< 23
  return mantissa * unsafeBitCast(exponent, to: Vector.self)
}

/// x ← e^(x − shift) in place; returns the sum.
func exponentiate(_ x: UnsafeMutablePointer<Float>, shift: Float, _ count: Int) -> Float {
  var sums = Vector.zero
  var i = 0
  while i + 8 <= count {
    let e = exponential(load(x + i) - shift)
    store(e, x + i)
    sums += e
    i += 8
  }
  var total = sums.sum()
  if i < count {
    // The tail goes through the same polynomial, so a value never depends on its position.
    var last = Vector(repeating: -.greatestFiniteMagnitude)
    for j in i..<count { last[j - i] = x[j] - shift }
    let e = exponential(last)
    for j in i..<count {
      x[j] = e[j - i]
      total += e[j - i]
    }
  }
  return total
}

func maximum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
  var best = Vector(repeating: -.infinity)
  var i = 0
  while i + 8 <= count {
    best = best.replacing(with: load(x + i), where: load(x + i) .> best)
    i += 8
  }
  var result = best.max()
  while i < count {
    result = max(result, x[i])
    i += 1
  }
  return result
}
