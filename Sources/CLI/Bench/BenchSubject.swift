internal import ArgumentParser
internal import Foundation
internal import LanguageModel

/// What is measured: a model from a file, or random parameters in the shape of a published one.
struct BenchSubject: Sendable {
  let name: String
  let engine: Engine

  var config: ModelConfig { engine.config }
  var precision: Precision { engine.transformer.precision }

  /// - trainable: whether all parameters are to be trained, which then are in memory in fp32.
  init(model path: String, precision: Precision, trainable: Bool) throws {
    let files = try ModelFiles.find(path)
    name = files.name
    engine = Engine(try Transformer(files, precision: precision, trainable: trainable))
  }

  /// Random weights in a shape.
  init(name: String, config: ModelConfig, precision: Precision, trainable: Bool) {
    self.name = name
    let parameters = Self.random(config)
    engine = Engine(
      precision == .bf16 && !trainable
        ? Transformer(freezing: parameters)
        : Transformer(parameters: parameters, precision: precision))
  }

  /// Weights as they are before training: normal in spread (0.02), norms 1, biases 0.
  private static func random(_ config: ModelConfig) -> Parameters {
    let parameters = Parameters(config: config)
    // A uniform distribution of the same variance.
    let bound = 0.02 * Float(3).squareRoot()
    for (index, entry) in parameters.layout.entries.enumerated() {
      let base = parameters.buffer.base + entry.offset
      if entry.name.hasSuffix("norm.weight") {
        base.update(repeating: 1, count: entry.count)
      } else if entry.shape.count > 1 {
        let place = UnsafeMutableBufferPointer(start: base, count: entry.count)
        parallelRows(entry.shape[0]) { rows in
          fill(place, rows, columns: entry.shape[1], seed: UInt64(index), bound: bound)
        }
      }
    }
    return parameters
  }

  private static func fill(
    _ matrix: UnsafeMutableBufferPointer<Float>, _ rows: Range<Int>, columns: Int, seed: UInt64,
    bound: Float
  ) {
    for row in rows {
      var random = SplitMix64(seeds: seed, UInt64(row))
      for i in row * columns..<(row + 1) * columns {
        matrix[i] = (Float(random.unit()) * 2 - 1) * bound
      }
    }
  }

  /// Ids of ordinary tokens; the first ones of a vocabulary are special.
  func tokens(_ count: Int, seed: UInt64...) -> [TokenID] {
    var random = SplitMix64(seed: 0x62_656E_6368)
    for part in seed { random = SplitMix64(seeds: random.state, part) }
    let first = min(1000, config.vocabularySize / 2)
    let width = max(1, config.vocabularySize - 2 * first)
    return (0..<count).map { _ in TokenID(first + random.index(below: width)) }
  }
}

/// Published shapes, for machines that can't fetch the weights.
enum BenchShape: String, CaseIterable, ExpressibleByArgument {
  case qwenHalfBillion = "qwen2.5-0.5b"
  case qwenOneAndAHalf = "qwen2.5-1.5b"

  var config: ModelConfig {
    switch self {
    case .qwenHalfBillion:
      Self.qwen(hidden: 896, intermediate: 4864, layers: 24, heads: 14, headSize: 64)
    case .qwenOneAndAHalf:
      Self.qwen(hidden: 1536, intermediate: 8960, layers: 28, heads: 12, headSize: 128)
    }
  }

  private static func qwen(
    hidden: Int, intermediate: Int, layers: Int, heads: Int, headSize: Int
  ) -> ModelConfig {
    ModelConfig(
      architecture: .qwen2, vocabularySize: 151_936, hiddenSize: hidden,
      intermediateSize: intermediate, layerCount: layers, headCount: heads, kvHeadCount: 2,
      headSize: headSize, ropeTheta: 1_000_000, tiedHead: true, hasAttentionBias: true,
      contextLength: 32_768)
  }
}
