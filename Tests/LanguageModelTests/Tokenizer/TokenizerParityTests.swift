import Foundation
import LanguageModel
import Testing

struct TokenizerParityTests {
  private struct Line: Decodable {
    var text: String
    var ids: [TokenID]
  }

  @Test(arguments: Fixtures.tinyModels)
  func tinyTokenizersAgreeWithHuggingFace(model: String) throws {
    let tokenizer = try Tokenizer(tokenizerFile: Fixtures.reference(model + "/tokenizer.json"))
    #expect(tokenizer.vocabularySize == 512)
    let lines = try Fixtures.lines(Fixtures.reference(model + "/tokens.jsonl"), as: Line.self)
    #expect(lines.count == 60)
    for line in lines {
      #expect(tokenizer.encode(line.text, recognisingSpecial: true) == line.ids, "\(line.text)")
      let text = tokenizer.decode(line.ids, skippingSpecial: false)
      #expect(text.utf8.elementsEqual(line.text.utf8))
    }
  }

  @Test(.enabled(if: Fixtures.hasModel, Fixtures.modelReason))
  func smolLM2AgreesWithHuggingFace() throws {
    let tokenizer = try Tokenizer(GGUFFile(path: Fixtures.model))
    let lines = try Fixtures.lines(Fixtures.reference("smollm2/tokens.jsonl"), as: Line.self)
    #expect(lines.count == 200)
    for line in lines {
      #expect(tokenizer.encode(line.text, recognisingSpecial: true) == line.ids, "\(line.text)")
      let text = tokenizer.decode(line.ids, skippingSpecial: false)
      #expect(text.utf8.elementsEqual(line.text.utf8))
    }
  }

  private struct Variants: Decodable {
    var text: String
    var ids: [String: [TokenID]]
  }

  /// Letters, numbers, marks and white space of many scripts, contractions in all cases.
  @Test(arguments: [
    ("digits", "reference/tiny-llama/tokenizer.json"), ("gpt2", "formats/tokenizer-gpt2.json"),
    ("qwen2", "reference/tiny-qwen2/tokenizer.json"),
    ("qwen2-nfc", "formats/tokenizer-qwen2-nfc.json"),
    ("llama3", "reference/tiny-qwen3/tokenizer.json"),
    ("llama3-ignore-merges", "formats/tokenizer-llama3-ignore-merges.json"),
    ("added", "formats/tokenizer-added.json"),
  ])
  func preTokenizersAgreeOnAllScripts(variant: String, file: String) throws {
    let tokenizer = try Tokenizer(tokenizerFile: Fixtures.path(file))
    let lines = try Fixtures.lines(Fixtures.path("formats/texts.jsonl"), as: Variants.self)
    #expect(lines.count == 240)
    for line in lines {
      let ids = tokenizer.encode(line.text, recognisingSpecial: true)
      #expect(ids == line.ids[variant], "\(line.text.debugDescription)")
    }
  }
}
