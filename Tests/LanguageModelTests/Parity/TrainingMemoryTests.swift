import LanguageModel
import Testing

@Suite struct TrainingMemoryTests {
  /// With recomputing, a layer costs its input alone: memory by arithmetic, not by measuring.
  @Test(arguments: [1, 64, 1500])
  func recomputingBoundsMemory(rows: Int) {
    // SmolLM2-135M's shape.
    let config = ModelConfig(
      architecture: .llama, vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536,
      layerCount: 30, headCount: 9, kvHeadCount: 3, headSize: 64, tiedHead: true,
      contextLength: 8192)
    let kept = TrainingPass.activationFloats(rows: rows, config: config, recompute: false)
    let recomputed = TrainingPass.activationFloats(rows: rows, config: config, recompute: true)
    let input = rows * 576
    // x, x after attention, attention, q k v, gate and up, and three scales a row and head.
    let block = rows * (3 * 576 + (9 + 3 + 3) * 64 + 2 * 1536 + 2 + 9 + 12)
    #expect(kept == 30 * block + input)
    #expect(recomputed == block + 31 * input)
    #expect(recomputed * 7 < kept)
  }

  /// What is said to be allocated is what a pass allocates.
  @Test(arguments: Architecture.allCases, [false, true])
  func thePassKeepsWhatItSays(_ architecture: Architecture, recompute: Bool) {
    let transformer = randomTransformer(tinyConfig(architecture), seed: 1)
    let pass = TrainingPass(
      transformer, sequences: [[1, 2, 3], [4, 5]], outputs: [], adapter: nil,
      recompute: recompute)
    #expect(
      pass.keptFloats
        == TrainingPass.activationFloats(
          rows: 5, config: transformer.config, recompute: recompute))
  }
}
