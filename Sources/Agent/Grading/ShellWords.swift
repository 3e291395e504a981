/// The words of a simple shell command.
package enum ShellWords {
  /// The words with their quotes taken off, or nil if the command is more than one simple command:
  /// it has an operator, a substitution, an expansion or a redirection, or its quotes don't close.
  package static func split(_ command: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var escaped = false
    for character in command {
      if escaped {
        word = (word ?? "") + String(character)
        escaped = false
      } else if let open = quote {
        if character == open {
          quote = nil
        } else if open == "\"", "$`\\".contains(character) {
          return nil
        } else {
          word?.append(character)
        }
      } else if character == "\\" {
        escaped = true
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else if "|&;<>()$`\n*?[]{}~#!".contains(character) {
        return nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil, !escaped else { return nil }
    if let done = word { words.append(done) }
    return words
  }

  /// `NAME=value`.
  static func isAssignment(_ word: String) -> Bool {
    guard let equals = word.firstIndex(of: "="), let first = word.first else { return false }
    return (first.isLetter || first == "_")
      && word[..<equals].allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  /// The word quoted so that a shell reads exactly it.
  package static func quoted(_ word: String) -> String {
    "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
