/// Turns GGUF's blocks into floats, as ggml's `dequantize_row_*` do. `source` holds whole blocks for
/// exactly `destination.count` elements.
enum Dequantization {
  static func convert(
    _ type: GGUFTensorType, _ source: UnsafeRawBufferPointer,
    to destination: UnsafeMutableBufferPointer<Float>
  ) {
    let blocks = destination.count / type.blockElements
    precondition(
      destination.count % type.blockElements == 0 && source.count == blocks * type.blockBytes,
      "a source must hold whole blocks")
    switch type {
    case .f32: return FloatConversion.float32(source, to: destination)
    case .f16: return FloatConversion.float16(source, to: destination)
    case .bf16: return FloatConversion.bfloat16(source, to: destination)
    default: break
    }
    guard var input = source.baseAddress, var output = destination.baseAddress else { return }
    for _ in 0..<blocks {
      switch type {
      case .q40: q4(input, input + 2, minimum: -8 * half(input), output)
      case .q41: q4(input, input + 4, minimum: half(input + 2), output)
      case .q50: q5(input, high: input + 2, input + 6, minimum: -16 * half(input), output)
      case .q51: q5(input, high: input + 4, input + 8, minimum: half(input + 2), output)
      case .q80: q8(input, output)
      case .q4k: q4K(input, output)
      case .q5k: q5K(input, output)
      case .q6k: q6K(input, output)
      case .f32, .f16, .bf16: break
      }
      input += type.blockBytes
      output += type.blockElements
    }
  }

  @inline(__always)
  static func half(_ input: UnsafeRawPointer) -> Float {
    FloatConversion.half(input.loadUnaligned(as: UInt16.self))
  }

  @inline(__always)
  static func bytes(_ input: UnsafeRawPointer) -> UnsafePointer<UInt8> {
    input.assumingMemoryBound(to: UInt8.self)
  }

  /// 32 elements: low nibbles first, then high ones.
  @inline(__always)
  private static func q4(
    _ scale: UnsafeRawPointer, _ input: UnsafeRawPointer, minimum: Float,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let scale = half(scale)
    let quants = bytes(input)
    for index in 0..<16 {
      output[index] = Float(Int32(quants[index] & 0x0F)) * scale + minimum
      output[index + 16] = Float(Int32(quants[index] >> 4)) * scale + minimum
    }
  }

  /// As `q4`, with each element's fifth bit in the 32 bits at `high`.
  @inline(__always)
  private static func q5(
    _ scale: UnsafeRawPointer, high: UnsafeRawPointer, _ input: UnsafeRawPointer, minimum: Float,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let scale = half(scale)
    let quants = bytes(input)
    let high = UInt32(littleEndian: high.loadUnaligned(as: UInt32.self))
    for index in 0..<16 {
      let first = UInt32(quants[index] & 0x0F) | (high >> UInt32(index) & 1) << 4
      let second = UInt32(quants[index] >> 4) | (high >> UInt32(index + 16) & 1) << 4
      output[index] = Float(Int32(first)) * scale + minimum
      output[index + 16] = Float(Int32(second)) * scale + minimum
    }
  }

  @inline(__always)
  private static func q8(_ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = half(input)
    let quants = (input + 2).assumingMemoryBound(to: Int8.self)
    for index in 0..<32 { output[index] = Float(Int32(quants[index])) * scale }
  }

  /// The six-bit scale and minimum of one of the eight sub-blocks of Q4_K and Q5_K.
  @inline(__always)
  static func scaleAndMinimum(
    _ packed: UnsafePointer<UInt8>, _ index: Int
  ) -> (scale: Float, minimum: Float) {
    if index < 4 {
      return (Float(packed[index] & 63), Float(packed[index + 4] & 63))
    }
    let scale = (packed[index + 4] & 0x0F) | (packed[index - 4] >> 6) << 4
    let minimum = (packed[index + 4] >> 4) | (packed[index] >> 6) << 4
    return (Float(scale), Float(minimum))
  }

  private static func q4K(_ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (half(input), half(input + 2))
    let packed = bytes(input + 4)
    for pair in 0..<4 {
      let quants = bytes(input + 16 + pair * 32)
      let low = scaleAndMinimum(packed, pair * 2)
      let high = scaleAndMinimum(packed, pair * 2 + 1)
      let target = output + pair * 64
      for index in 0..<32 {
        target[index] =
          scale * low.scale * Float(Int32(quants[index] & 0x0F)) - minimum * low.minimum
        target[index + 32] =
          scale * high.scale * Float(Int32(quants[index] >> 4)) - minimum * high.minimum
      }
    }
  }

  private static func q5K(_ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (half(input), half(input + 2))
    let packed = bytes(input + 4)
    let highBits = bytes(input + 16)
    for pair in 0..<4 {
      let quants = bytes(input + 48 + pair * 32)
      let low = scaleAndMinimum(packed, pair * 2)
      let high = scaleAndMinimum(packed, pair * 2 + 1)
      let target = output + pair * 64
      for index in 0..<32 {
        let bits = highBits[index] >> UInt8(pair * 2)
        let first = Int32(quants[index] & 0x0F) + Int32(bits & 1) * 16
        let second = Int32(quants[index] >> 4) + Int32(bits >> 1 & 1) * 16
        target[index] = scale * low.scale * Float(first) - minimum * low.minimum
        target[index + 32] = scale * high.scale * Float(second) - minimum * high.minimum
      }
    }
  }

  /// 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, the scale of scales.
  private static func q6K(_ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = half(input + 208)
    for part in 0..<2 {
      let low = bytes(input + part * 64)
      let high = bytes(input + 128 + part * 32)
      let scales = (input + 192 + part * 8).assumingMemoryBound(to: Int8.self)
      let target = output + part * 128
      for index in 0..<32 {
        let bits = high[index]
        let quants: (Int32, Int32, Int32, Int32) = (
          Int32(low[index] & 0x0F | (bits & 3) << 4) - 32,
          Int32(low[index + 32] & 0x0F | (bits >> 2 & 3) << 4) - 32,
          Int32(low[index] >> 4 | (bits >> 4 & 3) << 4) - 32,
          Int32(low[index + 32] >> 4 | (bits >> 6 & 3) << 4) - 32
        )
        let group = index / 16
        target[index] = scale * Float(scales[group]) * Float(quants.0)
        target[index + 32] = scale * Float(scales[group + 2]) * Float(quants.1)
        target[index + 64] = scale * Float(scales[group + 4]) * Float(quants.2)
        target[index + 96] = scale * Float(scales[group + 6]) * Float(quants.3)
      }
    }
  }
}
