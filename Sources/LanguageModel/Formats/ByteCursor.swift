/// Reads little-endian values one after the other and never beyond the end.
struct ByteCursor {
  let bytes: UnsafeRawBufferPointer
  let file: String
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  var remaining: Int { bytes.count - position }

  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ what: @autoclosure () -> String
  ) throws(ModelError) -> T {
    let size = MemoryLayout<T>.size
    guard remaining >= size else { throw truncated(what()) }
    defer { position += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
  }

  /// A count or length of things that take at least `minimumSize` bytes each in what remains.
  mutating func count(
    ofAtLeast minimumSize: Int, _ what: @autoclosure () -> String
  ) throws(ModelError) -> Int {
    let value = try integer(UInt64.self, what())
    guard value <= UInt64(remaining / minimumSize) else {
      throw ModelError(
        "\(file) is corrupt or truncated: \(what()) is \(value), more than the rest of the file"
          + " can hold")
    }
    return Int(value)
  }

  /// A string: a 64-bit length and UTF-8.
  mutating func string(_ what: @autoclosure () -> String) throws(ModelError) -> String {
    let length = try count(ofAtLeast: 1, "the length of \(what())")
    let slice = UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw ModelError("\(file) is corrupt: \(what()) is not valid UTF-8")
    }
    position += length
    return text
  }

  func truncated(_ what: String) -> ModelError {
    ModelError("\(file) is truncated: it ends at byte \(bytes.count), within \(what)")
  }
}
