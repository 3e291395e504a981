/// Byte-level byte-pair encoding, as in GPT-2 and its successors.
///
/// Every byte that the vocabulary has a token for survives `encode` and `decode`, valid UTF-8 or
/// not; bytes it has none for are dropped, as Hugging Face's tokenizers do (SmolLM2 lacks 21:
/// six control characters, and bytes that begin no or only rare characters).
public final class Tokenizer: Sendable {
  /// The number of token ids, special ones included. A model may have more rows.
  public let vocabularySize: Int
  /// The special tokens' texts and ids, in the order of ids.
  public let specialTokens: [(text: String, id: TokenID)]

  private let tokenStore: [UInt8]
  /// Where each token's bytes start in the store, and the store's end.
  private let tokenOffsets: [Int]
  private let special: [Bool]
  /// The token of each single byte, -1 if there is none.
  private let byteTokens: [TokenID]
  private let merges: MergeTable
  private let preTokenizer: PreTokenizer
  /// Whole pieces that are tokens, if those go before merges.
  private let wholePieces: ByteStringTable?
  private let normalizesToNFC: Bool
  /// Added tokens matched in any text, and those with the special ones.
  private let added: AddedTokens
  private let addedAndSpecial: AddedTokens

  init(_ vocabulary: Vocabulary) throws(ModelError) {
    let tables = try VocabularyTables(vocabulary)
    vocabularySize = vocabulary.tokens.count
    specialTokens = tables.specialTokens
    tokenStore = tables.store
    tokenOffsets = tables.offsets
    special = vocabulary.kinds.map { $0 == .special }
    byteTokens = tables.byteTokens
    merges = tables.merges
    preTokenizer = vocabulary.preTokenizer
    wholePieces = vocabulary.ignoresMerges ? tables.pieces : nil
    normalizesToNFC = vocabulary.normalizesToNFC
    added = tables.added
    addedAndSpecial = tables.addedAndSpecial
  }

  /// The tokens of a text. Special tokens never come out, even where their text stands in it.
  public func encode(_ text: String) -> [TokenID] {
    encode(text, recognisingSpecial: false)
  }

  /// The tokens of a text; with `recognisingSpecial`, special tokens' texts become those tokens.
  /// For text that this program wrote itself, and for comparison with other tokenizers.
  public func encode(_ text: String, recognisingSpecial: Bool) -> [TokenID] {
    var text = text
    return text.withUTF8 { encode($0, matching: recognisingSpecial ? addedAndSpecial : added) }
  }

  /// The tokens of bytes that need not be valid UTF-8. Special tokens never come out.
  public func encode(bytes: some Sequence<UInt8>) -> [TokenID] {
    ContiguousArray(bytes).withUnsafeBufferPointer { encode($0, matching: added) }
  }

  /// The text of tokens; bytes that aren't valid UTF-8 become U+FFFD, ids outside the vocabulary
  /// nothing.
  public func decode(_ ids: some Sequence<TokenID>, skippingSpecial: Bool) -> String {
    String(decoding: bytes(of: ids, skippingSpecial: skippingSpecial), as: UTF8.self)
  }

  /// The bytes of tokens, one after the other.
  public func bytes(of ids: some Sequence<TokenID>, skippingSpecial: Bool) -> [UInt8] {
    var result: [UInt8] = []
    for id in ids where !(skippingSpecial && isSpecial(id)) { append(id, to: &result) }
    return result
  }

  /// The bytes that a token stands for; of a special token, its text. Empty outside the vocabulary.
  public func bytes(of id: TokenID) -> [UInt8] {
    var result: [UInt8] = []
    append(id, to: &result)
    return result
  }

  /// Whether the token stands for something that isn't text.
  public func isSpecial(_ id: TokenID) -> Bool {
    special.indices.contains(Int(id)) && special[Int(id)]
  }

  /// The id of a special token by its text, such as "<|im_end|>".
  public func id(ofSpecial text: String) -> TokenID? {
    specialTokens.first { $0.text.utf8.elementsEqual(text.utf8) }?.id
  }

  private func append(_ id: TokenID, to result: inout [UInt8]) {
    guard special.indices.contains(Int(id)) else { return }
    result += tokenStore[tokenOffsets[Int(id)]..<tokenOffsets[Int(id) + 1]]
  }

  private func encode(
    _ bytes: UnsafeBufferPointer<UInt8>, matching added: AddedTokens
  ) -> [TokenID] {
    var output: [TokenID] = []
    output.reserveCapacity(bytes.count / 3)
    var merger = BytePairMerger(merges: merges)
    var start = 0
    while start < bytes.count {
      let match = added.isEmpty ? nil : added.firstMatch(in: bytes, from: start)
      let end = match?.range.lowerBound ?? bytes.count
      let stretch = UnsafeBufferPointer(rebasing: bytes[start..<end])
      if normalizesToNFC, let normalized = CanonicalComposition.apply(stretch) {
        normalized.withUnsafeBufferPointer { encode(plain: $0, with: &merger, to: &output) }
      } else {
        encode(plain: stretch, with: &merger, to: &output)
      }
      guard let match else { break }
      output.append(match.id)
      start = match.range.upperBound
    }
    return output
  }

  /// Encodes text without added tokens.
  private func encode(
    plain bytes: UnsafeBufferPointer<UInt8>, with merger: inout BytePairMerger,
    to output: inout [TokenID]
  ) {
    var symbols: [TokenID] = []
    preTokenizer.forEachPiece(bytes) { piece in
      let slice = UnsafeBufferPointer(rebasing: bytes[piece])
      if let id = wholePieces?.id(of: slice) {
        output.append(id)
        return
      }
      symbols.removeAll(keepingCapacity: true)
      for byte in slice where byteTokens[Int(byte)] >= 0 {
        symbols.append(byteTokens[Int(byte)])
      }
      merger.merge(symbols, into: &output)
    }
  }
}
