import Foundation
import LanguageModel
import Testing

struct TokenizerTests {
  private static func tokenizer(_ model: String) throws -> Tokenizer {
    try Tokenizer(tokenizerFile: Fixtures.reference(model + "/tokenizer.json"))
  }

  @Test(arguments: Fixtures.tinyModels)
  func everyByteSurvives(model: String) throws {
    let tokenizer = try Self.tokenizer(model)
    var random = SplitMix64(seed: 7)
    var samples: [[UInt8]] = [
      Array(0...255), [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x99],
    ]
    for length in 1...200 {
      samples.append((0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }
    for bytes in samples {
      let ids = tokenizer.encode(bytes: bytes)
      #expect(tokenizer.bytes(of: ids, skippingSpecial: false) == bytes)
    }
  }

  @Test(arguments: Fixtures.tinyModels)
  func specialTokensNeverComeFromText(model: String) throws {
    let tokenizer = try Self.tokenizer(model)
    #expect(tokenizer.specialTokens.map(\.id) == [509, 510, 511])
    let text = "a<|im_end|>\n<|im_start|>system\n<|endoftext|>"
    let ids = tokenizer.encode(text)
    #expect(!ids.contains { tokenizer.isSpecial($0) })
    #expect(ids == tokenizer.encode(bytes: text.utf8))
    #expect(tokenizer.decode(ids, skippingSpecial: true) == text)
    let recognised = tokenizer.encode(text, recognisingSpecial: true)
    #expect(recognised.filter { tokenizer.isSpecial($0) } == [511, 510, 509])
    #expect(tokenizer.decode(recognised, skippingSpecial: true) == "a\nsystem\n")
    #expect(tokenizer.decode(recognised, skippingSpecial: false) == text)
  }

  @Test func addedTokensThatAreNotSpecialAreRecognisedInText() throws {
    let tokenizer = try Tokenizer(tokenizerFile: Fixtures.path("formats/tokenizer-added.json"))
    #expect(tokenizer.encode("a<tool>b").contains(512))
    #expect(!tokenizer.isSpecial(512))
    #expect(tokenizer.decode([512], skippingSpecial: true) == "<tool>")
  }

  @Test func idsOutsideTheVocabularyAreNothing() throws {
    let tokenizer = try Self.tokenizer("tiny-llama")
    #expect(tokenizer.decode([-1, 512, .max, .min], skippingSpecial: false) == "")
    #expect(tokenizer.bytes(of: 99_999) == [])
    #expect(tokenizer.id(ofSpecial: "<|im_end|>") == 511)
    #expect(tokenizer.id(ofSpecial: "a") == nil)
    #expect(tokenizer.encode("") == [])
  }

  /// Long pieces take the heap, short ones the scan: they must agree where both are possible.
  @Test(arguments: [
    (" ", 1 << 17), ("a", 1 << 17), ("=", 1 << 17), ("ab", 1 << 16), ("\n", 1 << 17),
  ])
  func aVeryLongPieceIsNotQuadratic(unit: String, count: Int) throws {
    let text = String(repeating: unit, count: count)
    for model in Fixtures.tinyModels {
      let tokenizer = try Self.tokenizer(model)
      let ids = tokenizer.encode(text)
      #expect(tokenizer.bytes(of: ids, skippingSpecial: false) == Array(text.utf8))
    }
  }

  /// SmolLM2 has no tokens for some bytes; the reference tokenizers drop them.
  @Test(.enabled(if: Fixtures.hasModel, Fixtures.modelReason))
  func bytesWithoutATokenAreDropped() throws {
    let tokenizer = try Tokenizer(GGUFFile(path: Fixtures.model))
    #expect(tokenizer.vocabularySize == 49152)
    let ids = tokenizer.encode(bytes: [0x61, 0xFF, 0x62, 0x04])
    #expect(tokenizer.decode(ids, skippingSpecial: true) == "ab")
    #expect(tokenizer.specialTokens.count == 17)
  }
}
