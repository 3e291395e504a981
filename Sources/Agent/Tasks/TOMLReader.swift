internal import Foundation
internal import TOMLKit
internal import Tools

/// Strict access to one table of a TOML file.
///
/// Every key that is asked for counts as known; `finish()` then refuses what was never asked for, so
/// that a misspelt key is an error instead of a silent default.
struct TOMLReader {
  /// The file's name as errors show it.
  let file: String
  /// The table's dotted name, empty for the root.
  let path: String
  private let table: TOMLTable?
  private var known: [String] = []

  init(text: String, file: String) throws(TaskError) {
    self.file = file
    path = ""
    var check = TOMLCheck(text, file: file)
    try check.run()
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw TaskError(
        "\(file):\(error.source.begin.line):\(error.source.begin.column): not valid TOML: "
          + error.description)
    } catch {
      throw TaskError("\(file): not valid TOML: \(error)")
    }
  }

  private init(file: String, path: String, table: TOMLTable?) {
    self.file = file
    self.path = path
    self.table = table
  }

  /// Whether the table is there at all.
  var exists: Bool { table != nil }

  /// The table's keys, sorted.
  var keys: [String] { (table?.keys ?? []).sorted() }

  /// The child table `key`; asking it for anything gives nothing if it is missing.
  mutating func table(_ key: String) throws(TaskError) -> TOMLReader {
    guard let value = value(key) else { return TOMLReader(file: file, path: full(key), table: nil) }
    guard let child = value.table else { throw wrongType(key, "a table", value) }
    return TOMLReader(file: file, path: full(key), table: child)
  }

  mutating func string(_ key: String) throws(TaskError) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw wrongType(key, "a string", value) }
    return string
  }

  mutating func required(_ key: String) throws(TaskError) -> String {
    guard let string = try string(key) else { throw TaskError("\(file): missing key \(full(key))") }
    guard !string.allSatisfy(\.isWhitespace) else {
      throw TaskError("\(file): \(full(key)) is empty")
    }
    return string
  }

  mutating func strings(_ key: String) throws(TaskError) -> [String]? {
    guard let value = value(key) else { return nil }
    guard let array = value.array else { throw wrongType(key, "an array of strings", value) }
    var strings: [String] = []
    for element in array {
      guard let string = element.string else {
        throw wrongType(key, "an array of strings", element, holding: true)
      }
      strings.append(string)
    }
    return strings
  }

  /// A table whose values are all strings, sorted by key.
  mutating func stringTable(_ key: String) throws(TaskError) -> [String: String] {
    guard let value = value(key) else { return [:] }
    guard let table = value.table else { throw wrongType(key, "a table of strings", value) }
    var strings: [String: String] = [:]
    for name in table.keys {
      guard let string = table[name]?.string else {
        throw TaskError("\(file): \(full(key)).\(name) must be a string")
      }
      strings[name] = string
    }
    return strings
  }

  /// Seconds, more than none and no more than a clock can count; an integer is taken too.
  mutating func positiveSeconds(_ key: String) throws(TaskError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double ?? value.int.map(Double.init) else {
      throw wrongType(key, "a number", value)
    }
    guard number > 0, number <= SandboxLimits.mostSeconds else {
      throw TaskError(
        "\(file): \(full(key)) must be above 0 and at most \(SandboxLimits.mostSeconds), not \(number)"
      )
    }
    return number
  }

  /// An integer from 1 up to `limit`.
  mutating func positiveInteger(_ key: String, limit: Int) throws(TaskError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.int else { throw wrongType(key, "an integer", value) }
    guard (1...limit).contains(number) else {
      throw TaskError("\(file): \(full(key)) must be from 1 to \(limit), not \(number)")
    }
    return number
  }

  /// An integer, 0 or more.
  mutating func integer(_ key: String) throws(TaskError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.int else { throw wrongType(key, "an integer", value) }
    guard number >= 0 else {
      throw TaskError("\(file): \(full(key)) must be 0 or more, not \(number)")
    }
    return number
  }

  /// One of an enumeration's raw values.
  mutating func choice<Choice>(_ key: String, of _: Choice.Type) throws(TaskError) -> Choice?
  where Choice: RawRepresentable<String> & CaseIterable {
    guard let string = try string(key) else { return nil }
    guard let choice = Choice(rawValue: string) else {
      let all = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw TaskError("\(file): \(full(key)) is \"\(string)\", but must be one of \(all)")
    }
    return choice
  }

  /// Refuses every key that was never asked for.
  func finish() throws(TaskError) {
    for key in (table?.keys ?? []).sorted() where !known.contains(key) {
      let place = path.isEmpty ? "" : " of [\(path)]"
      throw TaskError(
        "\(file): unknown key \(full(key)); the known keys\(place) are "
          + known.sorted().joined(separator: ", "))
    }
  }

  private mutating func value(_ key: String) -> TOMLValue? {
    if !known.contains(key) { known.append(key) }
    return table?[key]?.tomlValue
  }

  private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func wrongType(
    _ key: String, _ expected: String, _ found: any TOMLValueConvertible, holding: Bool = false
  ) -> TaskError {
    let found = holding ? "one that holds a value of type \(found.type)" : "of type \(found.type)"
    return TaskError("\(file): \(full(key)) must be \(expected), but is \(found)")
  }
}
