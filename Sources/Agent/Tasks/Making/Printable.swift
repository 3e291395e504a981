/// Text from packages as a person may see it: without control characters, of bounded length.
enum Printable {
  static func line(_ text: String, most: Int = 300) -> String {
    let kept = text.unicodeScalars.prefix(most).map { scalar in
      let category = scalar.properties.generalCategory
      return category == .control || category == .format || category == .surrogate
        || category == .lineSeparator || category == .paragraphSeparator
        ? "?" : String(scalar)
    }
    return kept.joined()
  }
}
