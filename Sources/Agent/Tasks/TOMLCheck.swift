/// Refuses the texts on which the TOML library ends the process instead of reporting an error: it takes for granted how
/// a table's name, an array and a date go on, and calls itself for each part of a dotted key.
///
/// Whatever else is wrong is left to the library. It stops at its first error, and up to there both agree on what is
/// a string or a comment.
struct TOMLCheck {
  private static let mostBytes = 16 << 20
  private static let mostParts = 16

  private let file: String
  private let bytes: [UInt8]
  private var place: Int
  private var line = 1
  /// Those of arrays and inline tables that are open.
  private var brackets: [UInt8] = []
  /// Of the key that is being read.
  private var parts = 1

  init(_ text: String, file: String) {
    self.file = file
    bytes = Array(text.utf8)
    place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  mutating func run() throws(TaskError) {
    guard bytes.count <= Self.mostBytes else {
      throw TaskError("\(file) is larger than \(Self.mostBytes >> 20) MB")
    }
    var isLineStart = true
    var isValue = false
    while place < bytes.count {
      let byte = bytes[place]
      if byte == newline {
        place += 1
        line += 1
        parts = 1
        if brackets.isEmpty { (isLineStart, isValue) = (true, false) }
        continue
      }
      if blanks.contains(byte) {
        place += 1
        continue
      }
      let opensLine = isLineStart
      isLineStart = false
      switch byte {
      case UInt8(ascii: "#"): skip { $0 != newline }
      case UInt8(ascii: "[") where opensLine: try header()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): string()
      case 0x80...: throw invalid("a character that only a string or a comment may hold")
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        brackets.append(byte)
        parts = 1
        isValue = byte == UInt8(ascii: "[")
        place += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        // What opens it is two before it in ASCII; a header's is no array's.
        if let last = brackets.popLast(), last != byte - 2 {
          throw invalid("\(character(last)) is closed by \(character(byte))")
        }
        place += 1
      case UInt8(ascii: "="), UInt8(ascii: ","):
        isValue = byte == UInt8(ascii: "=") || brackets.last == UInt8(ascii: "[")
        parts = 1
        place += 1
      case _ where isValue: try scalar()
      default:
        if byte == UInt8(ascii: ".") { parts += 1 }
        guard parts <= Self.mostParts else {
          throw invalid("a key of more than \(Self.mostParts) parts")
        }
        place += 1
      }
    }
  }

  /// Up to a table's name.
  private mutating func header() throws(TaskError) {
    var count = 0
    while count < 2, place < bytes.count, bytes[place] == UInt8(ascii: "[") {
      count += 1
      place += 1
      skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
    guard place < bytes.count else { return }
    switch bytes[place] {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "]"):
      return
    default:
      throw invalid("expected a table's name after [: letters, digits, _ and -, or a string")
    }
  }

  /// Past a string; a short one ends with its line at the latest.
  private mutating func string() {
    let quote = bytes[place]
    let long = [quote, quote, quote]
    let isLong = bytes[place...].starts(with: long)
    place += isLong ? 3 : 1
    while place < bytes.count {
      let byte = bytes[place]
      if byte == newline {
        guard isLong else { return }
        line += 1
      }
      if byte == quote, !isLong || bytes[place...].starts(with: long) {
        place += isLong ? 3 : 1
        // A long one may end with two quotes of its own.
        for _ in 0..<2 where isLong && place < bytes.count && bytes[place] == quote { place += 1 }
        return
      }
      let isEscape = byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"")
      place += isEscape && place + 1 < bytes.count && bytes[place + 1] != newline ? 2 : 1
    }
  }

  /// Past a number, a word or a date.
  private mutating func scalar() throws(TaskError) {
    let start = place
    skip { !scalarEnds.contains($0) }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    let word = /[+\-]?[A-Za-z0-9_.]+([+\-][0-9_]+)?\s*/
    let date = /[0-9]{4}-[0-9]{2}-[0-9]{2}\s*/
    let time =
      /([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ])?[0-9]{2}:[0-9:.]+([Zz]|[+\-][0-9]{2}:[0-9:]+)?\s*/
    guard
      text.wholeMatch(of: word) != nil || text.wholeMatch(of: date) != nil
        || text.wholeMatch(of: time) != nil
    else { throw invalid("expected a value, not \(Printable.line(text, most: 40))") }
  }

  private mutating func skip(while isWanted: (UInt8) -> Bool) {
    while place < bytes.count, isWanted(bytes[place]) { place += 1 }
  }

  private func character(_ byte: UInt8) -> Character { Character(UnicodeScalar(byte)) }

  private func invalid(_ what: String) -> TaskError {
    TaskError("\(file):\(line): not valid TOML: \(what)")
  }
}

private let newline = UInt8(ascii: "\n")
private let blanks = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
private let scalarEnds = Array("\n,]}#".utf8)
