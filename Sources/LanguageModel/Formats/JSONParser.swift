/// RFC 8259 over bytes: strict, bounded in depth, and quick enough for a 10 MB tokenizer.json.
struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: String
  private var position = 0
  private static let maximumDepth = 64

  /// Parses the whole of a file.
  static func parse(file path: String) throws(ModelError) -> JSONValue {
    let file = try MappedFile(path)
    return try parse(file.bytes, file: path)
  }

  /// Parses bytes that hold one JSON value and nothing else; `file` is what errors name.
  static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws(ModelError) -> JSONValue {
    var parser = JSONParser(bytes: bytes.bindMemory(to: UInt8.self), file: file)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count { throw parser.error("nothing more was expected") }
    return value
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
  }

  private var line: Int {
    bytes[..<min(position, bytes.count)].reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
  }

  private func error(_ reason: String) -> ModelError {
    let end = position >= bytes.count ? ", where the file ends" : ""
    return ModelError("\(file) is not valid JSON: line \(line)\(end): \(reason)")
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// The next byte that isn't white space, not consumed.
  private mutating func peek() -> UInt8? {
    skipSpace()
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func value(depth: Int) throws(ModelError) -> JSONValue {
    if depth > Self.maximumDepth {
      throw error("lists and objects are nested more than \(Self.maximumDepth) deep")
    }
    guard let first = peek() else { throw error("a value was expected") }
    switch first {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error("a value was expected")
    }
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSONValue
  ) throws(ModelError) -> JSONValue {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count,
      (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
    else { throw error("\(text) was expected") }
    position += count
    return value
  }

  private mutating func object(depth: Int) throws(ModelError) -> JSONValue {
    position += 1
    var members: [(key: String, value: JSONValue)] = []
    if peek() == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw error("a key was expected") }
      let key = try string()
      guard peek() == UInt8(ascii: ":") else { throw error("a colon was expected") }
      position += 1
      members.append((key, try value(depth: depth + 1)))
      switch peek() {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return .object(members)
      default: throw error("a comma or } was expected")
      }
    }
  }

  private mutating func array(depth: Int) throws(ModelError) -> JSONValue {
    position += 1
    var items: [JSONValue] = []
    if peek() == UInt8(ascii: "]") {
      position += 1
      return .array(items)
    }
    while true {
      items.append(try value(depth: depth + 1))
      switch peek() {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return .array(items)
      default: throw error("a comma or ] was expected")
      }
    }
  }

  private mutating func number() throws(ModelError) -> JSONValue {
    let start = position
    var isInteger = true
    scan: while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"):
        isInteger = false
      default: break scan
      }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw error("\(text.prefix(40)) is not a number") }
    guard value.isFinite else {
      let overflow = JSONOverflow(number: text, line: line)
      throw ModelError("\(file): line \(line): \(overflow.problem)")
    }
    return .number(value)
  }

  private mutating func string() throws(ModelError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = try validated(bytes[start..<position])
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      if byte < 0x20 { throw error("a control character stands in a string") }
      position += 1
    }
    throw error("a string isn't closed")
  }

  private func validated(_ slice: Slice<UnsafeBufferPointer<UInt8>>) throws(ModelError) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw error("a string is not valid UTF-8")
    }
    return text
  }

  private mutating func escapedString(from start: Int) throws(ModelError) -> String {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a string is not valid UTF-8")
        }
        return string
      }
      if byte < 0x20 { throw error("a control character stands in a string") }
      if byte == UInt8(ascii: "\\") {
        try appendEscape(to: &text)
      } else {
        text.append(byte)
      }
    }
    throw error("a string isn't closed")
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(ModelError) {
    guard position < bytes.count else { throw error("a string isn't closed") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "u"): text += Array(String(try unicodeEscape()).utf8)
    default: throw error("a string has an unknown escape")
    }
  }

  /// The scalar of `\uXXXX`, or of a surrogate pair of two of them.
  private mutating func unicodeEscape() throws(ModelError) -> Character {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return Character(scalar) }
    guard (0xD800..<0xDC00).contains(first), position + 1 < bytes.count,
      bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    else { throw error("a string has half of a surrogate pair") }
    position += 2
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw error("a string has half of a surrogate pair") }
    return Character(scalar)
  }

  private mutating func hexadecimal() throws(ModelError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("a string isn't closed") }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("\\u must be followed by four hexadecimal digits")
      }
      value = value << 4 + UInt32(digit)
    }
    position += 4
    return value
  }
}
