/// A safetensors file, mapped and wholly checked: every tensor lies in the file, none overlap,
/// nothing is left over.
public struct SafetensorsFile: TensorSource {
  /// Element types by safetensors' own names.
  enum ElementType: String, Sendable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case uint16 = "U16"
    case int16 = "I16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case uint32 = "U32"
    case int32 = "I32"
    case float32 = "F32"
    case uint64 = "U64"
    case int64 = "I64"
    case float64 = "F64"

    var size: Int {
      switch self {
      case .bool, .uint8, .int8: 1
      case .uint16, .int16, .float16, .bfloat16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64: 8
      }
    }
  }

  struct Entry: Sendable {
    var type: ElementType
    var shape: [Int]
    /// Bytes of the file.
    var range: Range<Int>
  }

  private let file: MappedFile
  private let entries: [String: Entry]
  public let names: [String]
  /// The header's `__metadata__`.
  public let metadata: [String: String]

  public var origin: String { file.path }

  /// Maps and checks a file; tensors' values are read later.
  public init(path: String) throws(ModelError) {
    let file = try MappedFile(path)
    let header = try SafetensorsHeader(file)
    self.file = file
    entries = header.entries
    names = header.entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    metadata = header.metadata
  }

  public func shape(of name: String) -> [Int]? {
    entries[name]?.shape
  }

  /// Converts F32, F16, BF16 or F64 to Float; other types are refused, being no weights.
  public func read(
    _ name: String, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let entry = try entry(name)
    try convert(name, entry, file.bytes[entry.range], to: destination)
  }

  public func readRows(
    _ name: String, _ rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let entry = try entry(name)
    precondition(entry.shape.count == 2 && rows.upperBound <= entry.shape[0], "no such rows")
    let rowBytes = entry.shape[1] * entry.type.size
    let start = entry.range.lowerBound
    try convert(
      name, entry,
      file.bytes[start + rows.lowerBound * rowBytes..<start + rows.upperBound * rowBytes],
      to: destination)
  }

  public func release(_ name: String) {
    if let entry = entries[name] { file.release(entry.range) }
  }

  private func convert(
    _ name: String, _ entry: Entry, _ bytes: Slice<UnsafeRawBufferPointer>,
    to destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let source = UnsafeRawBufferPointer(rebasing: bytes)
    precondition(
      destination.count == source.count / entry.type.size,
      "the destination must have the tensor's size")
    switch entry.type {
    case .float32: FloatConversion.float32(source, to: destination)
    case .float16: FloatConversion.float16(source, to: destination)
    case .bfloat16: FloatConversion.bfloat16(source, to: destination)
    case .float64:
      for index in 0..<destination.count {
        destination[index] = Float(source.loadUnaligned(fromByteOffset: index * 8, as: Double.self))
      }
    default:
      throw ModelError("\(origin): the tensor \(name) is \(entry.type.rawValue), not floats")
    }
  }

  /// The values of a tensor of whole numbers or truth values.
  public func integers(_ name: String) throws(ModelError) -> [Int] {
    let entry = try entry(name)
    let source = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    switch entry.type {
    case .bool, .uint8: return Self.elements(source, UInt8.self).map { Int($0) }
    case .int8: return Self.elements(source, Int8.self).map { Int($0) }
    case .uint16: return Self.elements(source, UInt16.self).map { Int($0) }
    case .int16: return Self.elements(source, Int16.self).map { Int($0) }
    case .uint32: return Self.elements(source, UInt32.self).map { Int($0) }
    case .int32: return Self.elements(source, Int32.self).map { Int($0) }
    case .uint64: return Self.elements(source, UInt64.self).map { Int(clamping: $0) }
    case .int64: return Self.elements(source, Int64.self).map { Int($0) }
    case .float16, .bfloat16, .float32, .float64:
      throw ModelError("\(origin): the tensor \(name) is \(entry.type.rawValue), not whole numbers")
    }
  }

  private func entry(_ name: String) throws(ModelError) -> Entry {
    if let entry = entries[name] { return entry }
    throw ModelError("\(origin): there is no tensor \(name)")
  }

  private static func elements<T: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _: T.Type
  ) -> [T] {
    let size = MemoryLayout<T>.stride
    return (0..<source.count / size).map {
      source.loadUnaligned(fromByteOffset: $0 * size, as: T.self)
    }
  }
}
