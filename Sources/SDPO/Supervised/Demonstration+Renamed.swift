import LanguageModel

extension Demonstration {
  /// The same episode in a package of another name, wherever the name stands: what is told, done and
  /// observed agrees.
  ///
  /// A few packages give most tasks. A model that sees their names thousands of times says them by heart
  /// instead of reading which files there are.
  package func renamed(from old: String, to new: String) -> Demonstration {
    var copy = self
    for index in copy.opening.indices {
      copy.opening[index].content = copy.opening[index].content.replacingName(old, with: new)
    }
    for index in copy.turns.indices {
      copy.turns[index].action = copy.turns[index].action.replacingName(old, with: new)
      copy.turns[index].observation = copy.turns[index].observation?
        .replacingName(old, with: new)
    }
    return copy
  }
}

extension String {
  /// With `new` wherever `old` stands as a whole name: no letter, digit or underscore beside it.
  fileprivate func replacingName(_ old: String, with new: String) -> String {
    let (text, name) = (Array(utf8), Array(old.utf8))
    func isPart(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "_") || byte >= 0x80 || Character(Unicode.Scalar(byte)).isLetter
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    var result: [UInt8] = []
    var index = 0
    while index < text.count {
      let end = index + name.count
      if text[index] == name.first, end <= text.count, text[index..<end].elementsEqual(name),
        index == 0 || !isPart(text[index - 1]), end == text.count || !isPart(text[end])
      {
        result += Array(new.utf8)
        index = end
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

/// Names that packages might have, such as "velto" or "sharinel".
enum MadeUpName {
  private static let onsets = [
    "b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "pl",
    "qu",
    "r", "s", "sh", "st", "t", "th", "tr", "v", "w", "x", "z",
  ]
  private static let vowels = ["a", "e", "i", "o", "u", "ai", "ee", "io", "oo", "y"]
  private static let ends = ["", "", "", "l", "lib", "n", "py", "r", "s", "st", "tools", "x"]

  static func draw(random: inout SplitMix64) -> String {
    func one(_ parts: [String]) -> String { parts[random.index(below: parts.count)] }
    let syllables = (0..<(1 + random.index(below: 3))).map { _ in one(onsets) + one(vowels) }
    return syllables.joined() + one(ends)
  }
}
