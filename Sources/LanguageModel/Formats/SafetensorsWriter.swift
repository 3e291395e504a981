import Foundation

/// Writes safetensors files of F32 tensors, readable by every implementation.
public enum SafetensorsWriter {
  /// One tensor to write; the values are only looked at during `write`.
  public struct Tensor {
    public var name: String
    public var shape: [Int]
    public var values: UnsafeBufferPointer<Float>

    public init(name: String, shape: [Int], values: UnsafeBufferPointer<Float>) {
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// Replaces the file at `path` at once and durably. Tensors are stored in the order of names.
  /// Throws if two have the same name, a shape doesn't fit its values, or the disk refuses.
  public static func write(
    _ tensors: [Tensor], metadata: [String: String] = [:], to path: String
  ) throws(ModelError) {
    let sorted = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let header = try header(sorted, metadata: metadata, path: path)
    let file = try AtomicFile(path)
    var failure: ModelError?
    header.withUnsafeBytes { bytes in
      do throws(ModelError) { try file.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    for tensor in sorted { try file.write(UnsafeRawBufferPointer(tensor.values)) }
    try file.commit()
  }

  /// As above, from arrays.
  public static func write(
    _ tensors: [(name: String, shape: [Int], values: [Float])], metadata: [String: String] = [:],
    to path: String
  ) throws(ModelError) {
    let total = tensors.reduce(0) { $0 + $1.values.count }
    let store = UnsafeMutableBufferPointer<Float>.allocate(capacity: total)
    defer { store.deallocate() }
    var start = 0
    var views: [Tensor] = []
    for (name, shape, values) in tensors {
      let end = start + values.count
      let part = UnsafeMutableBufferPointer(rebasing: store[start..<end])
      _ = part.initialize(from: values)
      views.append(Tensor(name: name, shape: shape, values: UnsafeBufferPointer(part)))
      start = end
    }
    try write(views, metadata: metadata, to: path)
  }

  private static func header(
    _ tensors: [Tensor], metadata: [String: String], path: String
  ) throws(ModelError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }
        .map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for (index, tensor) in tensors.enumerated() {
      if index > 0, tensors[index - 1].name == tensor.name {
        throw ModelError("\(path) can't be written: the tensor \(tensor.name) is given twice")
      }
      guard tensor.shape.reduce(1, *) == tensor.values.count else {
        throw ModelError(
          "\(path) can't be written: \(tensor.name) has \(tensor.values.count) values,"
            + " its shape is \(tensor.shape)")
      }
      let end = offset + tensor.values.count * 4
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSONText.quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    // The data begins at a multiple of 8.
    json += [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }
}
