/// A git patch as a hint quotes it: compiled files that tests left behind say nothing in text, and
/// would crowd out what does, and neither do objects' names.
enum QuotedDiff {
  /// The sections of `diff` that are text, each from the old file's name on.
  static func text(_ diff: String) -> String {
    var kept: [UInt8] = []
    var section: [UInt8] = []
    var isBinary = false
    var isHeader = true
    // By bytes: "\r\n" would be one character. Contents begin with a blank, + or -, so nothing in
    // a file is taken for a mark.
    for line in diff.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if line.starts(with: "diff --git ".utf8) {
        if !isBinary { kept += section }
        (section, isBinary, isHeader) = ([], false, true)
        // Without contents a section says nothing but this.
        section += Array(line) + [UInt8(ascii: "\n")]
        continue
      }
      if isHeader, line.starts(with: "--- ".utf8) { (section, isHeader) = ([], false) }
      if isHeader, line.starts(with: "index ".utf8) { continue }
      if line.elementsEqual("GIT binary patch".utf8) || line.starts(with: "Binary files ".utf8) {
        isBinary = true
      }
      section += Array(line) + [UInt8(ascii: "\n")]
    }
    // The last line's break is the splitting's own.
    if !isBinary { kept += section.dropLast() }
    return String(decoding: kept, as: UTF8.self)
  }
}
