import Foundation
import LanguageModel
import Testing

/// Damaged files must be refused or read, never crash. Seeded, so that a failure can be repeated.
struct FuzzTests {
  private static func damaged(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    // Most of the structure stands at the beginning.
    let reach = random.index(below: 2) == 0 ? min(bytes.count, 400) : bytes.count
    switch random.index(below: 4) {
    case 0: bytes.removeLast(random.index(below: bytes.count))
    case 1:
      let place = random.index(below: reach)
      bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.index(below: 16)))
    default:
      for _ in 0...random.index(below: 4) {
        let interesting: [UInt8] = [
          0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: random.next()),
        ]
        bytes[random.index(below: reach)] = interesting[random.index(below: interesting.count)]
      }
    }
    return bytes
  }

  /// Reads everything that a file of a model offers.
  private static func use(_ model: ModelFiles) throws {
    for name in model.tensors.names { _ = try model.tensors.floats(name) }
    let ids = model.tokenizer.encode("abc def 123\n")
    _ = model.tokenizer.decode(ids, skippingSpecial: false)
    _ = try model.chatFormat()
  }

  @Test func damagedGGUFs() throws {
    let folder = try TemporaryFolder()
    let good = GGUFBuilder.llama().build()
    var random = SplitMix64(seed: 20_261_123)
    var refused = 0
    for _ in 0..<1500 {
      let path = try folder.write("m.gguf", Self.damaged(good, &random))
      do { try Self.use(ModelFiles(path: path)) } catch is ModelError { refused += 1 }
    }
    #expect(refused > 500)
  }

  @Test func damagedQuantisedBlocks() throws {
    let folder = try TemporaryFolder()
    let good = try Array(
      Data(contentsOf: URL(fileURLWithPath: Fixtures.path("formats/quantised.gguf"))))
    var random = SplitMix64(seed: 5)
    for _ in 0..<500 {
      let path = try folder.write("m.gguf", Self.damaged(good, &random))
      do {
        let file = try GGUFFile(path: path)
        for type in ["Q4_1", "Q6_K", "BF16"] { _ = try file.floats("t." + type) }
      } catch {}
    }
  }

  @Test(arguments: ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
  func damagedFolders(file: String) throws {
    let folder = try TemporaryFolder()
    let model = try folder.copy(Fixtures.reference("tiny-qwen2"), as: "model")
    let path = model + "/" + file
    let good = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    var random = SplitMix64(seed: 11)
    for _ in 0..<(file == "config.json" ? 300 : 60) {
      _ = try folder.write("model/" + file, Self.damaged(good, &random))
      do { try Self.use(ModelFiles(path: model)) } catch is ModelError {}
    }
  }

  @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"])
  func damagedAdapters(file: String) throws {
    let folder = try TemporaryFolder()
    let config = try ModelFiles(path: Fixtures.reference("tiny-qwen3")).config
    let adapter = try folder.copy(Fixtures.reference("tiny-qwen3/adapter"), as: "adapter")
    let good = try Array(Data(contentsOf: URL(fileURLWithPath: adapter + "/" + file)))
    var random = SplitMix64(seed: 13)
    for _ in 0..<300 {
      _ = try folder.write("adapter/" + file, Self.damaged(good, &random))
      do { try PEFTAdapter(folder: adapter).validate(for: config) } catch {}
    }
  }
}
