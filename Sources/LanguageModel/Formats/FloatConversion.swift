/// Converts stored floats to Float. Sources need no alignment and hold at least as many elements
/// as the destination.
enum FloatConversion {
  static func float32(
    _ source: UnsafeRawBufferPointer, to destination: UnsafeMutableBufferPointer<Float>
  ) {
    let target = UnsafeMutableRawBufferPointer(destination)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<target.count]))
  }

  static func bfloat16(
    _ source: UnsafeRawBufferPointer, to destination: UnsafeMutableBufferPointer<Float>
  ) {
    for index in 0..<destination.count {
      let bits = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      destination[index] = Float(bitPattern: UInt32(bits) << 16)
    }
  }

  static func float16(
    _ source: UnsafeRawBufferPointer, to destination: UnsafeMutableBufferPointer<Float>
  ) {
    for index in 0..<destination.count {
      destination[index] = half(source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
  }

  /// The value of an IEEE half, by integer operations that vectorise: the exponent is rebiased by
  /// a multiplication, which also makes subnormal halves right.
  @inline(__always)
  static func half(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let rebiased = Float(bitPattern: magnitude) * 0x1p112
    let infinite: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
    let sign = UInt32(bits & 0x8000) << 16
    return Float(bitPattern: rebiased.bitPattern | infinite | sign)
  }
}
