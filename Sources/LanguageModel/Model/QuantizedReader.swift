import CKernels

/// Packs matrices of a model's files for quantised products, straight from the blocks in the file
/// where these are of 32 weights; anything else is rounded to signed bytes, a few rows at a time.
package enum QuantizedReader {
  /// One weight for each group of tensors, whose rows stand one below the other.
  package static func read(
    _ groups: [[String]], from source: any TensorSource
  ) throws(ModelError) -> [QuantizedWeight] {
    var plans: [[Plan]] = []
    var byteCount = 0
    for names in groups {
      var plan: [Plan] = []
      for name in names {
        let next = try Self.plan(name, source, offset: byteCount)
        plan.append(next)
        byteCount += withUnsafePointer(to: next.shape, hs_quantized_bytes)
      }
      plans.append(plan)
    }
    let storage = QuantizedStorage(byteCount: byteCount)
    var weights: [QuantizedWeight] = []
    for plan in plans {
      var parts: [QuantizedWeight.Part] = []
      var outputs = 0
      for next in plan {
        guard next.shape.inputs == plan[0].shape.inputs else {
          throw ModelError("\(source.origin): \(next.name) and \(plan[0].name) differ in width")
        }
        let blocks = (storage.memory.base + next.offset).assumingMemoryBound(to: UInt8.self)
        let packed = hs_quantized(shape: next.shape, blocks: blocks)
        try pack(next, source, into: packed)
        parts.append(.init(firstOutput: outputs, packed: packed))
        outputs += next.shape.outputs
      }
      weights.append(
        QuantizedWeight(
          outputs: outputs, inputs: plan.first?.shape.inputs ?? 0, parts: parts, storage: storage))
    }
    return weights
  }

  private struct Plan {
    let name: String
    let shape: hs_quantized_shape
    let isExact: Bool
    /// Where its memory begins.
    let offset: Int
  }

  private static func plan(
    _ name: String, _ source: any TensorSource, offset: Int
  ) throws(ModelError) -> Plan {
    guard let shape = source.shape(of: name), shape.count == 2 else {
      throw ModelError("\(source.origin): there is no matrix \(name)")
    }
    guard shape[1] % Int(HS_BLOCK) == 0 else {
      throw ModelError(
        "\(source.origin): \(name) can't be quantised: its \(shape[1]) columns aren't a multiple of"
          + " \(HS_BLOCK)")
    }
    var exact: QuantizedFormat?
    if let gguf = source as? GGUFTensors {
      exact = GGUFBlocks.exactFormat(try gguf.storedMatrix(name).type)
    }
    return Plan(
      name: name, shape: (exact ?? .signedBytes).shape(outputs: shape[0], inputs: shape[1]),
      isExact: exact != nil, offset: offset)
  }

  private static func pack(
    _ plan: Plan, _ source: any TensorSource, into packed: hs_quantized
  ) throws(ModelError) {
    let gguf = source as? GGUFTensors
    if plan.isExact, let matrix = try gguf?.storedMatrix(plan.name) {
      copyBlocks(matrix, into: packed)
    } else {
      try roundRows(plan, source, into: packed)
    }
    source.release(plan.name)
  }

  private static func copyBlocks(_ matrix: GGUFTensors.StoredMatrix, into packed: hs_quantized) {
    parallelRows(matrix.rows, minimumPerThread: 16) { rows in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(HS_BLOCK)) { q in
        var packed = packed
        for output in rows {
          let row = matrix.row(output)
          for block in 0..<matrix.columns / Int(HS_BLOCK) {
            let (scale, offset) = GGUFBlocks.unpack(matrix.type, row, block, into: q.baseAddress!)
            hs_quantized_put(&packed, output, block, scale, offset, q.baseAddress!)
          }
        }
      }
    }
  }

  private static func roundRows(
    _ plan: Plan, _ source: any TensorSource, into packed: hs_quantized
  ) throws(ModelError) {
    let (rows, columns) = (plan.shape.outputs, plan.shape.inputs)
    let chunk = max(1, min(rows, (4 << 20) / (4 * columns)))
    let buffer = FloatBuffer(count: chunk * columns)
    for start in stride(from: 0, to: rows, by: chunk) {
      let count = min(chunk, rows - start)
      try source.readRows(
        plan.name, start..<start + count,
        into: UnsafeMutableBufferPointer(start: buffer.base, count: count * columns))
      round(Matrix(buffer.base, rows: count, columns: columns), into: packed, from: start)
    }
  }

  /// A linear layer's weight [out, in] rounded to signed bytes.
  package static func rounded(_ weight: Matrix) -> QuantizedWeight {
    let shape = QuantizedFormat.signedBytes.shape(outputs: weight.rows, inputs: weight.columns)
    let storage = QuantizedStorage(byteCount: withUnsafePointer(to: shape, hs_quantized_bytes))
    let packed = hs_quantized(
      shape: shape, blocks: storage.memory.base.assumingMemoryBound(to: UInt8.self))
    round(weight, into: packed, from: 0)
    return QuantizedWeight(
      outputs: weight.rows, inputs: weight.columns,
      parts: [.init(firstOutput: 0, packed: packed)], storage: storage)
  }

  /// The outputs from `first` on.
  private static func round(_ rows: Matrix, into packed: hs_quantized, from first: Int) {
    parallelRows(rows.rows, minimumPerThread: 16) { range in
      var packed = packed
      for row in range { round(rows.row(row), into: &packed, output: first + row) }
    }
  }

  /// q = round(w / scale), the largest of a block being ±127.
  private static func round(
    _ values: UnsafePointer<Float>, into packed: inout hs_quantized, output: Int
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(HS_BLOCK)) { q in
      for block in 0..<packed.shape.inputs / Int(HS_BLOCK) {
        let from = values + block * Int(HS_BLOCK)
        var largest: Float = 0
        for i in 0..<Int(HS_BLOCK) { largest = max(largest, abs(from[i])) }
        let scale = largest / 127
        let inverse = scale > 0 ? 1 / scale : 0
        for i in 0..<Int(HS_BLOCK) {
          // A weight that is no number stays one through the scale.
          let steps = (from[i] * inverse).rounded()
          q[i] = UInt8(128 + (steps >= -127 && steps <= 127 ? Int(steps) : 0))
        }
        hs_quantized_put(&packed, output, block, scale.bitPattern, 0, q.baseAddress!)
      }
    }
  }
}
