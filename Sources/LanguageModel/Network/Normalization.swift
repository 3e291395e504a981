/// RMSNorm: y = weight · x / √(mean(x²) + ε), over rows of C channels.
package enum RMSNorm {
  /// x [N, C] → y [N, C]; `inverse` [N] keeps 1/√(mean(x²) + ε) for the backward pass.
  package static func forward(
    _ x: Matrix, weight: UnsafePointer<Float>, epsilon: Float, into y: Matrix,
    inverse: UnsafeMutablePointer<Float>
  ) {
    let channels = x.columns
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      for row in rows {
        let source = x.row(row)
        let scale = 1 / (dot(source, source, channels) / Float(channels) + epsilon).squareRoot()
        inverse[row] = scale
        apply(source, weight, scale, into: y.row(row), channels)
      }
    }
  }

  /// The forward pass again from the kept `inverse`: cheaper than keeping its result.
  package static func reapply(
    _ x: Matrix, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>, into y: Matrix
  ) {
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      for row in rows {
        apply(x.row(row), weight, inverse[row], into: y.row(row), x.columns)
      }
    }
  }

  /// dx += ∂L/∂x, and dweight += ∂L/∂weight where wanted.
  ///
  /// With x̂ = x·inverse and g = dy·weight: dx = inverse · (g − x̂ · mean(g·x̂)).
  package static func backward(
    _ x: Matrix, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>, dy: Matrix,
    addingTo dx: Matrix, weightGradient: UnsafeMutablePointer<Float>?
  ) {
    let channels = x.columns
    parallelRows(x.rows, minimumPerThread: 16) { rows in
      for row in rows {
        let (source, upstream, target) = (x.row(row), dy.row(row), dx.row(row))
        let scale = inverse[row]
        let projection =
          weightedDot(upstream, weight, source, channels) * scale * scale / Float(channels)
        for c in 0..<channels {
          target[c] += scale * (upstream[c] * weight[c] - source[c] * projection)
        }
      }
    }
    guard let weightGradient else { return }
    for row in 0..<x.rows {
      let (source, upstream) = (x.row(row), dy.row(row))
      let scale = inverse[row]
      for c in 0..<channels { weightGradient[c] += upstream[c] * source[c] * scale }
    }
  }

  private static func apply(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ scale: Float,
    into y: UnsafeMutablePointer<Float>, _ channels: Int
  ) {
    for c in 0..<channels { y[c] = weight[c] * (x[c] * scale) }
  }

  private static func weightedDot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>, _ count: Int
  ) -> Float {
    var sum = Vector.zero
    var i = 0
    while i + 8 <= count {
      sum += load(a + i) * load(b + i) * load(c + i)
      i += 8
    }
    var total = sum.sum()
    while i < count {
      total += a[i] * b[i] * c[i]
      i += 1
    }
    return total
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
    for row in 0..<x.rows {
      original.row(row).update(from: x.row(row), count: x.columns)
      let y = Matrix(x.row(row), rows: heads, columns: headSize)
      RMSNorm.forward(
        Matrix(original.row(row), rows: heads, columns: headSize), weight: weight,
        epsilon: epsilon, into: y, inverse: inverse + row * heads)
    }
  }

  /// dx in place: it holds ∂L/∂y on entry and ∂L/∂x on return.
  package static func backward(
    original: Matrix, headSize: Int, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>,
    dx: Matrix, weightGradient: UnsafeMutablePointer<Float>?
  ) {
    let heads = dx.columns / headSize
    withUnsafeTemporaryAllocation(of: Float.self, capacity: dx.columns) { upstream in
      let dy = Matrix(upstream.baseAddress!, rows: heads, columns: headSize)
      for row in 0..<dx.rows {
        dy.base.update(from: dx.row(row), count: dx.columns)
        dx.row(row).update(repeating: 0, count: dx.columns)
        RMSNorm.backward(
          Matrix(original.row(row), rows: heads, columns: headSize), weight: weight,
          inverse: inverse + row * heads, dy: dy,
          addingTo: Matrix(dx.row(row), rows: heads, columns: headSize),
          weightGradient: weightGradient)
      }
    }
  }
}
