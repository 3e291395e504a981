/// A JSON document with the order and the duplicates of its members kept, because a vocabulary of
/// 150,000 entries passes through here and no key may be lost to Unicode equivalence.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// The value in few words, for messages.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(40))\""
    case .array(let items): "a list of \(items.count)"
    case .object(let members): "an object of \(members.count)"
    }
  }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// False, null, zero, and empty strings, lists and objects: values that switch nothing on.
  package var isOff: Bool {
    switch self {
    case .null: true
    case .bool(let value): !value
    case .integer(let value): value == 0
    case .number(let value): value == 0
    case .string(let value): value.isEmpty
    case .array(let items): items.isEmpty
    case .object(let members): members.isEmpty
    }
  }
}

/// An object's members with the file they came from: every wrong type becomes one sentence.
package struct JSONObject {
  package let file: String
  package let members: [(key: String, value: JSONValue)]

  package init(_ value: JSONValue, file: String) throws(ModelError) {
    guard case .object(let members) = value else {
      throw ModelError("\(file): expected a JSON object, found \(value.summary)")
    }
    self.file = file
    self.members = members
  }

  /// The member, nil if absent or null; throws if it is there twice.
  package func value(_ key: String) throws(ModelError) -> JSONValue? {
    var found: JSONValue?
    for member in members where member.key.utf8.elementsEqual(key.utf8) {
      if found != nil { throw ModelError("\(file): \(key) is given twice") }
      found = member.value
    }
    if case .null = found { return nil }
    return found
  }

  private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> ModelError {
    ModelError("\(file): \(key) must be \(expected), not \(value.summary)")
  }

  package func missing(_ key: String) -> ModelError {
    ModelError("\(file): \(key) is missing")
  }

  package func integer(_ key: String) throws(ModelError) -> Int? {
    guard let value = try value(key) else { return nil }
    guard case .integer(let number) = value else { throw wrong(key, value, "a whole number") }
    return number
  }

  package func number(_ key: String) throws(ModelError) -> Double? {
    switch try value(key) {
    case nil: return nil
    case .integer(let number): return Double(number)
    case .number(let number): return number
    case .some(let value): throw wrong(key, value, "a number")
    }
  }

  package func bool(_ key: String) throws(ModelError) -> Bool? {
    guard let value = try value(key) else { return nil }
    guard case .bool(let flag) = value else { throw wrong(key, value, "true or false") }
    return flag
  }

  package func string(_ key: String) throws(ModelError) -> String? {
    guard let value = try value(key) else { return nil }
    guard case .string(let text) = value else { throw wrong(key, value, "a string") }
    return text
  }

  package func array(_ key: String) throws(ModelError) -> [JSONValue]? {
    guard let value = try value(key) else { return nil }
    guard case .array(let items) = value else { throw wrong(key, value, "a list") }
    return items
  }

  package func object(_ key: String) throws(ModelError) -> JSONObject? {
    guard let value = try value(key) else { return nil }
    guard case .object = value else { throw wrong(key, value, "an object") }
    return try JSONObject(value, file: file)
  }
}
