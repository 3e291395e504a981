/// The tables a tokenizer works with, made from a vocabulary's strings and checked on the way.
struct VocabularyTables {
  private(set) var store: [UInt8] = []
  private(set) var offsets: [Int] = [0]
  private(set) var byteTokens = [TokenID](repeating: -1, count: 256)
  private(set) var merges: MergeTable
  /// The byte-pair encoding's tokens by their bytes.
  private(set) var pieces: ByteStringTable
  private(set) var added = AddedTokens()
  private(set) var addedAndSpecial = AddedTokens()
  private(set) var specialTokens: [(text: String, id: TokenID)] = []

  init(_ vocabulary: Vocabulary) throws(ModelError) {
    let count = vocabulary.tokens.count
    guard count > 0, count <= 1 << 21, vocabulary.kinds.count == count else {
      throw ModelError(
        "\(vocabulary.file): a vocabulary of \(count) tokens with \(vocabulary.kinds.count) types"
          + " can't be used")
    }
    pieces = ByteStringTable(capacity: count)
    merges = MergeTable(capacity: vocabulary.merges.count)
    var names = ByteStringTable(capacity: count)
    for (number, token) in vocabulary.tokens.enumerated() {
      let id = TokenID(number)
      let kind = vocabulary.kinds[number]
      if kind != .unused, let other = names.insert(token.utf8, id) {
        throw ModelError(
          "\(vocabulary.file): the tokens \(other) and \(id) are both \"\(token.prefix(40))\"")
      }
      add(token, id, kind)
    }
    for byte in 0..<256 {
      let token = withUnsafePointer(to: UInt8(byte)) {
        pieces.id(of: UnsafeBufferPointer(start: $0, count: 1))
      }
      byteTokens[byte] = token ?? -1
    }
    if byteTokens.allSatisfy({ $0 < 0 }) {
      throw ModelError("\(vocabulary.file): the vocabulary has no token for any single byte")
    }
    try addMerges(vocabulary, names: names)
  }

  private mutating func add(_ token: String, _ id: TokenID, _ kind: Vocabulary.Kind) {
    switch kind {
    case .normal:
      let bytes = ByteAlphabet.decode(token) ?? Array(token.utf8)
      store += bytes
      _ = pieces.insert(bytes, id)
    case .added:
      store += token.utf8
      added.insert(token.utf8, id: id)
      addedAndSpecial.insert(token.utf8, id: id)
    case .special:
      store += token.utf8
      addedAndSpecial.insert(token.utf8, id: id)
      specialTokens.append((token, id))
    case .unused: break
    }
    offsets.append(store.count)
  }

  private mutating func addMerges(
    _ vocabulary: Vocabulary, names: ByteStringTable
  ) throws(ModelError) {
    for (rank, merge) in vocabulary.merges.enumerated() {
      func id(_ text: String) throws(ModelError) -> TokenID {
        if let id = names.id(of: text) { return id }
        throw ModelError(
          "\(vocabulary.file): merge \(rank) needs the token \"\(text.prefix(40))\","
            + " which isn't in the vocabulary")
      }
      let (left, right) = (try id(merge.left), try id(merge.right))
      let merged = try id(merge.left + merge.right)
      // Text must never become a special token, so a merge that would make one has no effect.
      if vocabulary.kinds[Int(merged)] == .special { continue }
      merges.insert(left, right, rank: UInt32(rank), merged: merged)
    }
  }
}
