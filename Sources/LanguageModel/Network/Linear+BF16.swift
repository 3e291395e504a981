/// Pieces of a scratch buffer, one after another.
struct ScratchPieces {
  private var next: UnsafeMutableRawPointer
  private let end: UnsafeMutableRawPointer

  /// Room for so many floats and bf16 numbers in up to `pieces` pieces.
  init(_ scratch: ScratchBuffer, floats: Int, halves: Int, pieces: Int) {
    let count = floats + (halves + 1) / 2 + 16 * pieces
    next = UnsafeMutableRawPointer(scratch.pointer(count: count))
    end = next + 4 * count
  }

  mutating func floats(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(
      take(4 * rows * columns).assumingMemoryBound(to: Float.self), rows: rows, columns: columns)
  }

  mutating func rounded(_ x: Matrix) -> BF16.Rows {
    BF16.round(x, into: roundedMemory(x))
  }

  /// x [M, N] as an operand whose contraction runs over its rows.
  mutating func packed(_ x: Matrix, scale: Float = 1) -> Panels {
    let panels = panels(x)
    panels.pack(rows: x, scale: scale)
    return panels
  }

  /// x as both kinds of operand. The panels are those of the columns `parts`, which cover x in order
  /// and begin at even ones.
  mutating func roundedAndPacked(_ x: Matrix, parts: [Range<Int>]) -> (BF16.Rows, [Panels]) {
    let rows = BF16.Rows(roundedMemory(x), rows: x.rows, columns: x.columns)
    return (
      rows,
      parts.map { columns in
        precondition(columns.lowerBound % 2 == 0)
        let part = x.columns(columns)
        let panels = panels(part)
        panels.pack(rows: part, copy: rows, column: columns.lowerBound)
        return panels
      }
    )
  }

  mutating func roundedAndPacked(_ x: Matrix) -> (BF16.Rows, Panels) {
    let (rows, panels) = roundedAndPacked(x, parts: [0..<x.columns])
    return (rows, panels[0])
  }

  private mutating func roundedMemory(_ x: Matrix) -> UnsafeMutablePointer<UInt16> {
    take(2 * BF16.count(rows: x.rows, columns: x.columns)).assumingMemoryBound(to: UInt16.self)
  }

  private mutating func panels(_ x: Matrix) -> Panels {
    let count = Panels.count(steps: x.rows, columns: x.columns)
    return Panels(
      base: take(2 * count).assumingMemoryBound(to: UInt16.self), steps: x.rows,
      columns: x.columns)
  }

  private mutating func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    defer { next += (bytes + 63) / 64 * 64 }
    precondition(next + bytes <= end)
    return next
  }
}

/// A group of linear layers in bf16: the same passes as fp32's, with the adapter's part inside the
/// base's products as further steps of their contraction.
extension LinearGroup {
  func forwardPacked(
    _ x: Matrix, _ weight: PackedMatrix, into y: Matrix, scratch: ScratchBuffer
  ) {
    let inner = packedAdapter?.a.panels.columns ?? 0
    var pieces = ScratchPieces(
      scratch, floats: x.rows * inner, halves: x.rows * (x.columns + inner + 2), pieces: 3)
    let rows = pieces.rounded(x)
    guard let packedAdapter else {
      return BF16.multiply(rows.operand(weight.panels), into: y)
    }
    let u = pieces.floats(x.rows, inner)
    BF16.multiply(rows.operand(packedAdapter.a.panels), into: u)
    let low = pieces.rounded(u)
    BF16.multiply(
      rows.operand(weight.panels), low.operand(packedAdapter.b.panels), into: y)
  }

  func backwardPacked(
    _ x: Matrix, dy: Matrix, into dx: Matrix, accumulate: Bool, gradient: LinearGradient,
    scratch: ScratchBuffer
  ) {
    let transposed = network.transposed(layer, projection).panels
    switch gradient {
    case .base(let dWeight, let dBias):
      var pieces = ScratchPieces(
        scratch, floats: 0, halves: packedCount(x) + packedCount(dy) + dy.rows * (dy.columns + 1),
        pieces: 3)
      let (dyRows, dyPanels) = pieces.roundedAndPacked(dy)
      multiply(dyRows, transposed, into: dx, accumulate: accumulate)
      BF16.accumulateOuter(dyPanels, pieces.packed(x), into: dWeight)
      if let dBias { addRows(of: dy, to: dBias) }
    case .adapter(let target):
      guard let packedAdapter, let adapter, let target else {
        var pieces = ScratchPieces(
          scratch, floats: 0, halves: dy.rows * (dy.columns + 1), pieces: 1)
        return multiply(pieces.rounded(dy), transposed, into: dx, accumulate: accumulate)
      }
      adapterBackward(
        x, dy: dy, into: dx, accumulate: accumulate, transposed, packedAdapter, adapter, target,
        scratch)
    }
  }

  private func adapterBackward(
    _ x: Matrix, dy: Matrix, into dx: Matrix, accumulate: Bool, _ transposed: Panels,
    _ packed: PackedAdapter.Group, _ adapter: LoRAParameters.Group,
    _ target: LoRAParameters.Group, _ scratch: ScratchBuffer
  ) {
    let (m, inner, rank) = (x.rows, adapter.a.rows, adapter.members[0].b.columns)
    let lowPanels = Panels.count(steps: m, columns: inner)
    let memberPanels = adapter.members.reduce(0) {
      $0 + Panels.count(steps: m, columns: $1.columns.count)
        + Panels.count(steps: m, columns: rank)
    }
    var pieces = ScratchPieces(
      scratch, floats: 2 * m * inner,
      halves: m * (x.columns + dy.columns + inner + 3) + packedCount(x) + lowPanels + memberPanels,
      pieces: 7 + 2 * adapter.members.count)
    // An adapter may leave a member out: then nobody wants that one's panels.
    let covers = adapter.members.reduce(0) { $0 + $1.columns.count } == dy.columns
    let (dyRows, dyPanels) =
      covers
      ? pieces.roundedAndPacked(dy, parts: adapter.members.map(\.columns))
      : (pieces.rounded(dy), adapter.members.map { pieces.packed(dy.columns($0.columns)) })
    let (xRows, xPanels) = pieces.roundedAndPacked(x)
    let u = pieces.floats(m, inner)
    let du = pieces.floats(m, inner)
    BF16.multiply(xRows.operand(packed.a.panels), into: u)
    for (index, member) in adapter.members.enumerated() {
      let columns = index * rank..<(index + 1) * rank
      BF16.multiply(
        dyRows.operand(packed.bTransposed[index].panels, first: member.columns.lowerBound),
        into: du.columns(columns))
      BF16.accumulateOuter(
        dyPanels[index], pieces.packed(u.columns(columns), scale: adapterScale),
        into: target.members[index].b)
    }
    let (duRows, duPanels) = pieces.roundedAndPacked(du)
    BF16.accumulateOuter(duPanels, xPanels, into: target.a)
    // Both parts in one product, which visits dx once.
    BF16.multiply(
      dyRows.operand(transposed), duRows.operand(packed.aTransposed.panels), into: dx,
      accumulate: accumulate)
  }

  /// dx ← (or +=) dy · W: a gradient needs no promise about bits, so the library may do it.
  private func multiply(
    _ dy: BF16.Rows, _ transposed: Panels, into dx: Matrix, accumulate: Bool
  ) {
    if accumulate {
      BF16.multiply(dy.operand(transposed), into: dx, accumulate: true)
    } else {
      BF16.multiplyWithLibrary(dy, transposed, into: dx)
    }
  }

  private func packedCount(_ x: Matrix) -> Int { Panels.count(steps: x.rows, columns: x.columns) }
}
