import CKernels

/// Eight floats at a time: reductions that the compiler leaves scalar on its own.
package typealias Vector = SIMD8<Float>

@inline(__always)
func load(_ p: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
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

/// x ← e^(x − shift) in place; returns the sum. Each to about one unit in the last place, and the
/// same wherever it stands.
@discardableResult
func exponentiate(_ x: UnsafeMutablePointer<Float>, shift: Float, _ count: Int) -> Float {
  hs_exponentials(x, shift, count, x)
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
