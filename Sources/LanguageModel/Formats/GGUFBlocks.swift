/// GGUF's blocks as packed matrices hold them: 32 small integers with a scale and an offset.
enum GGUFBlocks {
  /// The storage that holds a type's blocks exactly; nil for floats and for Q6_K, whose scales are
  /// for 16 weights each: these are rounded to signed bytes.
  static func exactFormat(_ type: GGUFTensorType) -> QuantizedFormat? {
    switch type {
    case .q40: QuantizedFormat(bits: 4, hasOffsets: false, hasWideScales: false)
    case .q41: QuantizedFormat(bits: 4, hasOffsets: true, hasWideScales: false)
    // A product of two scales has more digits than an fp16.
    case .q4k: QuantizedFormat(bits: 4, hasOffsets: true, hasWideScales: true)
    case .q50, .q80: QuantizedFormat(bits: 8, hasOffsets: false, hasWideScales: false)
    case .q51: QuantizedFormat(bits: 8, hasOffsets: true, hasWideScales: false)
    case .q5k: QuantizedFormat(bits: 8, hasOffsets: true, hasWideScales: true)
    case .q6k, .f32, .f16, .bf16: nil
    }
  }

  /// 32 weights of a row of blocks: their integers, and the bits of their scale and offset.
  /// `index` counts 32s from the row's start; the type must have an exact format.
  static func unpack(
    _ type: GGUFTensorType, _ row: UnsafeRawBufferPointer, _ index: Int,
    into q: UnsafeMutablePointer<UInt8>
  ) -> (scale: UInt32, offset: UInt32) {
    let perBlock = type.blockElements / 32
    let block = row.baseAddress! + index / perBlock * type.blockBytes
    switch type {
    case .q40:
      nibbles(block + 2, into: q)
      return (bits(block), 0)
    case .q41:
      nibbles(block + 4, into: q)
      return (bits(block), bits(block + 2))
    case .q50:
      nibbles(block + 6, into: q)
      addFifthBits(block + 2, to: q)
      // Zero is 16 in the file and 128 here.
      for i in 0..<32 { q[i] += 112 }
      return (bits(block), 0)
    case .q51:
      nibbles(block + 8, into: q)
      addFifthBits(block + 4, to: q)
      return (bits(block), bits(block + 2))
    case .q80:
      let quants = Dequantization.bytes(block + 2)
      for i in 0..<32 { q[i] = quants[i] ^ 0x80 }
      return (bits(block), 0)
    case .q4k, .q5k:
      return unpackK(type, block, index % perBlock, into: q)
    case .q6k, .f32, .f16, .bf16:
      preconditionFailure("\(type) has no exact format")
    }
  }

  /// Two sub-blocks share 32 bytes, one in the low and one in the high nibbles.
  private static func unpackK(
    _ type: GGUFTensorType, _ block: UnsafeRawPointer, _ part: Int,
    into q: UnsafeMutablePointer<UInt8>
  ) -> (scale: UInt32, offset: UInt32) {
    let factors = Dequantization.scaleAndMinimum(Dequantization.bytes(block + 4), part)
    let quants = Dequantization.bytes(block + (type == .q4k ? 16 : 48) + part / 2 * 32)
    for i in 0..<32 { q[i] = quants[i] >> UInt8(part % 2 * 4) & 0x0F }
    if type == .q5k {
      let high = Dequantization.bytes(block + 16)
      for i in 0..<32 { q[i] |= (high[i] >> UInt8(part) & 1) << 4 }
    }
    let scale = Dequantization.half(block) * factors.scale
    let offset = -(Dequantization.half(block + 2) * factors.minimum)
    return (scale.bitPattern, offset.bitPattern)
  }

  private static func bits(_ half: UnsafeRawPointer) -> UInt32 {
    UInt32(UInt16(littleEndian: half.loadUnaligned(as: UInt16.self)))
  }

  private static func nibbles(_ input: UnsafeRawPointer, into q: UnsafeMutablePointer<UInt8>) {
    let quants = Dequantization.bytes(input)
    for i in 0..<16 {
      q[i] = quants[i] & 0x0F
      q[i + 16] = quants[i] >> 4
    }
  }

  private static func addFifthBits(
    _ input: UnsafeRawPointer, to q: UnsafeMutablePointer<UInt8>
  ) {
    let high = UInt32(littleEndian: input.loadUnaligned(as: UInt32.self))
    for i in 0..<32 { q[i] |= UInt8(truncatingIfNeeded: high >> UInt32(i) & 1) << 4 }
  }
}
