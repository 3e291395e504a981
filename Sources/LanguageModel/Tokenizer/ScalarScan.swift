/// A text as the pre-tokenizers' patterns see it: one class per Unicode scalar. A byte that isn't
/// valid UTF-8 is a scalar of its own, of the class `other`, so that nothing is lost.
struct ScalarScan {
  /// What the patterns distinguish. `\s` is `space`, `newline` or `blank`.
  enum Kind {
    static let letter: UInt8 = 0
    static let number: UInt8 = 1
    /// U+0020 alone.
    static let space: UInt8 = 2
    /// Carriage return and line feed.
    static let newline: UInt8 = 3
    /// Any other white space.
    static let blank: UInt8 = 4
    static let other: UInt8 = 5
  }

  /// The class of each scalar.
  private(set) var kinds: [UInt8] = []
  /// Where each scalar starts in the bytes, and the bytes' end.
  private(set) var offsets: [Int32] = []

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    kinds.reserveCapacity(bytes.count)
    offsets.reserveCapacity(bytes.count + 1)
    var position = 0
    while position < bytes.count {
      offsets.append(Int32(truncatingIfNeeded: position))
      let byte = bytes[position]
      if byte < 0x80 {
        kinds.append(Self.asciiKinds[Int(byte)])
        position += 1
      } else if let (scalar, length) = Self.decode(bytes, at: position) {
        kinds.append(Self.kind(of: scalar))
        position += length
      } else {
        kinds.append(Kind.other)
        position += 1
      }
    }
    offsets.append(Int32(truncatingIfNeeded: position))
  }

  private static let asciiKinds: [UInt8] = (0..<128).map { kind(of: Unicode.Scalar(UInt8($0))) }

  private static func kind(of scalar: Unicode.Scalar) -> UInt8 {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return Kind.letter
    case .decimalNumber, .letterNumber, .otherNumber: return Kind.number
    default: break
    }
    switch scalar.value {
    case 0x20: return Kind.space
    case 0x0A, 0x0D: return Kind.newline
    default: return properties.isWhitespace ? Kind.blank : Kind.other
    }
  }

  /// The scalar of a well-formed multi-byte sequence (no overlong form, no surrogate) that starts
  /// at `position`, with its length.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (scalar: Unicode.Scalar, length: Int)? {
    let first = bytes[position]
    let length: Int
    var value: UInt32
    let smallest: UInt32
    switch first {
    case 0xC2...0xDF: (length, value, smallest) = (2, UInt32(first & 0x1F), 0x80)
    case 0xE0...0xEF: (length, value, smallest) = (3, UInt32(first & 0x0F), 0x800)
    case 0xF0...0xF4: (length, value, smallest) = (4, UInt32(first & 0x07), 0x10000)
    default: return nil
    }
    guard position + length <= bytes.count else { return nil }
    for index in position + 1..<position + length {
      guard bytes[index] & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(bytes[index] & 0x3F)
    }
    guard value >= smallest, let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, length)
  }
}
