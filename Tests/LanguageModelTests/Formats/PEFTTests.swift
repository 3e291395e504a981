import Foundation
import LanguageModel
import Testing

struct PEFTTests {
  private static let all = [
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
  ]

  @Test(arguments: Fixtures.tinyModels)
  func adaptersArePEFTs(model: String) throws {
    let config = try ModelFiles(path: Fixtures.reference(model)).config
    let adapter = try PEFTAdapter(folder: Fixtures.reference(model + "/adapter"))
    #expect(adapter.rank == 4 && adapter.alpha == 8 && adapter.scale == 2)
    #expect(adapter.targetModules == Self.all && adapter.base == "..")
    try adapter.validate(for: config)
    let name = "base_model.model.model.layers.1.mlp.up_proj.lora_B.weight"
    #expect(adapter.tensors.shape(of: name) == [96, 4])
    var other = config
    other.hiddenSize = 128
    let error = #expect(throws: ModelError.self) { try adapter.validate(for: other) }
    #expect(error?.description.contains("was made for another model") == true)
    var shorter = config
    shorter.layerCount = 1
    #expect(throws: ModelError.self) { try adapter.validate(for: shorter) }
  }

  @Test(arguments: Fixtures.tinyModels)
  func whatIsWrittenIsRead(model: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/deep/adapter"
    let config = try ModelFiles(path: Fixtures.reference(model)).config
    let targets = ["v_proj", "q_proj"]
    var random = SplitMix64(seed: 1)
    let tensors = PEFTAdapter.expectedTensors(for: config, rank: 2, targetModules: targets).map {
      (name, shape) in
      (name, shape, (0..<shape.reduce(1, *)).map { _ in Float(random.next() % 1000) / 1000 })
    }
    #expect(tensors.count == 8)
    let store = tensors.flatMap(\.2)
    try store.withUnsafeBufferPointer { buffer in
      var start = 0
      let views = tensors.map { (name, shape, values) in
        defer { start += values.count }
        return SafetensorsWriter.Tensor(
          name: name, shape: shape,
          values: UnsafeBufferPointer(rebasing: buffer[start..<start + values.count]))
      }
      try PEFTAdapter.write(
        folder: path, rank: 2, alpha: 4.5, targetModules: targets, base: "HuggingFaceTB/\"x\"",
        tensors: views)
    }
    let adapter = try PEFTAdapter(folder: path)
    try adapter.validate(for: config)
    #expect(adapter.rank == 2 && adapter.alpha == 4.5 && adapter.scale == 2.25)
    #expect(adapter.targetModules == ["q_proj", "v_proj"] && adapter.base == "HuggingFaceTB/\"x\"")
    for (name, _, values) in tensors { #expect(try adapter.tensors.floats(name) == values) }
  }

  @Test(arguments: [
    ("\"use_dora\": false", "\"use_dora\": true", "use_dora"),
    ("\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 2}", "rank_pattern"),
    ("\"alpha_pattern\": {}", "\"alpha_pattern\": {\"q_proj\": 2}", "alpha_pattern"),
    ("\"bias\": \"none\"", "\"bias\": \"all\"", "bias = all"),
    ("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "peft_type IA3"),
    ("\"fan_in_fan_out\": false", "\"fan_in_fan_out\": true", "fan_in_fan_out"),
    ("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "modules_to_save"),
    ("\"r\": 4", "\"r\": 0", "r = 0"),
    ("\"r\": 4", "\"R\": 4", "r is missing"),
    ("\"q_proj\",", "\"lm_head\",", "\"lm_head\" can't be adapted"),
    ("\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa_niter_4\"", "pissa"),
  ])
  func otherVariantsAreRefusedByName(from: String, to: String, named: String) throws {
    let folder = try TemporaryFolder()
    let adapter = try folder.copy(Fixtures.reference("tiny-llama/adapter"), as: "adapter")
    let config = adapter + "/adapter_config.json"
    let text = try String(contentsOfFile: config, encoding: .utf8)
    #expect(text.contains(from))
    try Data(text.replacingOccurrences(of: from, with: to).utf8)
      .write(to: URL(fileURLWithPath: config))
    let error = #expect(throws: ModelError.self) { try PEFTAdapter(folder: adapter) }
    #expect(error?.description.contains(named) == true, "\(String(describing: error))")
    #expect(error?.description.contains("adapter_config.json") == true)
  }

  @Test func rankStabilisedScaleIsDividedByTheRoot() throws {
    let folder = try TemporaryFolder()
    let adapter = try folder.copy(Fixtures.reference("tiny-llama/adapter"), as: "adapter")
    let config = URL(fileURLWithPath: adapter + "/adapter_config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    try Data(
      text.replacingOccurrences(of: "\"use_rslora\": false", with: "\"use_rslora\": true").utf8
    )
    .write(to: config)
    #expect(try PEFTAdapter(folder: adapter).scale == 4)
  }
}
