/// A number in JSON that 64 bits don't hold. Foundation says of a text with one that it isn't JSON.
package struct JSONOverflow {
  /// As it is written.
  package let number: String
  /// From 1.
  package let line: Int

  /// What is wrong, as a clause.
  package var problem: String {
    "the number \(number.prefix(40)) is out of range; expected one that 64 bits hold"
  }

  /// The first in a text, which a decoder has refused; nil if it has none.
  package static func first(in json: some Sequence<UInt8>) -> JSONOverflow? {
    let bytes = Array(json)
    var line = 1
    var index = 0
    while index < bytes.count {
      let start = index
      index += 1
      switch bytes[start] {
      case UInt8(ascii: "\n"): line += 1
      case UInt8(ascii: "\""): index = endOfString(bytes, from: index)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        while index < bytes.count, isPartOfNumber(bytes[index]) { index += 1 }
        let number = String(decoding: bytes[start..<index], as: UTF8.self)
        if Double(number)?.isInfinite == true { return JSONOverflow(number: number, line: line) }
      default: break
      }
    }
    return nil
  }

  /// Behind the closing quotes.
  private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return index + 1
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
