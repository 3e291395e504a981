/// What a failed assertion of unittest or pytest compared, from its message and its source line.
struct PythonAssertion {
  var call: String?
  var expected: String?
  var got: String?
  var note: String?
  var difference: String?

  /// Values longer than this, together, are told by their first difference where the message has it.
  private static let longValues = 80

  /// - Parameters:
  ///   - exception: the message's first line, with or without the exception's name.
  ///   - message: its other lines.
  ///   - source: the statement of the test that failed; empty if it isn't known.
  init(exception: String, message: [String], source: String) {
    let compared = Self.compared(in: source)
    readSource(compared)
    let isAssertion =
      exception.hasPrefix("AssertionError") || exception.hasPrefix("assert ")
    guard isAssertion else { return }
    let lines = [exception] + message
    guard let values = Self.values(in: lines) else {
      expected = nil
      return
    }
    note = values.note
    // unittest calls them first and second: the one that the test writes out is what it expects.
    let swapped =
      compared.map {
        PythonExpression.isLiteral($0.first) && !PythonExpression.isLiteral($0.second)
      } ?? false
    (got, expected) =
      swapped ? (values.second, values.first) : (values.first, values.second)
    let isShortened = values.first.contains("...") && values.second.contains("...")
    if isShortened || values.first.count + values.second.count > Self.longValues,
      let part = Self.firstDifference(in: message)
    {
      (got, expected) = swapped ? (part.second, part.first) : (part.first, part.second)
      difference = part.place
    }
  }

  /// The tested expression is the side that isn't written out; the other is what is expected.
  private mutating func readSource(_ compared: Compared?) {
    guard let (first, second, isEquality) = compared else { return }
    if PythonExpression.isTelling(first) {
      call = first
      if isEquality, PythonExpression.isLiteral(second) { expected = second }
    } else if PythonExpression.isTelling(second) {
      call = second
      if isEquality, PythonExpression.isLiteral(first) { expected = first }
    }
  }

  private typealias Compared = (first: String, second: String, isEquality: Bool)

  /// The two sides that a statement compares; the second is empty where there is one only.
  private static func compared(in source: String) -> Compared? {
    if source.hasPrefix("assert ") {
      let parts = PythonExpression.arguments(source.dropFirst(7))
      guard let condition = parts?.first else { return nil }
      for operation in [" == ", " in ", " is ", " != ", " <= ", " >= ", " < ", " > "] {
        if let sides = PythonExpression.sides(condition[...], of: operation) {
          return (sides.0, sides.1, operation == " == ")
        }
      }
      return (condition, "", false)
    }
    guard let start = source.firstRange(of: ".assert"),
      let inside = PythonExpression.parenthesized(source[start.upperBound...]),
      let parts = PythonExpression.arguments(inside), let first = parts.first
    else { return nil }
    let name = source[start.upperBound...].prefix { $0 != "(" }
    return (first, parts.count > 1 ? parts[1] : "", name.hasSuffix("Equal"))
  }

  private typealias Values = (first: String, second: String, note: String?)

  /// "1.5 != 2 : note" of unittest, and "assert 1.5 == 2" of pytest, perhaps after a note's line.
  private static func values(in lines: [String]) -> Values? {
    for (index, line) in lines.prefix(4).enumerated() {
      var text = line[...]
      if text.hasPrefix("AssertionError: ") { text = text.dropFirst(16) }
      if text.hasPrefix("assert ") {
        guard let sides = PythonExpression.sides(text.dropFirst(7), of: " == ") else { return nil }
        let note = index > 0 ? lines[0].dropFirst(16).trimmed : nil
        return (sides.0, sides.1, note)
      }
      if index == 0, let values = unequal(text) { return values }
    }
    return nil
  }

  private static func unequal(_ text: Substring) -> Values? {
    var text = text
    if let differ = text.firstRange(of: " differ: "), !text[..<differ.lowerBound].contains(" ") {
      text = text[differ.upperBound...]
    }
    guard let sides = PythonExpression.sides(text, of: " != ") ?? onlySides(text) else {
      return nil
    }
    var second = sides.1
    var note: String?
    if let mark = second.firstRange(of: " : ") {
      note = second[mark.upperBound...].trimmed
      second = String(second[..<mark.lowerBound])
    }
    // assertAlmostEqual: "1.6 within 7 places (0.1 difference)".
    if let within = second.firstRange(of: " within "), second.contains(" difference)") {
      second = String(second[..<within.lowerBound])
    }
    return (sides.0, second, note)
  }

  /// For values that unittest has shortened, whose brackets and quotes no longer match.
  private static func onlySides(_ text: Substring) -> (String, String)? {
    let marks = text.ranges(of: " != ")
    guard marks.count == 1, let mark = marks.first else { return nil }
    return (text[..<mark.lowerBound].trimmed, text[mark.upperBound...].trimmed)
  }

  private static func firstDifference(
    in message: [String]
  ) -> (first: String, second: String, place: String?)? {
    for (index, line) in message.enumerated() {
      if line.hasPrefix("First differing element "), message.count > index + 2 {
        let place = line.dropFirst(24).prefix { $0 != ":" }
        return (message[index + 1], message[index + 2], "at index \(place)")
      }
      let text = line[...].trimmed
      if text.hasPrefix("At index "), let mark = text.firstRange(of: " diff: "),
        let sides = PythonExpression.sides(text[mark.upperBound...], of: " != ")
      {
        return (sides.0, sides.1, "at index \(text[..<mark.lowerBound].dropFirst(9))")
      }
      if text == "Differing items:", message.count > index + 1,
        let sides = PythonExpression.sides(message[index + 1][...], of: " != ")
      {
        return (sides.0, sides.1, nil)
      }
    }
    return nil
  }
}
