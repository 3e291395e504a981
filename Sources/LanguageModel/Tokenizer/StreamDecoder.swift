/// Turns tokens into text as they come: a character whose bytes are spread over several tokens is
/// given out when it is complete. All the pieces together are what `Tokenizer.decode` gives.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skippingSpecial: Bool
  private var pending: [UInt8] = []

  public init(_ tokenizer: Tokenizer, skippingSpecial: Bool = true) {
    self.tokenizer = tokenizer
    self.skippingSpecial = skippingSpecial
  }

  /// The text that the token completes; may be empty.
  public mutating func append(_ id: TokenID) -> String {
    if skippingSpecial && tokenizer.isSpecial(id) { return "" }
    pending += tokenizer.bytes(of: id)
    let held = Self.unfinishedSuffix(pending)
    let text = String(decoding: pending.dropLast(held), as: UTF8.self)
    pending.removeFirst(pending.count - held)
    return text
  }

  /// What is left, with U+FFFD for a character that was never completed.
  public mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many bytes at the end are the beginning of a character that further bytes could complete.
  private static func unfinishedSuffix(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let first = bytes[bytes.count - count]
      if first & 0xC0 == 0x80 { continue }
      guard count < length(startingWith: first) else { return 0 }
      if count > 1, !isPossible(first, second: bytes[bytes.count - count + 1]) { return 0 }
      return count
    }
    return 0
  }

  private static func length(startingWith first: UInt8) -> Int {
    switch first {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }

  /// Rules out overlong forms, surrogates and what lies beyond U+10FFFF (Unicode, table 3-7).
  private static func isPossible(_ first: UInt8, second: UInt8) -> Bool {
    switch first {
    case 0xE0: second >= 0xA0
    case 0xED: second < 0xA0
    case 0xF0: second >= 0x90
    case 0xF4: second < 0x90
    default: true
    }
  }
}
