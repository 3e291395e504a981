/// What a tokenizer file says, before it is checked and turned into tables.
struct Vocabulary {
  enum Kind {
    /// A token of the byte-pair encoding, written in the byte alphabet.
    case normal
    /// Matched as a whole string in any text; written as it is.
    case added
    /// Stands for something that isn't text; never matched in ordinary text.
    case special
    /// An id without a token (a hole or padding).
    case unused
  }

  var file: String
  /// By id: the token as the file writes it.
  var tokens: [String]
  var kinds: [Kind]
  /// In order of rank.
  var merges: [(left: String, right: String)]
  var preTokenizer: PreTokenizer
  /// A piece that is a token is that token, whatever the merges say (Llama 3).
  var ignoresMerges = false
  /// Text is brought to Unicode's normalisation form C first (Qwen2).
  var normalizesToNFC = false
}
