import Foundation

/// Writes a GGUF file like another one, with other weights: what full fine-tuning of a GGUF leaves.
/// Everything is F32 then; tokenizer, template and shape are the original's.
enum GGUFWriter {
  /// - source: the file whose metadata is kept.
  /// - parameters: the new weights, under Hugging Face's names and in its order of rows.
  /// Throws if the disk refuses; the old file at `path`, if any, is then still there.
  static func write(
    like source: GGUFFile, _ parameters: Parameters, to path: String
  ) throws(ModelError) {
    let tensors = try GGUFTensors(source, config: parameters.config)
    let order = source.entries.sorted { $0.value.range.lowerBound < $1.value.range.lowerBound }
    let alignment = source.metadata["general.alignment"]?.integer.map { Int($0) } ?? 32
    let file = try AtomicFile(path)
    let header = header(source, order.map { ($0.key, $0.value.shape) }, alignment)
    try file.write(elements: header)
    for (name, entry) in order {
      var values = [Float](repeating: 0, count: entry.shape.reduce(1, *))
      if let mapped = GGUFTensors.huggingFaceName(name), let place = parameters.layout[mapped] {
        let stored = UnsafeBufferPointer(
          start: parameters.buffer.base + place.offset, count: place.count)
        copy(stored, mapped, entry.shape, tensors, into: &values)
      } else {
        values = try source.floats(name)
      }
      try file.write(elements: values)
      try file.write(elements: padding(values.count * 4, alignment))
    }
    try file.commit()
  }

  /// Magic number, version, counts, metadata as it was, and where each tensor will stand.
  private static func header(
    _ source: GGUFFile, _ tensors: [(name: String, shape: [Int])], _ alignment: Int
  ) -> [UInt8] {
    var bytes = Array("GGUF".utf8)
    bytes += little(UInt32(3)) + little(UInt64(tensors.count))
    bytes += little(UInt64(source.metadata.count))
    bytes += withoutFileType(Array(source.file.bytes[source.metadataRange]))
    var offset = 0
    for (name, shape) in tensors {
      bytes += little(UInt64(name.utf8.count)) + Array(name.utf8)
      bytes += little(UInt32(shape.count))
      for dimension in shape.reversed() { bytes += little(UInt64(dimension)) }
      bytes += little(GGUFTensorType.f32.rawValue) + little(UInt64(offset))
      let size = shape.reduce(1, *) * 4
      offset += size + padding(size, alignment).count
    }
    return bytes + padding(bytes.count, alignment)
  }

  /// The pair that says how most tensors are stored: 0, all F32.
  private static func withoutFileType(_ metadata: [UInt8]) -> [UInt8] {
    let key = Array("general.file_type".utf8)
    let mark = little(UInt64(key.count)) + key + little(UInt32(4))
    var metadata = metadata
    guard let found = metadata.firstRange(of: mark), found.upperBound + 4 <= metadata.count else {
      return metadata
    }
    metadata.replaceSubrange(found.upperBound..<found.upperBound + 4, with: little(UInt32(0)))
    return metadata
  }

  /// Rows of q and k go back to where the format has them.
  private static func copy(
    _ stored: UnsafeBufferPointer<Float>, _ name: String, _ shape: [Int], _ tensors: GGUFTensors,
    into values: inout [Float]
  ) {
    guard let heads = tensors.permutedHeads(name) else {
      for i in 0..<stored.count { values[i] = stored[i] }
      return
    }
    let width = stored.count / shape[0]
    for row in 0..<shape[0] {
      let target = GGUFTensors.permutedRow(row, headSize: shape[0] / heads)
      for i in 0..<width { values[target * width + i] = stored[row * width + i] }
    }
  }

  private static func padding(_ size: Int, _ alignment: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (alignment - size % alignment) % alignment)
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
