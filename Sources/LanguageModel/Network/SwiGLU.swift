/// h = silu(g)·u with silu(g) = g·σ(g); gate and up stand side by side in one row [g | u].
package enum SwiGLU {
  /// gateUp [N, 2·I] → h [N, I].
  package static func forward(_ gateUp: Matrix, into h: Matrix) {
    let width = h.columns
    parallelRows(h.rows, minimumPerThread: 4) { rows in
      for row in rows {
        let (gate, up, target) = (gateUp.row(row), gateUp.row(row) + width, h.row(row))
        forEachVector(width) { i, count in
          let g = loadUpTo(count, gate + i)
          storeUpTo(count, g * sigmoid(g) * loadUpTo(count, up + i), target + i)
        }
      }
    }
  }

  /// dh [N, I] → dGateUp [N, 2·I]: dg = dh·u·σ(g)·(1 + g·(1 − σ(g))), du = dh·silu(g).
  package static func backward(_ gateUp: Matrix, dh: Matrix, into dGateUp: Matrix) {
    let width = dh.columns
    parallelRows(dh.rows, minimumPerThread: 4) { rows in
      for row in rows {
        let (gate, up) = (gateUp.row(row), gateUp.row(row) + width)
        let (dGate, dUp) = (dGateUp.row(row), dGateUp.row(row) + width)
        forEachVector(width) { i, count in
          let g = loadUpTo(count, gate + i)
          let d = loadUpTo(count, dh.row(row) + i)
          let s = sigmoid(g)
          let slope = s * (1 + g * (1 - s))
          storeUpTo(count, d * loadUpTo(count, up + i) * slope, dGate + i)
          storeUpTo(count, d * g * s, dUp + i)
        }
      }
    }
  }

  @inline(__always)
  private static func sigmoid(_ x: Vector) -> Vector { 1 / (1 + exponential(-x)) }

  @inline(__always)
  private static func forEachVector(_ count: Int, _ body: (_ start: Int, _ lanes: Int) -> Void) {
    var i = 0
    while i < count {
      body(i, min(8, count - i))
      i += 8
    }
  }

  @inline(__always)
  private static func loadUpTo(_ count: Int, _ p: UnsafePointer<Float>) -> Vector {
    if count == 8 { return load(p) }
    var v = Vector.zero
    for i in 0..<count { v[i] = p[i] }
    return v
  }

  @inline(__always)
  private static func storeUpTo(_ count: Int, _ v: Vector, _ p: UnsafeMutablePointer<Float>) {
    if count == 8 { return store(v, p) }
    for i in 0..<count { p[i] = v[i] }
  }
}
