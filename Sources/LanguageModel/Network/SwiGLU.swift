import CKernels

/// h = silu(g)·u with silu(g) = g·σ(g); gate and up stand side by side in one row [g | u].
package enum SwiGLU {
  /// gateUp [N, 2·I] → h [N, I]; `copy` gets gateUp rounded.
  package static func forward(_ gateUp: Matrix, into h: Matrix, copy: BF16.Rows? = nil) {
    precondition(gateUp.rows == h.rows && gateUp.columns == 2 * h.columns)
    precondition(copy.map { $0.rows == h.rows && $0.stride >= 2 * h.columns } ?? true)
    parallelRows(h.rows, minimumPerThread: 4) { rows in
      let first = rows.lowerBound
      hs_swiglu(
        rows.count, h.columns, gateUp.row(first), gateUp.stride, h.row(first), h.stride,
        copy?.row(first), copy?.stride ?? 0)
    }
  }

  /// dh [N, I] → dGateUp [N, 2·I]: dg = dh·u·σ(g)·(1 + g·(1 − σ(g))), du = dh·silu(g); and h,
  /// from the same σ(g): what it was, or of rounded values about that.
  package static func backward(_ gateUp: GateUp, dh: Matrix, into dGateUp: Matrix, h: Matrix) {
    precondition(gateUp.size == (dh.rows, 2 * dh.columns))
    precondition(h.rows == dh.rows && h.columns == dh.columns)
    precondition(dGateUp.rows == dh.rows && dGateUp.columns == 2 * dh.columns)
    parallelRows(dh.rows, minimumPerThread: 4) { rows in
      let first = rows.lowerBound
      let (values, isHalf, stride): (UnsafeRawPointer, Int32, Int) =
        switch gateUp {
        case .floats(let matrix): (UnsafeRawPointer(matrix.row(first)), 0, matrix.stride)
        case .rounded(let half): (UnsafeRawPointer(half.row(first)), 1, half.stride)
        }
      hs_swiglu_backward(
        rows.count, dh.columns, values, isHalf, stride, dh.row(first), dh.stride,
        dGateUp.row(first), dGateUp.stride, h.row(first), h.stride)
    }
  }
}

/// [g | u] of the rows of a pass, as the backward pass finds them: where products are in bf16, rounded to
/// that too. It halves what a block keeps most of, and gradients move by less than those products'
/// rounding moves them.
package enum GateUp: Sendable {
  case floats(Matrix)
  case rounded(BF16.Rows)

  var floats: Matrix? { if case .floats(let matrix) = self { matrix } else { nil } }
  var rounded: BF16.Rows? { if case .rounded(let half) = self { half } else { nil } }

  fileprivate var size: (rows: Int, columns: Int) {
    switch self {
    case .floats(let matrix): (matrix.rows, matrix.columns)
    case .rounded(let half): (half.rows, half.stride)
    }
  }

  func rows(_ range: Range<Int>) -> GateUp {
    switch self {
    case .floats(let matrix): .floats(matrix.rows(range))
    case .rounded(let half): .rounded(half.rows(range))
    }
  }
}
