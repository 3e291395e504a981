import CKernels

/// h = silu(g)·u with silu(g) = g·σ(g); gate and up stand side by side in one row [g | u].
package enum SwiGLU {
  /// gateUp [N, 2·I] → h [N, I].
  package static func forward(_ gateUp: Matrix, into h: Matrix) {
    precondition(gateUp.rows == h.rows && gateUp.columns == 2 * h.columns)
    parallelRows(h.rows, minimumPerThread: 4) { rows in
      let first = rows.lowerBound
      hs_swiglu(
        rows.count, h.columns, gateUp.row(first), gateUp.stride, h.row(first), h.stride)
    }
  }

  /// dh [N, I] → dGateUp [N, 2·I]: dg = dh·u·σ(g)·(1 + g·(1 − σ(g))), du = dh·silu(g); and h again,
  /// from the same σ(g).
  package static func backward(_ gateUp: Matrix, dh: Matrix, into dGateUp: Matrix, h: Matrix) {
    precondition(gateUp.rows == dh.rows && gateUp.columns == 2 * dh.columns)
    precondition(h.rows == dh.rows && h.columns == dh.columns)
    precondition(dGateUp.rows == dh.rows && dGateUp.columns == 2 * dh.columns)
    parallelRows(dh.rows, minimumPerThread: 4) { rows in
      let first = rows.lowerBound
      hs_swiglu_backward(
        rows.count, dh.columns, gateUp.row(first), gateUp.stride, dh.row(first), dh.stride,
        dGateUp.row(first), dGateUp.stride, h.row(first), h.stride)
    }
  }
}
