/// The JSON header of a safetensors file, checked against the file's size.
struct SafetensorsHeader {
  private(set) var entries: [String: SafetensorsFile.Entry] = [:]
  private(set) var metadata: [String: String] = [:]
  private let path: String
  private let dataStart: Int
  private let dataCount: Int

  /// The reference implementation's limit.
  private static let maximumLength = 100_000_000

  init(_ file: MappedFile) throws(ModelError) {
    path = file.path
    let bytes = file.bytes
    guard bytes.count >= 10 else {
      throw ModelError("\(path) is too short for a safetensors file (\(bytes.count) bytes)")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= Self.maximumLength, Int(length) <= bytes.count - 8 else {
      throw ModelError(
        "\(path) is truncated or not safetensors: its header should take \(length) bytes,"
          + " the file has \(bytes.count)")
    }
    dataStart = 8 + Int(length)
    dataCount = bytes.count - dataStart
    let json = try JSONParser.parse(
      UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]), file: path)
    let object = try JSONObject(json, file: path)
    for (name, value) in object.members {
      if name == "__metadata__" {
        try readMetadata(value)
      } else {
        try add(name, JSONObject(value, file: "\(path): tensor \(name.prefix(80))"))
      }
    }
    try checkLayout()
  }

  private mutating func readMetadata(_ value: JSONValue) throws(ModelError) {
    for (key, value) in try JSONObject(value, file: path).members {
      guard let text = value.string else {
        throw ModelError("\(path): the metadata \(key.prefix(80)) must be a string")
      }
      metadata[key] = text
    }
  }

  private mutating func add(_ name: String, _ object: JSONObject) throws(ModelError) {
    guard let typeName = try object.string("dtype") else { throw object.missing("dtype") }
    guard let type = SafetensorsFile.ElementType(rawValue: typeName) else {
      throw ModelError("\(object.file): the type \(typeName.prefix(40)) is not supported")
    }
    let shape = try numbers(object, "shape")
    let offsets = try numbers(object, "data_offsets")
    guard shape.count <= 8, offsets.count == 2 else {
      throw ModelError("\(object.file): expected at most 8 dimensions and two data_offsets")
    }
    var size = type.size
    for dimension in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      if overflow { throw ModelError("\(object.file): the shape \(shape) is impossibly large") }
      size = product
    }
    guard offsets[0] <= offsets[1], offsets[1] <= dataCount else {
      throw ModelError(
        "\(object.file): its data at \(offsets[0])..<\(offsets[1]) is beyond the file's"
          + " \(dataCount) bytes of data (a truncated file?)")
    }
    guard offsets[1] - offsets[0] == size else {
      throw ModelError(
        "\(object.file): the shape \(shape) of \(typeName) takes \(size) bytes,"
          + " but data_offsets give \(offsets[1] - offsets[0])")
    }
    let range = dataStart + offsets[0]..<dataStart + offsets[1]
    let entry = SafetensorsFile.Entry(type: type, shape: shape, range: range)
    if entries.updateValue(entry, forKey: name) != nil {
      throw ModelError("\(path): the tensor \(name.prefix(80)) is there twice")
    }
  }

  private func numbers(_ object: JSONObject, _ key: String) throws(ModelError) -> [Int] {
    guard let items = try object.array(key) else { throw object.missing(key) }
    var list: [Int] = []
    for item in items {
      guard case .integer(let number) = item, number >= 0 else {
        throw ModelError("\(object.file): \(key) must be a list of whole numbers")
      }
      list.append(number)
    }
    return list
  }

  /// The format allows neither overlaps nor holes.
  private func checkLayout() throws(ModelError) {
    let sorted = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
        < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
    }
    var end = dataStart
    for (name, entry) in sorted {
      if entry.range.lowerBound != end {
        throw ModelError(
          "\(path): the data of the tensor \(name.prefix(80)) doesn't begin where the data of the"
            + " one before ends")
      }
      end = entry.range.upperBound
    }
    if end != dataStart + dataCount {
      throw ModelError("\(path): \(dataStart + dataCount - end) bytes belong to no tensor")
    }
  }
}
