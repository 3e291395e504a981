/// What gets gradients in a backward pass.
public enum GradientTarget: Sendable {
  /// Every parameter of the base model.
  case full(Parameters)
  /// The adapter only: the base's weight gradients are never computed.
  case lora(LoRAParameters)
}

/// Where one group's gradients go.
enum LinearGradient {
  case base(weight: Matrix, bias: UnsafeMutablePointer<Float>?)
  case adapter(LoRAParameters.Group?)
}

/// A group of linear layers that share their input, with the adapter's part: paired passes.
struct LinearGroup {
  let network: NetworkWeights
  let layer: Int
  let projection: Projection
  let adapter: LoRAParameters.Group?
  let packedAdapter: PackedAdapter.Group?
  let adapterScale: Float

  init(
    _ network: NetworkWeights, _ adapter: LoRAParameters?, _ projection: Projection, _ layer: Int
  ) {
    self.network = network
    self.layer = layer
    self.projection = projection
    self.adapter = adapter?.groups[layer][projection.rawValue]
    packedAdapter =
      network.precision == .bf16 ? adapter?.packedGroups[layer][projection.rawValue] : nil
    adapterScale = adapter?.config.scale ?? 0
  }

  private var bias: UnsafeMutablePointer<Float>? {
    projection == .qkv ? network.blocks[layer].vectors.qkvBias : nil
  }

  /// y ← x·Wᵀ + bias + scale·(x·Aᵀ)·Bᵀ. x [N, in] → y [N, out].
  func forward(
    _ x: Matrix, into y: Matrix, kernel: MatMulKernel, scratch: ScratchBuffer,
    pages: KVAhead? = nil
  ) {
    switch network.blocks[layer].linear[projection.rawValue] {
    case .float(let weight):
      MatMul.linear(x, weight, into: y, kernel: kernel)
      addAdapter(x, to: y, kernel: kernel, scratch: scratch)
    case .quantized(let weight):
      MatMul.linear(x, weight, into: y)
      addAdapter(x, to: y, kernel: kernel, scratch: scratch)
    case .packed(let weight): forwardPacked(x, weight, into: y, scratch: scratch, pages: pages)
    }
    if let bias {
      parallelRows(y.rows, minimumPerThread: 64) { rows in
        for row in rows { addScaled(bias, scale: 1, to: y.row(row), y.columns) }
      }
    }
  }

  /// y += scale·(x·Aᵀ)·Bᵀ in fp32.
  private func addAdapter(
    _ x: Matrix, to y: Matrix, kernel: MatMulKernel, scratch: ScratchBuffer
  ) {
    guard let adapter else { return }
    let rank = adapter.members[0].b.columns
    let inner = Matrix(
      scratch.pointer(count: x.rows * (adapter.a.rows + y.columns)), rows: x.rows,
      columns: adapter.a.rows)
    MatMul.linear(x, adapter.a, into: inner, kernel: kernel)
    for (index, member) in adapter.members.enumerated() {
      let u = inner.columns(index * rank..<(index + 1) * rank)
      let target = y.columns(member.columns)
      let delta = Matrix(
        inner.base + x.rows * adapter.a.rows, rows: x.rows, columns: member.columns.count)
      MatMul.linear(u, member.b, into: delta, kernel: kernel)
      let scale = adapterScale
      parallelRows(x.rows, minimumPerThread: 16) { rows in
        for row in rows {
          addScaled(delta.row(row), scale: scale, to: target.row(row), target.columns)
        }
      }
    }
  }

  /// dx ← ∂L/∂x for rows `range` of the batch, whose x, dy and dx these are; x is asked for afterwards.
  ///
  /// The gradients: in bf16 the rows' part of `operands` is packed, and ``addGradient(_:to:)`` comes
  /// when all rows are done; in fp32, which takes all rows at once, they += theirs right here.
  func backward(
    dy: Matrix, into dx: Matrix, range: Range<Int>, operands: GradientOperands,
    gradient: LinearGradient, scratch: ScratchBuffer, x: () -> Matrix
  ) {
    guard case .float(let weight) = network.blocks[layer].linear[projection.rawValue] else {
      return backwardPacked(
        dy: dy, into: dx, operands: operands.rows(range), gradient: gradient, scratch: scratch,
        x: x)
    }
    MatMul.gemm(dy, weight, into: dx)
    switch gradient {
    case .base(let dWeight, _): MatMul.gemm(dy, transposeA: true, x(), into: dWeight, beta: 1)
    case .adapter(let target):
      guard let adapter, let target else {
        _ = x()
        return
      }
      let (width, rank) = (adapter.a.rows, adapter.members[0].b.columns)
      let memory = scratch.pointer(count: 2 * dy.rows * width)
      let inner = Matrix(memory, rows: dy.rows, columns: width)
      let dInner = Matrix(memory + dy.rows * width, rows: dy.rows, columns: width)
      func columns(_ index: Int) -> Range<Int> { index * rank..<(index + 1) * rank }
      for (index, member) in adapter.members.enumerated() {
        MatMul.gemm(
          dy.columns(member.columns), member.b, into: dInner.columns(columns(index)),
          alpha: adapterScale)
      }
      MatMul.gemm(dInner, adapter.a, into: dx, beta: 1)
      let x = x()
      MatMul.gemm(x, adapter.a, transposeB: true, into: inner)
      for (index, member) in adapter.members.enumerated() {
        MatMul.gemm(
          dy.columns(member.columns), transposeA: true, inner.columns(columns(index)),
          into: target.members[index].b, alpha: adapterScale, beta: 1)
      }
      MatMul.gemm(dInner, transposeA: true, x, into: target.a, beta: 1)
    }
  }
}
