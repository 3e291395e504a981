import CKernels

/// How the blocks of 32 weights of a quantised matrix are stored: w = scale · (q − zero), or with
/// offsets w = scale · q + offset.
package struct QuantizedFormat: Sendable, Equatable {
  /// 4 (zero is 8) or 8 (zero is 128).
  package var bits: Int
  package var hasOffsets: Bool
  /// fp32 scales and offsets, not fp16.
  package var hasWideScales: Bool

  /// What weights are rounded to that aren't in blocks of 32 already: 127 steps to either side.
  package static let signedBytes = QuantizedFormat(bits: 8, hasOffsets: false, hasWideScales: true)

  package init(bits: Int, hasOffsets: Bool, hasWideScales: Bool) {
    precondition(bits == 4 || bits == 8)
    self.bits = bits
    self.hasOffsets = hasOffsets
    self.hasWideScales = hasWideScales
  }

  func shape(outputs: Int, inputs: Int) -> hs_quantized_shape {
    hs_quantized_shape(
      outputs: outputs, inputs: inputs, bits: Int32(bits), has_offsets: hasOffsets ? 1 : 0,
      has_wide_scales: hasWideScales ? 1 : 0)
  }
}

/// Frozen weights W [outputs, inputs] in the few bits they are stored in, packed for products.
///
/// A group of linear layers (q, k and v) is one weight of several parts, since a file may store
/// each in its own way. Not reentrant: the weights of a network share memory for activations.
package struct QuantizedWeight: @unchecked Sendable {
  package let outputs: Int
  package let inputs: Int
  let parts: [Part]
  let storage: QuantizedStorage

  /// Some of the outputs, all in one format.
  struct Part {
    let firstOutput: Int
    let packed: hs_quantized

    var outputs: Int { packed.shape.outputs }
    var panels: Int { (outputs + Int(HS_PANEL) - 1) / Int(HS_PANEL) }
  }

  /// The weights of one output as floats: an embedding's row.
  package func row(_ output: Int, into values: UnsafeMutablePointer<Float>) {
    let part = parts.last { $0.firstOutput <= output }!
    precondition(output < part.firstOutput + part.outputs)
    withUnsafePointer(to: part.packed) {
      hs_quantized_row($0, output - part.firstOutput, values)
    }
  }

  /// Bytes that a product reads.
  package var byteCount: Int {
    parts.reduce(0) { sum, part in
      withUnsafePointer(to: part.packed.shape) { sum + hs_quantized_bytes($0) }
    }
  }
}

/// What the quantised weights of a network share: the memory they're packed in, and scratch for the
/// activations of one product at a time.
package final class QuantizedStorage: @unchecked Sendable {
  let memory: HugeMemory
  private var scratch = HugeMemory(count: 64)

  init(byteCount: Int) { memory = HugeMemory(count: max(64, byteCount)) }

  /// Room for activations [rows, inputs] as signed bytes.
  fileprivate func activations(rows: Int, inputs: Int) -> hs_activations {
    let blocks = rows * inputs / Int(HS_BLOCK) * MemoryLayout<hs_activation_block>.stride
    let count = blocks + rows * inputs
    if scratch.count < count { scratch = HugeMemory(count: count) }
    return hs_activations(
      values: (scratch.base + blocks).assumingMemoryBound(to: Int8.self),
      blocks: scratch.base.assumingMemoryBound(to: hs_activation_block.self))
  }
}

extension MatMul {
  /// y ← x · weightᵀ with x rounded to signed bytes, each 32 with a scale of their own.
  /// x [N, in], y [N, out]. A row's bits don't depend on the other rows.
  ///
  /// - Parameter instructions: one of `quantizedInstructionSets`; nil is the best.
  package static func linear(
    _ x: Matrix, _ weight: QuantizedWeight, into y: Matrix, instructions: String? = nil
  ) {
    precondition(x.columns == weight.inputs && y.rows == x.rows && y.columns == weight.outputs)
    guard x.rows > 0 else { return }
    let inputs = weight.inputs
    let blocks = inputs / Int(HS_BLOCK)
    let activations = weight.storage.activations(rows: x.rows, inputs: inputs)
    func part(from row: Int) -> hs_activations {
      hs_activations(
        values: activations.values + row * inputs, blocks: activations.blocks + row * blocks)
    }
    parallelRows(x.rows, minimumPerThread: 8) { rows in
      var target = part(from: rows.lowerBound)
      hs_quantize_activations(x.row(rows.lowerBound), x.stride, rows.count, inputs, &target)
    }
    let panels = weight.parts.reduce(0) { $0 + $1.panels }
    parallelRows(panels, minimumPerThread: 2) { range in
      var all = activations
      var firstPanel = 0
      for part in weight.parts {
        let own = range.clamped(to: firstPanel..<firstPanel + part.panels)
        if !own.isEmpty {
          var packed = part.packed
          let known = hs_quantized_product(
            &packed, &all, x.rows, y.base + part.firstOutput, y.stride,
            own.lowerBound - firstPanel, own.upperBound - firstPanel, instructions)
          precondition(known == 1, "this machine has no such instructions")
        }
        firstPanel += part.panels
      }
    }
  }

  /// What the quantised product can use on this machine, best first: "avx512-vnni", "avx-vnni",
  /// "avx2", and everywhere "plain".
  package static var quantizedInstructionSets: [String] {
    ["avx512-vnni", "avx-vnni", "avx2", "plain"].filter { hs_quantized_has($0) == 1 }
  }
}
