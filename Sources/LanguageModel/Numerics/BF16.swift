import CKernels

/// Products of bf16 operands with fp32 sums. Every row of a result has the same bits whatever the
/// other rows are.
package enum BF16 {
  /// Whether this processor multiplies bf16 itself.
  package static let isSupported = hs_bf16_supported() != 0

  /// x rounded to bf16, as a product's left operand: pairs of columns in one word.
  package struct Rows: @unchecked Sendable {
    let base: UnsafeMutablePointer<UInt16>
    let rows: Int
    /// Numbers from one row to the next, even.
    let stride: Int

    /// Rows of so many columns in `base`, which holds `count(rows:columns:)` numbers.
    init(_ base: UnsafeMutablePointer<UInt16>, rows: Int, columns: Int) {
      self.base = base
      self.rows = rows
      stride = (columns + 1) / 2 * 2
    }

    func row(_ index: Int) -> UnsafeMutablePointer<UInt16> { base + index * stride }

    func rows(_ range: Range<Int>) -> Rows {
      precondition(range.upperBound <= rows)
      return Rows(row(range.lowerBound), rows: range.count, columns: stride)
    }

    /// Columns from `first` on, which is even, against `panels`, which are those of the result from
    /// its column `column` on, a multiple of 64, or all of them.
    func operand(_ panels: Panels, first: Int = 0, at column: Int? = nil) -> hs_bf16_operands {
      precondition(first % 2 == 0)
      precondition(column.map { ($0 | panels.columns) % Panels.width == 0 } ?? true)
      let panel = (column ?? 0) / Panels.width
      return hs_bf16_operands(
        left: UnsafeRawPointer(base + first).assumingMemoryBound(to: UInt32.self),
        row: stride / 2, pair: 1, panels: panels.base, stride: panels.stride, pairs: panels.pairs,
        first: panel, end: column == nil ? .max : panel + panels.columns / Panels.width)
    }
  }

  /// Rounds x [M, K] into `memory`, which holds `count(rows:columns:)` numbers.
  static func round(_ x: Matrix, into memory: UnsafeMutablePointer<UInt16>) -> Rows {
    let result = Rows(memory, rows: x.rows, columns: x.columns)
    parallelRows(x.rows, minimumPerThread: max(1, 8192 / max(1, x.columns))) { rows in
      hs_bf16_round(
        x.row(rows.lowerBound), x.stride, rows.count, x.columns,
        memory + rows.lowerBound * result.stride, result.stride)
    }
    return result
  }

  static func count(rows: Int, columns: Int) -> Int { rows * ((columns + 1) / 2 * 2) }

  /// y ← Σ operands.
  ///
  /// - next: what the next product will read: with few rows the weights' way from memory is what
  ///   takes the time, so that it shall never stop.
  /// - pages: what will be read after that, fetched meanwhile too.
  static func multiply(
    _ operands: hs_bf16_operands..., into y: Matrix, next: Panels? = nil, pages: KVAhead? = nil
  ) {
    multiply(operands, into: y, next: next, pages: pages)
  }

  static func multiply(
    _ operands: [hs_bf16_operands], into y: Matrix, next: Panels? = nil, pages: KVAhead? = nil
  ) {
    let (m, n) = (y.rows, y.columns)
    guard m > 0, n > 0 else { return }
    let steps = operands.reduce(0) { $0 + 2 * $1.pairs }
    operands.withUnsafeBufferPointer { operands in
      func multiply(
        rows: Range<Int>, columns: Range<Int>, next: hs_bf16_next = hs_bf16_next()
      ) {
        hs_bf16_multiply(
          operands.baseAddress!, Int32(operands.count), y.base, y.stride, rows.lowerBound,
          rows.upperBound, columns.lowerBound, columns.upperBound, 0, next)
      }
      if m * n * steps < 1 << 19 {
        multiply(rows: 0..<m, columns: 0..<n)
      } else if m < 96 {
        // Few rows: a thread streams its own share of the weights, whole vectors of 16 columns. The
        // shares are equal, for what there is to do in a layer is too little to be handed out twice.
        let parts = parts(n)
        parallelItems(parts) { part in
          let columns = share(part, of: parts, n)
          if !columns.isEmpty {
            var next = beginning(of: next, part, of: parts)
            if parts == computeThreads { next.pages = pages?.share(part) }
            multiply(rows: 0..<m, columns: columns, next: next)
          }
        }
      } else {
        // Many rows: a thread's rows stay in its second-level cache while the weights pass.
        nonisolated(unsafe) let operands = operands
        parallelRows((m + 5) / 6, minimumPerThread: 8) { tiles in
          for first in stride(from: tiles.lowerBound, to: tiles.upperBound, by: 32) {
            let rows = first * 6..<min(m, min(tiles.upperBound, first + 32) * 6)
            if operands.count == 1, operands[0].pairs > 2 * stretch {
              multiplyInStretches(operands[0], rows, into: y)
            } else {
              multiply(rows: rows, columns: 0..<n)
            }
          }
        }
      }
    }
  }

  private static func parts(_ columns: Int) -> Int {
    (columns + 63) / 64 < 64 * computeThreads ? computeThreads : 4 * computeThreads
  }

  private static func share(_ part: Int, of parts: Int, _ columns: Int) -> Range<Int> {
    let vectors = (columns + 15) / 16
    return vectors * part / parts * 16..<min(columns, vectors * (part + 1) / parts * 16)
  }

  /// What the thread that has `part` now will read of `panels`, if it gets the same part there.
  private static func beginning(
    of panels: Panels?, _ part: Int, of parts: Int
  ) -> hs_bf16_next {
    guard let panels, parts == computeThreads else { return hs_bf16_next() }
    let share = share(part, of: Self.parts(panels.columns), panels.columns)
    let first = share.lowerBound / 64
    let count = ((share.upperBound + 63) / 64 - first) * panels.stride
    return hs_bf16_next(
      first: panels.base + first * panels.stride, bytes: 2 * count, pages: nil)
  }

  /// Pairs of a contraction whose part of a panel stays in the second-level cache.
  private static let stretch = 512

  /// A long contraction (the vocabulary's) piece by piece, or every tile would fetch its panel anew.
  private static func multiplyInStretches(
    _ operand: hs_bf16_operands, _ rows: Range<Int>, into y: Matrix
  ) {
    for first in Swift.stride(from: 0, to: operand.pairs, by: stretch) {
      var part = operand
      part.left += first * operand.pair
      part.panels += first * 128
      part.pairs = min(stretch, operand.pairs - first)
      hs_bf16_multiply(
        &part, 1, y.base, y.stride, rows.lowerBound, rows.upperBound, 0, y.columns,
        first > 0 ? 1 : 0, hs_bf16_next())
    }
  }

  /// y ← x · panels through oneDNN where it can, in blocks of rows that our threads share. For many
  /// rows and no promise about bits: which kernel takes a row depends on how many there are.
  static func multiplyWithLibrary(_ x: Rows, _ panels: Panels, into y: Matrix) {
    let block = 64
    let operand = x.operand(panels)
    let blocks = (y.rows + block - 1) / block
    guard x.rows >= block, x.stride == panels.steps, y.stride == y.columns else {
      return multiply(operand, into: y)
    }
    parallelItems(blocks) { index in
      let rows = index * block..<min(y.rows, (index + 1) * block)
      // A shorter last block would be one more shape to compile.
      if rows.count == block,
        hs_onednn_multiply(
          x.base + rows.lowerBound * x.stride, panels.base, y.row(rows.lowerBound), rows.count,
          y.columns, panels.steps) != 0
      {
        return
      }
      var own = operand
      hs_bf16_multiply(
        &own, 1, y.base, y.stride, rows.lowerBound, rows.upperBound, 0, y.columns, 0,
        hs_bf16_next())
    }
  }

  /// y += leftᵀ · right, contracted over the rows that both were packed from: a weight's gradient.
  static func accumulateOuter(_ left: Panels, _ right: Panels, into y: Matrix) {
    precondition(left.steps == right.steps && y.rows == left.columns && y.columns == right.columns)
    let panels = (left.columns + 63) / 64
    // A thin left side is no work to share out: then the right side is cut as well.
    let cuts = panels >= 2 * computeThreads ? 1 : min((right.columns + 63) / 64, 4 * computeThreads)
    let width = ((right.columns + 63) / 64 + cuts - 1) / cuts * 64
    parallelItems(panels * cuts) { item in
      let (panel, column) = (item / cuts, item % cuts * width)
      guard column < right.columns else { return }
      let rows = min(64, left.columns - panel * 64)
      for first in Swift.stride(from: 0, to: left.pairs, by: stretch) {
        var operand = hs_bf16_operands(
          left: UnsafeRawPointer(left.base + panel * left.stride + first * 128)
            .assumingMemoryBound(to: UInt32.self),
          row: 1, pair: 64, panels: right.base + first * 128, stride: right.stride,
          pairs: min(stretch, left.pairs - first), first: 0, end: .max)
        hs_bf16_multiply(
          &operand, 1, y.row(panel * 64), y.stride, 0, rows, column,
          min(right.columns, column + width), 1, hs_bf16_next())
      }
    }
  }
}
