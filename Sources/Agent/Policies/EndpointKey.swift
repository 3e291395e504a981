/// An endpoint's key. It shows neither where what holds it is printed nor in what the endpoint says, which may repeat
/// it.
struct EndpointKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// Nil where there is none.
  let value: String?
  private let bytes: [UInt8]
  /// How each of its characters may stand in a text: in JSON's escapes, for a call is decoded once more, or as it is.
  private let spellings: [[[UInt8]]]

  init(_ value: String?) {
    self.value = value
    bytes = Array((value ?? "").utf8)
    spellings = bytes.map { byte -> [[UInt8]] in
      let hex = String(byte, radix: 16)
      let coded = [hex, hex.uppercased()].map { Array("\\u00\($0)".utf8) }
      let isEscaped = #""\/"#.utf8.contains(byte)
      return coded + (isEscaped ? [[UInt8(ascii: "\\"), byte]] : []) + [[byte]]
    }
  }

  var description: String { value == nil ? "no key" : "a key" }
  var customMirror: Mirror { Mirror(self, children: []) }

  /// The key as it is looked for in what a model says. Servers that want none are given a word that may stand
  /// anywhere.
  var inSpeech: EndpointKey { bytes.count >= 12 ? self : EndpointKey(nil) }

  /// The text with an ellipsis in the place of each key.
  func redacted(_ text: String) -> String {
    String(decoding: redacted(Array(text.utf8), goesOn: false).safe, as: UTF8.self)
  }

  /// The text without keys and, if it goes on, without what may be the beginning of one at its end: that is the rest.
  fileprivate func redacted(
    _ text: [UInt8], goesOn: Bool
  ) -> (safe: [UInt8], rest: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return (text, []) }
    var (safe, rest): ([UInt8], ArraySlice<UInt8>) = ([], text[...])
    while let start = rest.firstIndex(where: { $0 == bytes.first || $0 == UInt8(ascii: "\\") }) {
      safe += rest[..<start]
      rest = rest[start...]
      switch match(rest) {
      case .whole(let length):
        safe += "…".utf8
        rest = rest.dropFirst(length)
      case .cutOff where goesOn: return (safe, rest)
      case .cutOff, .none:
        safe.append(rest[start])
        rest = rest.dropFirst()
      }
    }
    return (safe + rest, [])
  }

  private enum Match {
    case whole(length: Int)
    case cutOff
    case none
  }

  /// How much of the key the text begins with.
  private func match(_ text: ArraySlice<UInt8>) -> Match {
    if text.starts(with: bytes) { return .whole(length: bytes.count) }
    var rest = text
    for forms in spellings {
      guard let form = forms.first(where: { rest.starts(with: $0) }) else {
        return forms.contains { $0.starts(with: rest) } ? .cutOff : .none
      }
      rest = rest.dropFirst(form.count)
    }
    return .whole(length: text.count - rest.count)
  }
}

/// A text that comes in pieces, without the key: what may be its beginning is held back until more has come.
struct RedactedStream {
  private let key: EndpointKey
  private var held: [UInt8] = []

  init(without key: EndpointKey) { self.key = key }

  /// What can be shown once the piece has come.
  mutating func add(_ piece: String) -> String {
    let (safe, rest) = key.redacted(held + piece.utf8, goesOn: true)
    held = Array(rest)
    return String(decoding: safe, as: UTF8.self)
  }
}
