import CKernels
import COpenBLAS

/// A row-major view of floats: `rows` × `columns`, `stride` floats from one row to the next.
package struct Matrix: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Float>
  package let rows: Int
  package let columns: Int
  package let stride: Int

  package init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    precondition(rows >= 0 && columns >= 0 && self.stride >= columns)
  }

  package func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  package func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    return Matrix(row(range.lowerBound), rows: range.count, columns: columns, stride: stride)
  }

  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    return Matrix(base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }
}

/// Which kernel multiplies activations by weights.
public enum MatMulKernel: Sendable {
  /// OpenBLAS in fp32, oneDNN in bf16: a row's last bits depend on how many rows share the call.
  case library
  /// Our own: a row's result never depends on the others. Generation uses it.
  case invariant
}

/// The one place that multiplies matrices.
package enum MatMul {
  /// BLAS's own threads stay unused: the products of one call are split over the process's pool,
  /// so that nothing ever runs beside it.
  private static let configured: Void = openblas_set_num_threads(1)

  /// c ← alpha · op(a) · op(b) + beta · c through BLAS; op transposes where asked.
  package static func gemm(
    _ a: Matrix, transposeA ta: Bool = false, _ b: Matrix, transposeB tb: Bool = false,
    into c: Matrix, alpha: Float = 1, beta: Float = 0
  ) {
    let m = ta ? a.columns : a.rows
    let k = ta ? a.rows : a.columns
    let n = tb ? b.rows : b.columns
    precondition(k == (tb ? b.columns : b.rows) && c.rows == m && c.columns == n)
    guard m > 0, n > 0 else { return }
    _ = configured
    func multiply(rows: Range<Int>, columns: Range<Int>) {
      let left = a.base + rows.lowerBound * (ta ? 1 : a.stride)
      let right = b.base + columns.lowerBound * (tb ? b.stride : 1)
      cblas_sgemm(
        CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans,
        Int32(rows.count), Int32(columns.count), Int32(k), alpha, left, Int32(a.stride), right,
        Int32(b.stride), beta, c.row(rows.lowerBound) + columns.lowerBound, Int32(c.stride))
    }
    // Below a million steps, handing work over costs as much as it saves.
    let parts = m * n * k < 1 << 20 ? 1 : computeThreads
    // The longer side is cut, in whole tiles of 16.
    parallelItems(parts) { part in
      func share(_ count: Int) -> Range<Int> {
        let tiles = (count + 15) / 16
        return min(count, tiles * part / parts * 16)..<min(count, tiles * (part + 1) / parts * 16)
      }
      let (rows, columns) = m >= n ? (share(m), 0..<n) : (0..<m, share(n))
      if !rows.isEmpty && !columns.isEmpty { multiply(rows: rows, columns: columns) }
    }
  }

  /// y ← x · weightᵀ: a linear layer. x [N, in], weight [out, in], y [N, out].
  package static func linear(
    _ x: Matrix, _ weight: Matrix, into y: Matrix, kernel: MatMulKernel
  ) {
    precondition(x.columns == weight.columns && y.rows == x.rows && y.columns == weight.rows)
    switch kernel {
    case .library: gemm(x, weight, transposeB: true, into: y)
    case .invariant: invariant(x, weight, into: y)
    }
  }

  /// Blocks of rows stay in the second-level cache while the weights stream past them.
  private static func invariant(_ x: Matrix, _ weight: Matrix, into y: Matrix) {
    let block = 64
    // Column ranges in whole tiles of 4, so that threads never split one.
    parallelRows((weight.rows + 3) / 4, minimumPerThread: 8) { tiles in
      let columns = tiles.lowerBound * 4..<min(weight.rows, tiles.upperBound * 4)
      for start in stride(from: 0, to: x.rows, by: block) {
        let rows = min(block, x.rows - start)
        hs_matmul_nt(
          x.row(start), x.stride, weight.row(columns.lowerBound), weight.stride,
          y.row(start) + columns.lowerBound, y.stride, rows, columns.count, x.columns)
      }
    }
  }
}
