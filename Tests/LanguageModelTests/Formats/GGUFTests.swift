import Foundation
import LanguageModel
import Testing

struct GGUFTests {
  /// Blocks of random bits against the gguf package's own dequantisation.
  @Test(arguments: [
    "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K",
  ])
  func blocksBecomeTheReferencesFloats(type: String) throws {
    let expected = try SafetensorsFile(path: Fixtures.path("formats/quantised.safetensors"))
    let file = try GGUFFile(path: Fixtures.path("formats/quantised.gguf"))
    let values = try file.floats("t." + type)
    let wanted = try expected.floats(type)
    #expect(values.count == wanted.count && !values.isEmpty)
    for (value, reference) in zip(values, wanted) {
      #expect(abs(value - reference) <= 1e-6 * max(1, abs(reference)))
    }
  }

  @Test func metadataKeepsItsTypes() throws {
    let file = try GGUFFile(path: Fixtures.path("formats/quantised.gguf"))
    #expect(file.metadata["general.architecture"] == .string("llama"))
    #expect(file.metadata["test.double"] == .float(0.1))
    #expect(file.metadata["test.bools"] == .boolList([true, false, true]))
    #expect(file.metadata["test.negative"]?.integer == -5)
  }

  /// Rows in Hugging Face's order: q and k must have been put back.
  @Test(.enabled(if: Fixtures.hasModel, Fixtures.modelReason))
  func smolLM2WeightsAgreeWithTheProbe() throws {
    let model = try ModelFiles(path: Fixtures.model)
    let probe = try SafetensorsFile(path: Fixtures.reference("smollm2/weights_probe.safetensors"))
    for (probeName, name, rows) in [
      ("embed_rows_0_100_40000", "model.embed_tokens.weight", [0, 100, 40000]),
      ("q0_rows_0_1_575", "model.layers.0.self_attn.q_proj.weight", [0, 1, 575]),
      ("k29_rows_0_191", "model.layers.29.self_attn.k_proj.weight", [0, 191]),
      ("down7_row_3", "model.layers.7.mlp.down_proj.weight", [3]),
    ] {
      let shape = try #require(model.tensors.shape(of: name))
      let values = try model.tensors.floats(name)
      let expected = try probe.floats(probeName)
      let found = rows.flatMap { values[$0 * shape[1]..<($0 + 1) * shape[1]] }
      #expect(found == expected, "\(name)")
    }
  }

  @Test(.enabled(if: Fixtures.hasModel, Fixtures.modelReason))
  func smolLM2IsDescribedWhole() throws {
    let model = try ModelFiles(path: Fixtures.model)
    let config = ModelConfig(
      architecture: .llama, vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536,
      layerCount: 30, headCount: 9, kvHeadCount: 3, headSize: 64, rmsNormEpsilon: 1e-5,
      ropeTheta: 100_000, tiedHead: true, contextLength: 8192, endTokens: [2], bosToken: 1)
    #expect(model.config == config)
    #expect(model.tensors.names.count == expectedTensors(for: config).count)
    #expect(model.files == [Fixtures.model])
  }
}
