import Foundation
import LanguageModel
import Testing

/// A trained model goes back to the format it came from.
@Suite struct ModelWriterTests {
  @Test(arguments: Fixtures.tinyModels)
  func aFolderIsWrittenAndReadBack(_ name: String) throws {
    let folder = try TemporaryFolder()
    let source = Fixtures.reference(name)
    let model = try LoadedModel.load(source)
    let parameters = model.transformer.parameters
    for i in 0..<parameters.buffer.count { parameters.buffer.base[i] += 0.001 * Float(i % 7) }
    try parameters.write(to: folder.path + "/out", like: source)
    let again = try LoadedModel.load(folder.path + "/out")
    #expect(Array(again.transformer.parameters.buffer.values) == Array(parameters.buffer.values))
    #expect(again.tokenizer.encode("a = 1") == model.tokenizer.encode("a = 1"))
  }

  @Test(.enabled(if: Fixtures.hasModel, Fixtures.modelReason))
  func aGGUFIsWrittenAndReadBack() throws {
    let folder = try TemporaryFolder()
    let model = try LoadedModel.load(Fixtures.model)
    let parameters = model.transformer.parameters
    for entry in parameters.layout.entries {
      parameters.buffer.base[entry.offset] = 0.5
      parameters.buffer.base[entry.offset + entry.count - 1] = -0.25
    }
    try parameters.write(to: folder.path + "/out", like: Fixtures.model)
    let again = try LoadedModel.load(folder.path + "/out/model.gguf")
    #expect(again.config == model.config)
    #expect(
      memcmp(
        again.transformer.parameters.buffer.base, parameters.buffer.base,
        parameters.buffer.count * 4) == 0)
    #expect(again.tokenizer.encode("def f():") == model.tokenizer.encode("def f():"))
    #expect(again.chatFormat == model.chatFormat)
  }
}
