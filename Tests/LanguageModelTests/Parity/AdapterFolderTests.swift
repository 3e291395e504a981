import Foundation
import LanguageModel
import Testing

@Suite struct AdapterFolderTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-adapter-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func adapter(_ config: ModelConfig, seed: UInt64, _ lora: LoRAConfig) -> LoRAParameters {
    let adapter = LoRAParameters(config: lora, model: config)
    var random = SplitMix64(seed: seed)
    for i in 0..<adapter.buffer.count {
      adapter.buffer.base[i] = Float.random(in: -2...2, using: &random)
    }
    return adapter
  }

  @Test(arguments: [
    LoRAConfig(rank: 3, alpha: 6), LoRAConfig(rank: 1, alpha: 0.1, targets: [.v, .down]),
    LoRAConfig(rank: 9, alpha: 6, scale: 2),
  ])
  func comesBackBitForBit(_ lora: LoRAConfig) throws {
    try withFolder { folder in
      let config = tinyConfig(.qwen3)
      for seed in 1...2 {
        // The second one replaces the first.
        let saved = adapter(config, seed: UInt64(seed), lora)
        try saved.save(to: "\(folder)/a/b", baseModel: "some/model \"1\"")
        let loaded = try LoRAParameters.load(folder: "\(folder)/a/b", model: config)
        #expect(loaded.layout == saved.layout)
        #expect(Array(loaded.buffer.values) == Array(saved.buffer.values))
        #expect(loaded.config.scale == saved.config.scale)
      }
      let rest = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/a")
      #expect(rest == ["b"])
    }
  }

  @Test func peftsOwnFileComesBack() throws {
    try withFolder { folder in
      let config = try ModelFiles.find(Reference.path("tiny-qwen2")).config
      let original = try LoRAParameters.load(
        folder: Reference.path("tiny-qwen2/adapter"), model: config)
      try original.save(to: "\(folder)/copy", baseModel: "..")
      let file = try SafetensorsFile(path: "\(folder)/copy/adapter_model.safetensors")
      let reference = try Reference.tensors("tiny-qwen2/adapter/adapter_model.safetensors")
      #expect(file.names == reference.names)
      for name in file.names {
        let (copy, original) = (try file.floats(name), try reference.floats(name))
        #expect(copy == original)
      }
    }
  }

  @Test func anAdapterOfAnotherModelIsRefusedByTensor() throws {
    let config = try ModelFiles.find(Reference.path("tiny-qwen3")).config
    let folder = Reference.path("tiny-llama/adapter")
    let error = #expect(throws: ModelError.self) {
      try LoRAParameters.load(folder: folder, model: config)
    }
    let text = try #require(error).description
    #expect(text.contains(folder) && text.contains("layers.0.self_attn.q_proj.lora_B.weight"))
    #expect(text.contains("[96, 4]"))
    var deeper = try ModelFiles.find(Reference.path("tiny-llama")).config
    deeper.layerCount = 3
    #expect(throws: ModelError.self) { try LoRAParameters.load(folder: folder, model: deeper) }
    #expect(throws: ModelError.self) {
      try LoRAParameters.load(folder: "\(folder)/none", model: deeper)
    }
  }

  @Test func valuesThatArentFiniteAreRefused() throws {
    try withFolder { folder in
      let config = tinyConfig(.llama)
      let saved = adapter(config, seed: 1, LoRAConfig(rank: 2, alpha: 4))
      saved.buffer.base[saved.buffer.count - 1] = .nan
      try saved.save(to: "\(folder)/a", baseModel: "")
      let error = #expect(throws: ModelError.self) {
        try LoRAParameters.load(folder: "\(folder)/a", model: config)
      }
      #expect(try #require(error).description.contains("layers.1.mlp.down_proj.lora_B.weight"))
    }
  }

  @Test func aFolderThatCantBeWrittenLeavesNothing() throws {
    try withFolder { folder in
      try Data("x".utf8).write(to: URL(filePath: "\(folder)/file"))
      let saved = adapter(tinyConfig(.llama), seed: 1, LoRAConfig(rank: 1))
      #expect(throws: ModelError.self) {
        try saved.save(to: "\(folder)/file/adapter", baseModel: "")
      }
      #expect(throws: ModelError.self) { try saved.save(to: "\(folder)/file", baseModel: "") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  @Test func aMissingModelSaysWhatToDo() {
    let error = #expect(throws: ModelError.self) { try LoadedModel.load("models/x.gguf") }
    #expect(
      error?.description
        == "models/x.gguf: there is no such file; `make model` fetches the default one")
  }
}
