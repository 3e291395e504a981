/// Words of an action's first line. A word is bare, or in double quotes with the escapes
/// `\" \\ \n \r \t` when it is empty, has blanks or line ends, or begins with a quote.
enum QuotedWord {
  private static let quote = UInt8(ascii: "\"")
  private static let escape = UInt8(ascii: "\\")

  static func render(_ word: String) -> String {
    let needsQuotes =
      word.isEmpty || word.utf8.first == quote
      || word.utf8.contains { isBlank($0) || $0 == UInt8(ascii: "\n") }
    return needsQuotes ? quoted(word) : word
  }

  static func quoted(_ word: String) -> String {
    var bytes: [UInt8] = [quote]
    for byte in word.utf8 {
      switch byte {
      case quote, escape: bytes += [escape, byte]
      case UInt8(ascii: "\n"): bytes += [escape, UInt8(ascii: "n")]
      case UInt8(ascii: "\r"): bytes += [escape, UInt8(ascii: "r")]
      case UInt8(ascii: "\t"): bytes += [escape, UInt8(ascii: "t")]
      default: bytes.append(byte)
      }
    }
    bytes.append(quote)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the first word of `line` is in quotes.
  static func isQuoted(_ line: ArraySlice<UInt8>) -> Bool {
    line.drop(while: isBlank).first == quote
  }

  /// All words of `line`.
  static func words(_ line: ArraySlice<UInt8>) throws(FormatProblem) -> [String] {
    var rest = line.drop(while: isBlank)
    var words: [String] = []
    while let first = rest.first {
      if first == quote {
        words.append(try readQuoted(&rest))
      } else {
        let end = rest.firstIndex(where: isBlank) ?? rest.endIndex
        words.append(String(decoding: rest[..<end], as: UTF8.self))
        rest = rest[end...]
      }
      rest = rest.drop(while: isBlank)
    }
    return words
  }

  private static func readQuoted(_ rest: inout ArraySlice<UInt8>) throws(FormatProblem) -> String {
    var bytes: [UInt8] = []
    var index = rest.startIndex + 1
    while index < rest.endIndex {
      let byte = rest[index]
      index += 1
      if byte == quote {
        guard index == rest.endIndex || isBlank(rest[index]) else { break }
        rest = rest[index...]
        return String(decoding: bytes, as: UTF8.self)
      }
      guard byte == escape, index < rest.endIndex else {
        bytes.append(byte)
        continue
      }
      bytes.append(unescaped(rest[index]))
      index += 1
    }
    throw FormatProblem("a word in double quotes must end with \" and then a space")
  }

  private static func unescaped(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "n"): UInt8(ascii: "\n")
    case UInt8(ascii: "r"): UInt8(ascii: "\r")
    case UInt8(ascii: "t"): UInt8(ascii: "\t")
    default: byte
    }
  }
}
