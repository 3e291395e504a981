/// Tells whether two functions are nearly the same text, by the share of runs of five words they have in common.
struct FunctionLikeness {
  /// From this share on (Jaccard), functions count as the same: their bugs would teach the answer.
  static let threshold = 0.5

  let shingles: Set<Int>

  init(_ text: String) {
    let words = Self.words(text)
    var found: Set<Int> = []
    for start in 0..<max(1, words.count - 4) {
      // Within one process only, so Swift's seeded hashes are good enough.
      found.insert(words[start..<min(start + 5, words.count)].hashValue)
    }
    shingles = found
  }

  func isLike(_ other: FunctionLikeness) -> Bool {
    let (small, large) =
      shingles.count < other.shingles.count
      ? (shingles, other.shingles) : (other.shingles, shingles)
    guard Double(small.count) >= Self.threshold * Double(large.count) else { return false }
    let common = small.count { large.contains($0) }
    return Double(common) >= Self.threshold * Double(small.count + large.count - common)
  }

  /// Names, numbers and single marks of the code, without its docstring's and comments' words as far as lines
  /// tell.
  private static func words(_ text: String) -> [Substring] {
    var inside = false
    var words: [Substring] = []
    for line in text.split(separator: "\n") {
      let quotes = line.matches(of: /"""|'''/).count
      defer { if quotes % 2 == 1 { inside.toggle() } }
      if inside || quotes > 0 || line.drop(while: { $0 == " " }).hasPrefix("#") { continue }
      words += line.matches(of: /\w+|[^\w\s]/).map { line[$0.range] }
    }
    return words
  }
}
