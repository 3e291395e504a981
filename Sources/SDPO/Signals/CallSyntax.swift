import Foundation

/// What is written as a name or a call, `mix(0.9)`, on the command line and in configuration files.
public protocol CallCodable: CustomStringConvertible, Codable {
  /// Reads what `description` gives.
  init(parsing text: String) throws(SignalError)
}

extension CallCodable {
  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// `name` or `name(number)`: how signals and teachers are written.
struct CallSyntax {
  let text: String
  let what: String
  let name: String
  let argument: String?

  init(_ text: String, what: String) throws(SignalError) {
    self.text = text
    self.what = what
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    guard let open = trimmed.firstIndex(of: "(") else {
      name = trimmed
      argument = nil
      return
    }
    guard trimmed.last == ")" else {
      throw SignalError("\(what) \"\(text)\" has no closing parenthesis")
    }
    name = String(trimmed[..<open]).trimmingCharacters(in: .whitespaces)
    argument = trimmed[trimmed.index(after: open)...].dropLast().trimmingCharacters(
      in: .whitespaces)
  }

  func number(default fallback: Double) throws(SignalError) -> Double {
    guard let argument else { return fallback }
    guard let value = Double(argument), value.isFinite else {
      throw SignalError("\(what) \"\(text)\": \"\(argument)\" is not a number")
    }
    return value
  }

  func refuseArgument() throws(SignalError) {
    if argument != nil { throw SignalError("\(what) \"\(text)\": \(name) takes no number") }
  }
}
