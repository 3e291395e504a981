/// Text of a model or a tool, made safe for a terminal.
public enum VisibleText {
  /// `text` with control characters, escape sequences and direction overrides spelt out, such as
  /// `\u{1b}`; line feeds and tabs stay.
  public static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if isSafe(scalar) {
        result.append(scalar)
      } else {
        result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      }
    }
    return String(result)
  }

  private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: true
    case 0..<0x20, 0x7F...0x9F: false
    // Zero-width characters and direction overrides can make a line look like another.
    case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: false
    // Tag characters are invisible.
    case 0xE0000...0xE007F: false
    default: true
    }
  }
}
