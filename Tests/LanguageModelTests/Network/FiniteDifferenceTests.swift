import Foundation
import LanguageModel
import Testing

/// A small network with every feature of its architecture, and weights that hide nothing.
func tinyConfig(_ architecture: Architecture) -> ModelConfig {
  ModelConfig(
    architecture: architecture, vocabularySize: 37, hiddenSize: 16, intermediateSize: 20,
    layerCount: 2, headCount: 4, kvHeadCount: 2, headSize: architecture == .qwen3 ? 6 : 4,
    tiedHead: architecture != .qwen2, hasAttentionBias: architecture == .qwen2,
    hasQKNorm: architecture == .qwen3, contextLength: 64)
}

func randomTransformer(
  _ config: ModelConfig, seed: UInt64, scale: Float = 0.4, precision: Precision = .fp32
) -> Transformer {
  let parameters = Parameters(config: config)
  var random = SplitMix64(seed: seed)
  for i in 0..<parameters.buffer.count {
    parameters.buffer.base[i] = Float.random(in: -scale...scale, using: &random)
  }
  for entry in parameters.layout.entries where entry.name.contains("norm") {
    for i in 0..<entry.count { parameters.buffer.base[entry.offset + i] += 1 }
  }
  return Transformer(parameters: parameters, precision: precision)
}

/// Mean cross-entropy of the next tokens, by double-precision log-sum-exp; overwrites the logits
/// with its gradient.
func crossEntropy(
  _ logits: UnsafeMutableBufferPointer<Float>, targets: ArraySlice<TokenID>, count: Int
) -> Double {
  let vocabulary = logits.count / targets.count
  var loss = 0.0
  for (row, target) in targets.enumerated() {
    let p = logits.baseAddress! + row * vocabulary
    let top = (0..<vocabulary).map { p[$0] }.max()!
    let sum = (0..<vocabulary).reduce(0.0) { $0 + exp(Double(p[$1] - top)) }
    loss += (Double(top - p[Int(target)]) + log(sum)) / Double(count)
    for v in 0..<vocabulary {
      let probability = exp(Double(p[v] - top)) / sum
      p[v] = Float((probability - (v == Int(target) ? 1 : 0)) / Double(count))
    }
  }
  return loss
}

@Suite struct FiniteDifferenceTests {
  private let sequences: [[TokenID]] = [[3, 1, 4, 1, 5, 9, 2], [6, 5, 3], [35, 8, 9, 7]]

  private func loss(
    _ transformer: Transformer, _ adapter: LoRAParameters?, _ gradients: GradientTarget,
    recompute: Bool = false
  ) -> Double {
    var outputs: [TrainingPass.Output] = []
    var targets: [TokenID] = []
    for (index, sequence) in sequences.enumerated() {
      for position in 0..<sequence.count - 1 where (index + position) % 3 != 1 {
        outputs.append(.init(sequence: index, position: position))
        targets.append(sequence[position + 1])
      }
    }
    let pass = TrainingPass(
      transformer, sequences: sequences, outputs: outputs, adapter: adapter,
      recompute: recompute)
    var total = 0.0
    pass.backward(chunkRows: 4, gradients: gradients) { range, logits in
      total += crossEntropy(logits, targets: targets[range], count: targets.count)
    }
    return total
  }

  @Test(arguments: Architecture.allCases, [false, true])
  func everyParameterTensor(_ architecture: Architecture, recompute: Bool) {
    let config = tinyConfig(architecture)
    let transformer = randomTransformer(config, seed: 11)
    let gradient = Parameters(config: config)
    _ = loss(transformer, nil, .full(gradient), recompute: recompute)
    let scrap = Parameters(config: config)
    compare(transformer.parameters.layout, transformer.parameters.buffer, gradient.buffer) {
      loss(transformer, nil, .full(scrap))
    }
  }

  @Test(arguments: Architecture.allCases)
  func everyAdapterTensor(_ architecture: Architecture) {
    let config = tinyConfig(architecture)
    let transformer = randomTransformer(config, seed: 12)
    let lora = LoRAConfig(rank: 3, alpha: 6, targets: [.q, .v, .o, .up, .down])
    let adapter = LoRAParameters(config: lora, model: config)
    var random = SplitMix64(seed: 4)
    for i in 0..<adapter.buffer.count {
      adapter.buffer.base[i] = Float.random(in: -0.3...0.3, using: &random)
    }
    let gradient = LoRAParameters(config: lora, model: config)
    _ = loss(transformer, adapter, .lora(gradient))
    let scrap = LoRAParameters(config: lora, model: config)
    compare(adapter.layout, adapter.buffer, gradient.buffer) {
      loss(transformer, adapter, .lora(scrap))
    }
  }

  /// Central differences on a few entries of every tensor.
  private func compare(
    _ layout: ParameterLayout, _ values: FloatBuffer, _ gradient: FloatBuffer,
    _ loss: () -> Double
  ) {
    for entry in layout.entries {
      let slice = (0..<entry.count).map { gradient.base[entry.offset + $0] }
      let scale = slice.map(abs).max()!
      #expect(scale > 0, "\(entry.name) has no gradient at all")
      let largest = slice.firstIndex { abs($0) == scale }!
      for index in Set([0, entry.count / 2, entry.count - 1, largest]) {
        let step: Float = 4e-3
        let original = values.base[entry.offset + index]
        values.base[entry.offset + index] = original + step
        let above = loss()
        values.base[entry.offset + index] = original - step
        let below = loss()
        values.base[entry.offset + index] = original
        let estimate = Float((above - below) / Double(2 * step))
        // fp32 forward passes leave about 1e-4 of noise in a difference quotient this wide.
        #expect(
          abs(estimate - slice[index]) < 2e-2 * scale + 2e-4,
          "\(entry.name)[\(index)]: \(slice[index]), by differences \(estimate)")
      }
    }
  }
}
