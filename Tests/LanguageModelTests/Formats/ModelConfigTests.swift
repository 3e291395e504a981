import Foundation
import LanguageModel
import Testing

struct ModelConfigTests {
  @Test(arguments: Fixtures.tinyModels)
  func tinyModelsAreDescribedWhole(name: String) throws {
    let model = try ModelFiles(path: Fixtures.reference(name))
    let expected = ModelConfig(
      architecture: Architecture(rawValue: String(name.dropFirst(5)))!, vocabularySize: 512,
      hiddenSize: 64, intermediateSize: 96, layerCount: 2, headCount: 4, kvHeadCount: 2,
      headSize: name == "tiny-qwen3" ? 24 : 16, rmsNormEpsilon: 1e-6,
      ropeTheta: name == "tiny-llama" ? 10_000 : 1_000_000, tiedHead: name != "tiny-qwen2",
      hasAttentionBias: name == "tiny-qwen2", hasQKNorm: name == "tiny-qwen3", contextLength: 256,
      endTokens: [511])
    #expect(model.config == expected)
    #expect(model.tensors.names.count == expectedTensors(for: expected).count)
    #expect(model.files.count == 5)
    #expect(try model.chatFormat() == .chatML(start: 510, end: 511, defaultSystem: nil))
  }

  private static let minimal: [String: String] = [
    "model_type": "\"llama\"", "vocab_size": "32", "hidden_size": "16", "intermediate_size": "24",
    "num_hidden_layers": "2", "num_attention_heads": "4",
  ]

  private static func read(_ changes: [String: String]) throws -> ModelConfig {
    let folder = try TemporaryFolder()
    let members = minimal.merging(changes) { $1 }.map { "\"\($0)\": \($1)" }.sorted()
    let text = "{\(members.joined(separator: ",\n"))}"
    return try ModelConfig(configFile: folder.write("config.json", text.utf8))
  }

  @Test func whatIsLeftOutHasTheFieldsDefaults() throws {
    let config = try Self.read([:])
    #expect(config.kvHeadCount == 4 && config.headSize == 4 && config.ropeTheta == 10_000)
    #expect(!config.tiedHead && config.endTokens == [] && config.bosToken == nil)
    let ended = try Self.read(["eos_token_id": "[7, 3]", "bos_token_id": "1"])
    #expect(ended.endTokens == [3, 7] && ended.bosToken == 1)
  }

  @Test func bothSpellingsOfRopeScalingAreRead() throws {
    let llama3 =
      "\"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
      + " \"original_max_position_embeddings\": 8192"
    let old = try Self.read([
      "rope_theta": "500000.0", "rope_scaling": "{\"rope_type\": \"llama3\", \(llama3)}",
    ])
    let new = try Self.read([
      "rope_parameters": "{\"rope_theta\": 500000.0, \"rope_type\": \"llama3\", \(llama3)}"
    ])
    #expect(old == new)
    #expect(
      old.ropeScaling
        == .llama3(
          factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192))
    let linear = try Self.read(["rope_scaling": "{\"type\": \"linear\", \"factor\": 2}"])
    let plain = try Self.read([:])
    #expect(linear.inverseFrequencies() == plain.inverseFrequencies().map { $0 / 2 })
  }

  /// Llama 3.1's frequencies: high ones kept, low ones divided by 8, a blend in between.
  @Test func llama3FrequenciesAreScaled() throws {
    var config = try Self.read(["hidden_size": "512", "rope_theta": "500000.0"])
    let plain = config.inverseFrequencies()
    config.ropeScaling = .llama3(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    let scaled = config.inverseFrequencies()
    #expect(plain.count == 64 && plain[0] == 1)
    for (frequency, result) in zip(plain, scaled) {
      let wavelength = 2 * Double.pi / Double(frequency)
      if wavelength < 2048 {
        #expect(result == frequency)
      } else if wavelength > 8192 {
        #expect(result == frequency / 8)
      } else {
        #expect(result < frequency && result > frequency / 8)
      }
    }
    config.ropeScaling = .frequencyFactors(zip(plain, scaled).map { $0 / $1 })
    for (a, b) in zip(config.inverseFrequencies(), scaled) { #expect(abs(a - b) <= 1e-6 * b) }
  }

  @Test(arguments: [
    ("model_type", "\"gemma2\"", "the architecture gemma2 is not supported"),
    ("model_type", "null", "model_type is missing"),
    ("hidden_size", "\"64\"", "hidden_size must be a whole number, not \"64\""),
    ("hidden_size", "0", "the hidden size is 0"),
    ("hidden_size", "17", "can't be divided by 4 heads"),
    ("vocab_size", "99999999999", "the vocabulary size is 99999999999"),
    ("num_hidden_layers", "-1", "the layer count is -1"),
    ("num_attention_heads", "0", "num_attention_heads must be positive"),
    ("num_key_value_heads", "3", "4 heads can't share 3"),
    ("head_dim", "5", "an even one"),
    ("rms_norm_eps", "0", "epsilon"),
    ("rope_theta", "-1", "rotary base"),
    (
      "rope_scaling", "{\"rope_type\": \"yarn\", \"factor\": 4}",
      "rope scaling yarn is not supported"
    ),
    ("rope_scaling", "{\"type\": \"linear\"}", "needs factor"),
    ("attention_bias", "true", "attention_bias = true is not supported"),
    ("mlp_bias", "true", "mlp_bias = true is not supported"),
    ("use_sliding_window", "true", "use_sliding_window = true is not supported"),
    ("layer_types", "[\"sliding_attention\"]", "sliding_attention"),
    ("hidden_act", "\"gelu\"", "hidden_act gelu is not supported"),
    ("quantization_config", "{\"bits\": 4}", "quantization_config"),
    ("eos_token_id", "32", "token 32 is outside the vocabulary of 32"),
    ("eos_token_id", "\"x\"", "eos_token_id must be a token id"),
    ("tie_word_embeddings", "1", "tie_word_embeddings must be true or false"),
  ])
  func whatIsNotSupportedIsRefusedByName(key: String, value: String, sentence: String) throws {
    let error = #expect(throws: ModelError.self) { try Self.read([key: value]) }
    let text = try #require(error).description
    #expect(text.contains(sentence) && text.contains("config.json"), "\(text)")
  }
}
