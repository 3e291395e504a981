import Foundation

/// TensorBoard's event files: TFRecord framing around protocol-buffer messages. Only what scalars
/// need is encoded (tensorflow/core/util/event.proto, summary.proto).
package enum EventFile {
  /// The first record of every file.
  static func version(time: Double) -> [UInt8] {
    record(event(time: time, step: nil) { $0.string(3, "brain.Event:2") })
  }

  /// Tells TensorBoard that a resumed run starts at `step`: what an older file of the same run
  /// holds from there on is dropped from its plots.
  static func sessionStart(step: Int, time: Double) -> [UInt8] {
    record(event(time: time, step: step) { $0.message(7) { $0.integer(1, 1) } })
  }

  /// One step's scalars, in the order given.
  static func scalars(_ values: [(tag: String, value: Double)], step: Int, time: Double) -> [UInt8]
  {
    let body = event(time: time, step: step) { event in
      event.message(5) { summary in
        for (tag, value) in values {
          summary.message(1) {
            $0.string(1, tag)
            $0.float(2, Float(value))
          }
        }
      }
    }
    return record(body)
  }

  private static func event(
    time: Double, step: Int?, _ content: (inout ProtocolBuffer) -> Void
  ) -> [UInt8] {
    var message = ProtocolBuffer()
    message.double(1, time)
    if let step { message.integer(2, UInt64(bitPattern: Int64(step))) }
    content(&message)
    return message.bytes
  }

  /// Length, its masked checksum, data, its masked checksum; all little-endian.
  package static func record(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(maskedChecksum(length)) + data + littleEndian(maskedChecksum(data))
  }

  package static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let crc = crc32c(bytes)
    return ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
  }

  /// CRC-32C (Castagnoli), as in RFC 3720.
  package static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { index in
    var crc = UInt32(index)
    for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
    return crc
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

/// Writes the fields of one protocol-buffer message.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ field: UInt64, _ value: UInt64) {
    varint(field << 3)
    varint(value)
  }

  mutating func double(_ field: UInt64, _ value: Double) {
    varint(field << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func float(_ field: UInt64, _ value: Float) {
    varint(field << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func string(_ field: UInt64, _ value: String) { data(field, Array(value.utf8)) }

  mutating func message(_ field: UInt64, _ content: (inout ProtocolBuffer) -> Void) {
    var inner = ProtocolBuffer()
    content(&inner)
    data(field, inner.bytes)
  }

  private mutating func data(_ field: UInt64, _ value: [UInt8]) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
