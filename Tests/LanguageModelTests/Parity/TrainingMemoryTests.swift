import LanguageModel
import Testing

@Suite struct TrainingMemoryTests {
  /// With recomputing, a layer costs its input alone: memory by arithmetic, not by measuring.
  @Test(arguments: [1, 64, 1500], [Precision.fp32, .bf16])
  func recomputingBoundsMemory(rows: Int, precision: Precision) {
    // SmolLM2-135M's shape.
    let config = ModelConfig(
      architecture: .llama, vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536,
      layerCount: 30, headCount: 9, kvHeadCount: 3, headSize: 64, tiedHead: true,
      contextLength: 8192)
    func floats(recompute: Bool) -> Int {
      TrainingPass.activationFloats(
        rows: rows, config: config, precision: precision, recompute: recompute)
    }
    let (kept, recomputed) = (floats(recompute: false), floats(recompute: true))
    let input = rows * 576
    // x, x after attention, attention, q k v, gate and up (rounded in bf16), and three scales a row
    // and head.
    let gateUp = precision == .fp32 ? 2 * 1536 : 1536
    let block = rows * (3 * 576 + (9 + 3 + 3) * 64 + gateUp + 2 + 9 + 12)
    #expect(kept == 30 * block + input)
    #expect(recomputed == block + 31 * input)
    #expect(recomputed * (precision == .fp32 ? 7 : 5) < kept)
  }

  /// What is said to be allocated is what a pass allocates.
  @Test(arguments: Architecture.allCases, [false, true])
  func thePassKeepsWhatItSays(_ architecture: Architecture, recompute: Bool) {
    for precision in [Precision.fp32, .bf16] {
      let transformer = randomTransformer(tinyConfig(architecture), seed: 1, precision: precision)
      let pass = TrainingPass(
        transformer, sequences: [[1, 2, 3], [4, 5]], outputs: [], adapter: nil,
        recompute: recompute)
      #expect(
        pass.keptFloats
          == TrainingPass.activationFloats(
            rows: 5, config: transformer.config, precision: precision, recompute: recompute))
    }
  }
}
