/// A linear layer's weight [out, in], as its products read it.
package enum Weight: Sendable {
  /// fp32, row-major: a view of the parameters.
  case float(Matrix)
  /// bf16, in panels.
  case packed(PackedMatrix)
  /// The few bits of a quantised file, frozen.
  case quantized(QuantizedWeight)

  package var outputs: Int {
    switch self {
    case .float(let matrix): matrix.rows
    case .packed(let matrix): matrix.panels.columns
    case .quantized(let weight): weight.outputs
    }
  }

  package var inputs: Int {
    switch self {
    case .float(let matrix): matrix.columns
    case .packed(let matrix): matrix.panels.steps
    case .quantized(let weight): weight.inputs
    }
  }

  /// Row `index` as floats: an embedding, where the weight is the vocabulary's.
  func copyRow(_ index: Int, into row: UnsafeMutablePointer<Float>) {
    switch self {
    case .float(let matrix): row.update(from: matrix.row(index), count: matrix.columns)
    case .packed(let matrix): matrix.copyColumn(index, into: row)
    case .quantized(let weight): weight.row(index, into: row)
    }
  }
}

extension MatMul {
  /// y ← x · weightᵀ. x [N, in], y [N, out].
  package static func linear(
    _ x: Matrix, _ weight: Weight, into y: Matrix, kernel: MatMulKernel
  ) {
    switch weight {
    case .float(let matrix): linear(x, matrix, into: y, kernel: kernel)
    case .packed(let matrix):
      withRounded(x) { rows in
        switch kernel {
        case .library: BF16.multiplyWithLibrary(rows, matrix.panels, into: y)
        case .invariant: BF16.multiply(rows.operand(matrix.panels), into: y)
        }
      }
    case .quantized(let weight): linear(x, weight, into: y)
    }
  }

  /// x in bf16, for the time of a product.
  static func withRounded(_ x: Matrix, _ body: (BF16.Rows) -> Void) {
    withUnsafeTemporaryAllocation(
      of: UInt16.self, capacity: max(2, BF16.count(rows: x.rows, columns: x.columns))
    ) { memory in body(BF16.round(x, into: memory.baseAddress!)) }
  }
}
