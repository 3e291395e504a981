import CKernels

/// RMSNorm: y = weight · x / √(mean(x²) + ε), over rows of C channels.
package enum RMSNorm {
  /// x [N, C] → y [N, C]; `inverse` [N] keeps 1/√(mean(x²) + ε) for the backward pass.
  package static func forward(
    _ x: Matrix, weight: UnsafePointer<Float>, epsilon: Float, into y: Matrix,
    inverse: UnsafeMutablePointer<Float>
  ) {
    precondition(epsilon > 0 && x.rows == y.rows && x.columns == y.columns)
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      let first = rows.lowerBound
      hs_rms_norm(
        rows.count, x.columns, x.row(first), x.stride, weight, epsilon, y.row(first), y.stride,
        inverse + first)
    }
  }

  /// The forward pass again from the kept `inverse`: cheaper than keeping its result.
  package static func reapply(
    _ x: Matrix, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>, into y: Matrix
  ) {
    precondition(x.rows == y.rows && x.columns == y.columns)
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      let first = rows.lowerBound
      hs_rms_norm_again(
        rows.count, x.columns, x.row(first), x.stride, weight, inverse + first, y.row(first),
        y.stride)
    }
  }

  /// dx += ∂L/∂x. The weight's gradient is `sumColumns` of dy, x and `inverse`.
  ///
  /// With x̂ = x·inverse and g = dy·weight: dx = inverse · (g − x̂ · mean(g·x̂)).
  package static func backward(
    _ x: Matrix, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>, dy: Matrix,
    addingTo dx: Matrix
  ) {
    precondition(x.rows == dy.rows && x.columns == dy.columns)
    precondition(x.rows == dx.rows && x.columns == dx.columns)
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      let first = rows.lowerBound
      hs_rms_norm_backward(
        rows.count, x.columns, x.row(first), x.stride, weight, inverse + first, dy.row(first),
        dy.stride, dx.row(first), dx.stride)
    }
  }
}

/// sums[c] += Σ_row dy[row][c], times x[row][c] · inverse[row · inverseStride] where given. Threads share out the
/// columns, so that each sum runs over the rows in their order.
package func sumColumns(
  _ dy: Matrix, times x: Matrix? = nil, _ inverse: UnsafePointer<Float>? = nil,
  inverseStride: Int = 1, into sums: UnsafeMutablePointer<Float>
) {
  let width = 64
  let strips = (dy.columns + width - 1) / width
  parallelRows(strips, minimumPerThread: max(1, 16384 / max(1, dy.rows * width))) { strips in
    let columns = strips.lowerBound * width..<min(dy.columns, strips.upperBound * width)
    hs_column_sums(
      dy.rows, columns.count, dy.base + columns.lowerBound, dy.stride,
      x.map { UnsafePointer($0.base + columns.lowerBound) }, x?.stride ?? 0, inverse,
      inverseStride, sums + columns.lowerBound)
  }
}

/// RMSNorm over each head of q or k, in place (Qwen3).
package enum HeadNorm {
  /// x [N, heads·D] in place; `original` keeps x and `inverse` [N, heads] the scales for backward.
  package static func forward(
    _ x: Matrix, headSize: Int, weight: UnsafePointer<Float>, epsilon: Float, original: Matrix,
    inverse: UnsafeMutablePointer<Float>
  ) {
    let heads = x.columns / headSize
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      for row in rows {
        original.row(row).update(from: x.row(row), count: x.columns)
        hs_rms_norm(
          heads, headSize, original.row(row), headSize, weight, epsilon, x.row(row), headSize,
          inverse + row * heads)
      }
    }
  }

  /// dx in place: it holds ∂L/∂y on entry and ∂L/∂x on return.
  package static func backward(
    original: Matrix, headSize: Int, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>,
    dx: Matrix, weightGradient: UnsafeMutablePointer<Float>?
  ) {
    let heads = dx.columns / headSize
    if let weightGradient {
      for head in 0..<heads {
        let columns = head * headSize..<(head + 1) * headSize
        sumColumns(
          dx.columns(columns), times: original.columns(columns), inverse + head,
          inverseStride: heads, into: weightGradient)
      }
    }
    parallelRows(dx.rows, minimumPerThread: 16) { rows in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: dx.columns) { upstream in
        let dy = upstream.baseAddress!
        for row in rows {
          let target = dx.row(row)
          dy.update(from: target, count: dx.columns)
          target.update(repeating: 0, count: dx.columns)
          hs_rms_norm_backward(
            heads, headSize, original.row(row), headSize, weight, inverse + row * heads, dy,
            headSize, target, headSize)
        }
      }
    }
  }
}
