/// A GGUF file (version 2 or 3), mapped, with its header wholly read and checked: every tensor lies
/// in the file and no two overlap.
public struct GGUFFile: Sendable {
  struct Entry: Sendable {
    var type: GGUFTensorType
    /// Outermost dimension first, unlike in the file.
    var shape: [Int]
    /// Bytes of the file.
    var range: Range<Int>
  }

  let file: MappedFile
  /// The bytes of the key-value pairs, as a copy of the file needs them.
  let metadataRange: Range<Int>
  /// The key-value pairs of the header.
  public let metadata: [String: GGUFValue]
  /// Tensors under the file's own names.
  let entries: [String: Entry]

  public var path: String { file.path }

  public init(path: String) throws(ModelError) {
    file = try MappedFile(path)
    var cursor = ByteCursor(file.bytes, file: path)
    let (tensorCount, pairCount) = try Self.readCounts(&cursor)
    let start = cursor.position
    metadata = try Self.readMetadata(pairCount, &cursor)
    metadataRange = start..<cursor.position
    if let parts = metadata["split.count"]?.integer, parts > 1 {
      throw ModelError("\(path) is one of \(parts) parts; join them with llama-gguf-split --merge")
    }
    let infos = try Self.readTensorInfos(tensorCount, &cursor)
    entries = try Self.place(infos, metadata: metadata, cursor: cursor)
  }

  private static func readCounts(
    _ cursor: inout ByteCursor
  ) throws(ModelError) -> (tensors: Int, pairs: Int) {
    guard try cursor.integer(UInt32.self, "the magic number") == 0x4655_4747 else {
      throw ModelError("\(cursor.file) is not a GGUF file: it doesn't begin with \"GGUF\"")
    }
    let version = try cursor.integer(UInt32.self, "the version")
    guard version == 2 || version == 3 else {
      let order = version.byteSwapped <= 3 ? " (a big-endian file)" : ""
      throw ModelError("\(cursor.file): GGUF version \(version)\(order) can't be read, 2 and 3 can")
    }
    // A tensor's description takes at least 24 bytes, a pair 13.
    let tensors = try cursor.count(ofAtLeast: 24, "the number of tensors")
    let pairs = try cursor.count(ofAtLeast: 13, "the number of metadata keys")
    return (tensors, pairs)
  }

  private static func readMetadata(
    _ count: Int, _ cursor: inout ByteCursor
  ) throws(ModelError) -> [String: GGUFValue] {
    var metadata: [String: GGUFValue] = [:]
    for index in 0..<count {
      let key = try cursor.string("metadata key \(index)")
      let type = try cursor.integer(UInt32.self, "the type of \(key.prefix(80))")
      let value = try GGUFValue(type: type, from: &cursor, key: String(key.prefix(80)))
      if metadata.updateValue(value, forKey: key) != nil {
        throw ModelError("\(cursor.file): the metadata key \(key.prefix(80)) is there twice")
      }
    }
    return metadata
  }

  private typealias Info = (name: String, type: GGUFTensorType, shape: [Int], offset: UInt64)

  private static func readTensorInfos(
    _ count: Int, _ cursor: inout ByteCursor
  ) throws(ModelError) -> [Info] {
    var infos: [Info] = []
    for index in 0..<count {
      let name = try cursor.string("the name of tensor \(index)")
      let what = "the description of the tensor \(name.prefix(80))"
      let rank = try cursor.integer(UInt32.self, what)
      guard (1...4).contains(rank) else {
        throw ModelError("\(cursor.file): \(what) gives it \(rank) dimensions, expected 1 to 4")
      }
      var shape: [Int] = []
      for _ in 0..<rank {
        let dimension = try cursor.integer(UInt64.self, what)
        guard dimension > 0, dimension < 1 << 40 else {
          throw ModelError("\(cursor.file): \(what) gives it a dimension of \(dimension)")
        }
        shape.insert(Int(dimension), at: 0)
      }
      let type = try GGUFTensorType(
        try cursor.integer(UInt32.self, what), tensor: String(name.prefix(80)), file: cursor.file)
      infos.append((name, type, shape, try cursor.integer(UInt64.self, what)))
    }
    return infos
  }

  /// Where each tensor's data lies in the file.
  private static func place(
    _ infos: [Info], metadata: [String: GGUFValue], cursor: ByteCursor
  ) throws(ModelError) -> [String: Entry] {
    let file = cursor.file
    let alignment = metadata["general.alignment"].map { $0.integer ?? 0 } ?? 32
    guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      throw ModelError("\(file): general.alignment must be a power of two")
    }
    let start = (cursor.position + alignment - 1) / alignment * alignment
    var entries: [String: Entry] = [:]
    for info in infos {
      let name = info.name.prefix(80)
      guard info.shape.last! % info.type.blockElements == 0 else {
        throw ModelError(
          "\(file): rows of \(info.shape.last!) elements of the tensor \(name) aren't whole blocks"
            + " of \(info.type.blockElements)")
      }
      var size = info.type.blockBytes
      for dimension in info.shape.dropLast() + [info.shape.last! / info.type.blockElements] {
        let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
        if overflow {
          throw ModelError(
            "\(file): the shape \(info.shape) of the tensor \(name) is impossibly large")
        }
        size = product
      }
      let available = cursor.bytes.count - start
      guard info.offset <= UInt64(max(available, 0)), size <= available - Int(info.offset) else {
        throw ModelError(
          "\(file) is truncated or corrupt: the tensor \(name) takes \(size) bytes at"
            + " \(info.offset), the file has \(max(available, 0)) bytes of data")
      }
      guard info.offset % UInt64(alignment) == 0 else {
        throw ModelError("\(file): the tensor \(name) isn't aligned to \(alignment) bytes")
      }
      let lower = start + Int(info.offset)
      let entry = Entry(type: info.type, shape: info.shape, range: lower..<lower + size)
      if entries.updateValue(entry, forKey: info.name) != nil {
        throw ModelError("\(file): the tensor \(name) is there twice")
      }
    }
    try refuseOverlaps(entries, file: file)
    return entries
  }

  private static func refuseOverlaps(
    _ entries: [String: Entry], file: String
  ) throws(ModelError) {
    let sorted = entries.sorted {
      ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key)
    }
    for (first, second) in zip(sorted, sorted.dropFirst())
    where second.value.range.lowerBound < first.value.range.upperBound {
      throw ModelError(
        "\(file): the tensors \(first.key.prefix(80)) and \(second.key.prefix(80)) overlap")
    }
  }
}

extension GGUFFile {
  /// A tensor under the file's own name as floats, in the file's own order of rows.
  public func floats(_ name: String) throws(ModelError) -> [Float] {
    guard let entry = entries[name] else {
      throw ModelError("\(path): there is no tensor \(name)")
    }
    var values = [Float](repeating: 0, count: entry.shape.reduce(1, *))
    values.withUnsafeMutableBufferPointer {
      Dequantization.convert(
        entry.type, UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]), to: $0)
    }
    return values
  }
}
