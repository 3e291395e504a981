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
  mutating func packed(_ x: Matrix) -> Panels {
    let panels = panels(rows: x.rows, columns: x.columns)
    panels.pack(rows: x)
    return panels
  }

  /// x rounded; the same reading packs `parts`' columns, which cover x in order and begin at even
  /// ones, as operands whose contraction runs over the rows.
  mutating func rounded(_ x: Matrix, packing parts: [(columns: Range<Int>, panels: Panels)])
    -> BF16.Rows
  {
    let rows = BF16.Rows(roundedMemory(x), rows: x.rows, columns: x.columns)
    for (columns, panels) in parts {
      precondition(columns.lowerBound % 2 == 0)
      panels.pack(rows: x.columns(columns), copy: rows, column: columns.lowerBound)
    }
    return rows
  }

  private mutating func roundedMemory(_ x: Matrix) -> UnsafeMutablePointer<UInt16> {
    take(2 * BF16.count(rows: x.rows, columns: x.columns)).assumingMemoryBound(to: UInt16.self)
  }

  mutating func panels(rows: Int, columns: Int) -> Panels {
    let count = Panels.count(steps: rows, columns: columns)
    return Panels(
      base: take(2 * count).assumingMemoryBound(to: UInt16.self), steps: rows, columns: columns)
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
    _ x: Matrix, _ weight: PackedMatrix, into y: Matrix, scratch: ScratchBuffer, pages: KVAhead?
  ) {
    let inner = packedAdapter?.a.panels.columns ?? 0
    var pieces = ScratchPieces(
      scratch, floats: x.rows * inner, halves: x.rows * (x.columns + inner + 2), pieces: 3)
    let rows = pieces.rounded(x)
    let next = network.panels(after: projection, layer)
    guard let packedAdapter else {
      return BF16.multiply(rows.operand(weight.panels), into: y, next: next, pages: pages)
    }
    let u = pieces.floats(x.rows, inner)
    BF16.multiply(rows.operand(packedAdapter.a.panels), into: u)
    let low = pieces.rounded(u)
    let parts = packedAdapter.b.map { part in
      low.operand(part.panels.panels, first: part.first, at: part.column)
    }
    BF16.multiply([rows.operand(weight.panels)] + parts, into: y, next: next, pages: pages)
  }

  /// Room in `scratch` for what the group's gradients are made of; none where there are none, or in
  /// fp32.
  func gradientOperands(
    rows: Int, _ gradient: LinearGradient, in scratch: ScratchBuffer
  ) -> GradientOperands {
    guard case .packed(let weight) = network.blocks[layer].linear[projection.rawValue] else {
      return GradientOperands()
    }
    let (inputs, outputs) = (weight.panels.steps, weight.panels.columns)
    var operands = GradientOperands()
    func count(_ columns: [Int]) -> Int {
      columns.reduce(0) { $0 + Panels.count(steps: rows, columns: $1) }
    }
    switch gradient {
    case .base:
      var pieces = ScratchPieces(scratch, floats: 0, halves: count([inputs, outputs]), pieces: 2)
      operands.x = pieces.panels(rows: rows, columns: inputs)
      operands.dy = [pieces.panels(rows: rows, columns: outputs)]
    case .adapter(let target):
      guard let adapter, target != nil else { return operands }
      let (inner, rank) = (adapter.a.rows, adapter.members[0].b.columns)
      let widths = adapter.members.map(\.columns.count)
      var pieces = ScratchPieces(
        scratch, floats: 0, halves: count([inputs, inner] + widths + widths.map { _ in rank }),
        pieces: 2 + 2 * widths.count)
      operands.x = pieces.panels(rows: rows, columns: inputs)
      operands.du = pieces.panels(rows: rows, columns: inner)
      operands.dy = widths.map { pieces.panels(rows: rows, columns: $0) }
      operands.u = widths.map { _ in pieces.panels(rows: rows, columns: rank) }
    }
    return operands
  }

  func backwardPacked(
    dy: Matrix, into dx: Matrix, operands: GradientOperands, gradient: LinearGradient,
    scratch: ScratchBuffer, x: () -> Matrix
  ) {
    let transposed = network.transposed(layer, projection)
    if case .adapter(.some) = gradient, let packedAdapter, let adapter {
      return adapterBackward(
        dy: dy, into: dx, operands, transposed, packedAdapter, adapter, scratch, x: x)
    }
    var pieces = ScratchPieces(scratch, floats: 0, halves: dy.rows * (dy.columns + 1), pieces: 1)
    let dyRows =
      if let panels = operands.dy.first {
        pieces.rounded(dy, packing: [(0..<dy.columns, panels)])
      } else {
        pieces.rounded(dy)
      }
    BF16.multiply(dyRows.operand(transposed), into: dx)
    let x = x()
    operands.x?.pack(rows: x)
  }

  private func adapterBackward(
    dy: Matrix, into dx: Matrix, _ operands: GradientOperands, _ transposed: Panels,
    _ packed: PackedAdapter.Group, _ adapter: LoRAParameters.Group, _ scratch: ScratchBuffer,
    x: () -> Matrix
  ) {
    let (m, inner, rank) = (dy.rows, adapter.a.rows, adapter.members[0].b.columns)
    var pieces = ScratchPieces(
      scratch, floats: 2 * m * inner, halves: m * (dx.columns + dy.columns + inner + 3), pieces: 5)
    let members = zip(adapter.members, operands.dy).map { (columns: $0.columns, panels: $1) }
    // An adapter may leave a member out: then nobody wants that one's panels.
    let dyRows: BF16.Rows
    if members.reduce(0, { $0 + $1.columns.count }) == dy.columns {
      dyRows = pieces.rounded(dy, packing: members)
    } else {
      dyRows = pieces.rounded(dy)
      for (columns, panels) in members { panels.pack(rows: dy.columns(columns)) }
    }
    let du = pieces.floats(m, inner)
    func columns(_ index: Int) -> Range<Int> { index * rank..<(index + 1) * rank }
    for (index, member) in adapter.members.enumerated() {
      BF16.multiply(
        dyRows.operand(packed.bTransposed[index].panels, first: member.columns.lowerBound),
        into: du.columns(columns(index)))
    }
    let duRows = pieces.rounded(du, packing: [(0..<inner, operands.du!)])
    // Both parts in one product, which visits dx once.
    BF16.multiply(dyRows.operand(transposed), duRows.operand(packed.aTransposed.panels), into: dx)

    let x = x()
    let xRows = pieces.rounded(x, packing: [(0..<x.columns, operands.x!)])
    let u = pieces.floats(m, inner)
    BF16.multiply(xRows.operand(packed.a.panels), into: u)
    for (index, panels) in operands.u.enumerated() {
      panels.pack(rows: u.columns(columns(index)), scale: adapterScale)
    }
  }

  /// The target's gradients += the products of what all rows packed.
  func addGradient(_ operands: GradientOperands, to gradient: LinearGradient) {
    guard let x = operands.x else { return }
    switch gradient {
    case .base(let dWeight, _): BF16.accumulateOuter(operands.dy[0], x, into: dWeight)
    case .adapter(let target):
      guard let target, let du = operands.du else { return }
      for (index, member) in target.members.enumerated() {
        BF16.accumulateOuter(operands.dy[index], operands.u[index], into: member.b)
      }
      BF16.accumulateOuter(du, x, into: target.a)
    }
  }
}

/// The operands of a group's weight gradients, whose contractions run over all rows of a batch.
struct GradientOperands {
  var x: Panels?
  /// Of the whole group, or of each member with an adapter.
  var dy: [Panels] = []
  /// With an adapter: scale · x · Aᵀ by member, and dy · B of all.
  var u: [Panels] = []
  var du: Panels?

  func rows(_ range: Range<Int>) -> GradientOperands {
    GradientOperands(
      x: x?.steps(range), dy: dy.map { $0.steps(range) }, u: u.map { $0.steps(range) },
      du: du?.steps(range))
  }
}
