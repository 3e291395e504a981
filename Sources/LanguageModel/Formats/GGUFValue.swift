/// A metadata value of a GGUF file. Numbers of all widths are widened; lists keep one type.
public enum GGUFValue: Sendable, Equatable {
  case unsigned(UInt64)
  case signed(Int64)
  case float(Double)
  case bool(Bool)
  case string(String)
  case unsignedList([UInt64])
  case signedList([Int64])
  case floatList([Double])
  case boolList([Bool])
  case stringList([String])
  /// A list of lists.
  case lists([GGUFValue])

  /// A whole number of any width that fits.
  public var integer: Int? {
    switch self {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(value)
    default: nil
    }
  }

  public var number: Double? {
    if case .float(let value) = self { return value }
    return integer.map { Double($0) }
  }

  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public var strings: [String]? {
    if case .stringList(let values) = self { values } else { nil }
  }

  public var integers: [Int]? {
    switch self {
    case .signedList(let values): values.map { Int($0) }
    case .unsignedList(let values): values.map { Int(clamping: $0) }
    default: nil
    }
  }
}

extension GGUFValue {
  private static let maximumDepth = 4

  /// Reads a value of the numbered type.
  init(
    type: UInt32, from cursor: inout ByteCursor, key: String, depth: Int = 0
  ) throws(ModelError) {
    let what = "the value of \(key)"
    switch type {
    case 0: self = .unsigned(UInt64(try cursor.integer(UInt8.self, what)))
    case 1: self = .signed(Int64(try cursor.integer(Int8.self, what)))
    case 2: self = .unsigned(UInt64(try cursor.integer(UInt16.self, what)))
    case 3: self = .signed(Int64(try cursor.integer(Int16.self, what)))
    case 4: self = .unsigned(UInt64(try cursor.integer(UInt32.self, what)))
    case 5: self = .signed(Int64(try cursor.integer(Int32.self, what)))
    case 6: self = .float(Double(Float(bitPattern: try cursor.integer(UInt32.self, what))))
    case 7: self = .bool(try Self.bool(&cursor, what))
    case 8: self = .string(try cursor.string(what))
    case 9: try self.init(arrayFrom: &cursor, key: key, depth: depth)
    case 10: self = .unsigned(try cursor.integer(UInt64.self, what))
    case 11: self = .signed(try cursor.integer(Int64.self, what))
    case 12: self = .float(Double(bitPattern: try cursor.integer(UInt64.self, what)))
    default: throw ModelError("\(cursor.file): \(key) has the unknown value type \(type)")
    }
  }

  private init(
    arrayFrom cursor: inout ByteCursor, key: String, depth: Int
  ) throws(ModelError) {
    let what = "the list \(key)"
    let type = try cursor.integer(UInt32.self, what)
    // Bytes that one element takes at least, by type.
    let sizes = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8]
    guard type < sizes.count else {
      throw ModelError("\(cursor.file): \(key) is a list of the unknown value type \(type)")
    }
    guard depth < Self.maximumDepth else {
      throw ModelError("\(cursor.file): the lists in \(key) are nested too deeply")
    }
    let count = try cursor.count(ofAtLeast: sizes[Int(type)], "the length of \(key)")
    switch type {
    case 0: self = .unsignedList(try Self.list(count, &cursor, what, UInt8.self))
    case 1: self = .signedList(try Self.list(count, &cursor, what, Int8.self))
    case 2: self = .unsignedList(try Self.list(count, &cursor, what, UInt16.self))
    case 3: self = .signedList(try Self.list(count, &cursor, what, Int16.self))
    case 4: self = .unsignedList(try Self.list(count, &cursor, what, UInt32.self))
    case 5: self = .signedList(try Self.list(count, &cursor, what, Int32.self))
    case 10: self = .unsignedList(try Self.list(count, &cursor, what, UInt64.self))
    case 11: self = .signedList(try Self.list(count, &cursor, what, Int64.self))
    case 6:
      let bits: [UInt64] = try Self.list(count, &cursor, what, UInt32.self)
      self = .floatList(bits.map { Double(Float(bitPattern: UInt32($0))) })
    case 12:
      let bits: [UInt64] = try Self.list(count, &cursor, what, UInt64.self)
      self = .floatList(bits.map { Double(bitPattern: $0) })
    case 7:
      var values: [Bool] = []
      for _ in 0..<count { values.append(try Self.bool(&cursor, what)) }
      self = .boolList(values)
    case 8:
      var values: [String] = []
      values.reserveCapacity(count)
      for index in 0..<count { values.append(try cursor.string("element \(index) of \(key)")) }
      self = .stringList(values)
    default:
      var values: [GGUFValue] = []
      for _ in 0..<count {
        values.append(try GGUFValue(type: 9, from: &cursor, key: key, depth: depth + 1))
      }
      self = .lists(values)
    }
  }

  private static func list<Stored: FixedWidthInteger & BitwiseCopyable, Wide: FixedWidthInteger>(
    _ count: Int, _ cursor: inout ByteCursor, _ what: String, _: Stored.Type
  ) throws(ModelError) -> [Wide] {
    var values: [Wide] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(Wide(try cursor.integer(Stored.self, what))) }
    return values
  }

  private static func bool(_ cursor: inout ByteCursor, _ what: String) throws(ModelError) -> Bool {
    let byte = try cursor.integer(UInt8.self, what)
    guard byte <= 1 else {
      throw ModelError("\(cursor.file) is corrupt: \(what) should be 0 or 1 and is \(byte)")
    }
    return byte == 1
  }
}
