/// A git patch as a hint quotes it: compiled files that tests left behind say nothing in text, and
/// would crowd out what does.
enum QuotedDiff {
  /// The sections of `diff` that are text, unchanged.
  static func text(_ diff: String) -> String {
    var kept: [UInt8] = []
    var section: [UInt8] = []
    var isBinary = false
    // By bytes: "\r\n" would be one character. Contents begin with a blank, + or -, so nothing in
    // a file is taken for a mark.
    for line in diff.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if line.starts(with: "diff --git ".utf8) {
        if !isBinary { kept += section }
        (section, isBinary) = ([], false)
      }
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
