import CKernels

/// The right operand of bf16 products: panels of 64 columns, pairs of contraction steps side by
/// side (CKernels/bf16.h). A view; `PackedMatrix` owns memory for one.
struct Panels: @unchecked Sendable {
  let base: UnsafeMutablePointer<UInt16>
  /// Columns of a panel.
  static let width = 64
  /// Length of the contraction.
  let steps: Int
  let columns: Int
  /// Numbers from one panel to the next.
  let stride: Int

  var pairs: Int { (steps + 1) / 2 }

  init(base: UnsafeMutablePointer<UInt16>, steps: Int, columns: Int) {
    self.init(base: base, steps: steps, columns: columns, stride: (steps + 1) / 2 * 128)
  }

  private init(base: UnsafeMutablePointer<UInt16>, steps: Int, columns: Int, stride: Int) {
    self.base = base
    self.steps = steps
    self.columns = columns
    self.stride = stride
  }

  /// Numbers of memory that a view of this shape takes.
  static func count(steps: Int, columns: Int) -> Int {
    hs_bf16_packed_count(steps, columns)
  }

  /// The columns from `first` on, a multiple of 64.
  func panels(from first: Int, count: Int) -> Panels {
    precondition(first % 64 == 0 && first + count <= columns)
    return Panels(base: base + first / 64 * stride, steps: steps, columns: count, stride: stride)
  }

  /// A part of the contraction that begins at an even step.
  func steps(_ range: Range<Int>) -> Panels {
    precondition(range.lowerBound % 2 == 0 && range.upperBound <= steps)
    return Panels(
      base: base + range.lowerBound / 2 * 128, steps: range.count, columns: columns, stride: stride)
  }

  /// Packs x [steps, columns]: ready for y = l · x. In parallel over columns.
  ///
  /// - copy: gets x rounded too, from its column `column` on: what reads x once serves both.
  func pack(rows x: Matrix, scale: Float = 1, copy: BF16.Rows? = nil, column: Int = 0) {
    precondition(x.rows == steps && x.columns == columns && (copy == nil || scale == 1))
    parallelPanels { panels, range in
      hs_bf16_pack_rows(
        x.base + range.lowerBound, x.stride, steps, range.count, scale, panels, stride,
        copy.map { $0.base + column + range.lowerBound }, copy?.stride ?? 0)
    }
  }

  /// Packs x [columns, steps]: ready for y = l · xᵀ, a linear layer. In parallel over columns.
  func pack(columns x: Matrix, scale: Float = 1) {
    precondition(x.rows == columns && x.columns == steps)
    parallelPanels { panels, range in
      hs_bf16_pack_columns(x.row(range.lowerBound), x.stride, range.count, steps, scale, panels)
    }
  }

  private func parallelPanels(_ body: (UnsafeMutablePointer<UInt16>, Range<Int>) -> Void) {
    parallelRows((columns + 63) / 64, minimumPerThread: max(1, 4096 / max(1, steps))) { panels in
      body(
        base + panels.lowerBound * stride,
        panels.lowerBound * 64..<min(columns, panels.upperBound * 64))
    }
  }
}

/// Memory for the panels of a network's matrices, one behind the other: each rounded up to huge pages
/// of its own would take a sixth more. Matrices are made one at a time.
package final class PanelArena {
  private var stretch: HugeMemory?
  private var used = 0

  package init() {}

  /// `count` numbers, aligned to 64 bytes, and what owns them.
  fileprivate func take(_ count: Int) -> (UnsafeMutablePointer<UInt16>, HugeMemory) {
    let bytes = max(64, (2 * count + 63) / 64 * 64)
    if stretch.map({ used + bytes > $0.count }) ?? true {
      // What isn't touched of it costs nothing.
      stretch = HugeMemory(count: max(bytes, 64 << 20))
      used = 0
    }
    defer { used += bytes }
    return ((stretch!.base + used).assumingMemoryBound(to: UInt16.self), stretch!)
  }
}

/// A weight in panels.
package final class PackedMatrix: Sendable {
  let panels: Panels
  private let memory: HugeMemory

  /// In memory of its own without an arena.
  init(steps: Int, columns: Int, in arena: PanelArena? = nil) {
    let count = Panels.count(steps: steps, columns: columns)
    let base: UnsafeMutablePointer<UInt16>
    if let arena {
      (base, memory) = arena.take(count)
    } else {
      memory = HugeMemory(count: max(64, 2 * count))
      base = memory.base.assumingMemoryBound(to: UInt16.self)
    }
    panels = Panels(base: base, steps: steps, columns: columns)
  }

  /// A linear layer's weight [out, in], for x · wᵀ.
  package convenience init(weight: Matrix, in arena: PanelArena? = nil) {
    self.init(steps: weight.columns, columns: weight.rows, in: arena)
    panels.pack(columns: weight)
  }

  /// The weights `names`, which stand one below the other [rows, columns], for x · wᵀ. Few rows at a
  /// time exist as floats, in `scratch`: the vocabulary's alone would be more than the panels are.
  convenience init(
    reading names: [String], rows: Int, columns: Int, from source: any TensorSource,
    in arena: PanelArena, scratch: ScratchBuffer
  ) throws(ModelError) {
    self.init(steps: columns, columns: rows, in: arena)
    // Whole panels.
    let chunk = 1024
    for start in stride(from: 0, to: rows, by: chunk) {
      let wanted = start..<min(rows, start + chunk)
      let matrix = Matrix(
        scratch.pointer(count: wanted.count * columns), rows: wanted.count, columns: columns)
      var first = 0
      for name in names {
        let count = source.shape(of: name)![0]
        let part = wanted.clamped(to: first..<first + count)
        if !part.isEmpty {
          try source.readRows(
            name, part.lowerBound - first..<part.upperBound - first,
            into: UnsafeMutableBufferPointer(
              start: matrix.row(part.lowerBound - start), count: part.count * columns))
        }
        first += count
      }
      panels.panels(from: start, count: wanted.count).pack(columns: matrix)
    }
    for name in names { source.release(name) }
  }

  /// Column `index` as floats: row `index` of a linear layer's weight.
  func copyColumn(_ index: Int, into row: UnsafeMutablePointer<Float>) {
    hs_bf16_unpack_column(panels.base, panels.steps, index, row)
  }

  /// The same weight for dy · w: the contraction runs over the columns of this one.
  func transposed(in arena: PanelArena? = nil) -> PackedMatrix {
    let result = PackedMatrix(steps: panels.columns, columns: panels.steps, in: arena)
    let target = result.panels
    // Sixty-four rows at a time exist as floats.
    parallelItems((target.steps + 63) / 64) { block in
      let rows = min(64, target.steps - block * 64)
      let width = target.columns
      withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * width) { floats in
        for row in 0..<rows {
          copyColumn(block * 64 + row, into: floats.baseAddress! + row * width)
        }
        hs_bf16_pack_rows(
          floats.baseAddress!, width, rows, width, 1, target.base + block * 32 * 128, target.stride,
          nil, 0)
      }
    }
    return result
  }
}
