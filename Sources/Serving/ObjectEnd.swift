/// Finds the end of the JSON object that a text begins with, however the text is cut into pieces.
struct ObjectEnd: Sendable {
  private var depth = 0
  private var isQuoted = false
  private var isEscaped = false
  /// Whether the text begins with something else, and no end will be found.
  private var isOther = false

  /// How many of the next bytes are still the object's; nil: all of them, or there is no object.
  mutating func find(in bytes: [UInt8]) -> Int? {
    for (place, byte) in bytes.enumerated() where !isOther {
      if isEscaped {
        isEscaped = false
        continue
      }
      switch byte {
      case UInt8(ascii: "{") where !isQuoted: depth += 1
      case 0x20, 0x09, 0x0A, 0x0D: break
      case _ where depth == 0: isOther = true
      case UInt8(ascii: "\\"): isEscaped = isQuoted
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "}") where !isQuoted:
        depth -= 1
        if depth == 0 { return place + 1 }
      default: break
      }
    }
    return nil
  }
}
