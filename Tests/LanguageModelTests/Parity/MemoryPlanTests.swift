import LanguageModel
import Testing

@Suite struct MemoryPlanTests {
  // SmolLM2-135M's shape.
  private static let config = ModelConfig(
    architecture: .llama, vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536,
    layerCount: 30, headCount: 9, kvHeadCount: 3, headSize: 64, tiedHead: true,
    contextLength: 8192)

  private func plan(
    _ precision: Precision = .bf16, trained: Int? = 4_900_000,
    teacher: MemoryPlan.Teacher = .moving, recompute: Bool = false
  ) -> MemoryPlan {
    MemoryPlan(
      config: Self.config, precision: precision, trained: trained, teacher: teacher,
      recompute: recompute, chunkRows: 128)
  }

  /// By hand: 134,515,008 parameters in two directions of panels, an adapter and its kin, a chunk
  /// of logits twice, and the process.
  @Test func aFrozenBaseInBF16() {
    let base = 2 * 2 * 134_515_008
    let adapter = (16 + 4) * 4_900_000
    #expect(plan().fixedBytes == base + adapter + 128 * 49152 * 10 + 96 << 20)
    // Of the 17 KB that a layer keeps of a token: thirty layers, and what the pass needs besides.
    let kept = 30 * 4 * (3 * 576 + 15 * 64 + 1536 + 23)
    #expect(plan().tokenBytes > kept && plan().tokenBytes < kept + kept / 5)
  }

  @Test func aLargerBudgetHoldsMoreTokens() {
    let plan = plan()
    #expect(plan.tokens(within: plan.fixedBytes - 1) < 1)
    let budget = plan.budget(tokens: 1000)
    #expect(plan.tokens(within: budget) == 1000 && plan.tokens(within: budget - 8) == 999)
    #expect(
      plan.fixedBytes + 1000 * plan.tokenBytes + plan.cacheBytes(within: budget) <= budget)
    #expect(plan.cacheBytes(within: budget) > 1000 * plan.tokenBytes / 8)
    #expect(plan.tokens(within: 6 << 30) > 2 * plan.tokens(within: 3 << 30))
  }

  @Test func fullTrainingTakesMoreAndRecomputingLess() {
    #expect(plan(trained: nil).fixedBytes > plan().fixedBytes + 12 * 134_515_008)
    let frozen = plan(trained: nil, teacher: .fixed).fixedBytes
    #expect(plan(trained: nil).fixedBytes == frozen + 4 * 134_515_008)
    #expect(frozen == plan(trained: nil, teacher: .none).fixedBytes + 2 * 134_515_008)
    #expect(plan(recompute: true).tokenBytes * 3 < plan().tokenBytes)
    #expect(plan(.fp32).fixedBytes < plan().fixedBytes + 10 << 20)
    // What a whole model in bf16 takes: fp32 values, gradients and moments, panels for one direction, the
    // head's and a layer's for the other.
    let trained = plan(trained: nil, teacher: .none).fixedBytes
    let blocks = 134_515_008 - 49152 * 576
    let layer = 2 * blocks / 30
    #expect(trained == (16 + 4) * 134_515_008 - 2 * blocks + layer + 128 * 49152 * 12 + 96 << 20)
  }
}
