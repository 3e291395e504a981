internal import LanguageModel

/// What a piece of work must compute and read at least, counted from the model's shape.
///
/// A multiplication with its addition counts as two operations. Attention counts the half of the
/// scores below the diagonal only. Norms, softmax and the optimiser aren't counted.
struct BenchCost: Sendable {
  /// Parts that follow each other: the slower of the two bounds each one.
  private(set) var parts: [(operations: Double, bytes: Double)] = []

  var operations: Double { parts.reduce(0) { $0 + $1.operations } }
  var bytes: Double { parts.reduce(0) { $0 + $1.bytes } }

  mutating func add(operations: Double, bytes: Double, times: Int = 1) {
    parts.append((operations * Double(times), bytes * Double(times)))
  }

  /// The seconds below which no program gets on a machine of such peaks.
  func limit(operationsPerSecond: Double, bytesPerSecond: Double) -> Double {
    parts.reduce(0) {
      $0 + max($1.operations / operationsPerSecond, $1.bytes / bytesPerSecond)
    }
  }
}

extension BenchCost {
  /// Weights of all blocks' linear layers, and of the head.
  static func blockWeights(_ config: ModelConfig) -> Double {
    let layer = LinearKind.allCases.reduce(0) { $0 + $1.inputs(config) * $1.outputs(config) }
    return Double(layer * config.layerCount)
  }

  static func headWeights(_ config: ModelConfig) -> Double {
    Double(config.vocabularySize * config.hiddenSize)
  }

  /// Scores and sums of values for so many pairs of a query and a key it sees.
  private static func attention(_ config: ModelConfig, pairs: Double) -> Double {
    4 * pairs * Double(config.headCount * config.headSize * config.layerCount)
  }

  /// A forward pass over `count` new tokens behind `past` of one sequence.
  static func forward(_ config: ModelConfig, count: Int, past: Int = 0) -> Double {
    let pairs = Double(count) * (Double(past) + Double(count + 1) / 2)
    return 2 * blockWeights(config) * Double(count) + attention(config, pairs: pairs)
  }

  static func head(_ config: ModelConfig, rows: Int) -> Double {
    2 * headWeights(config) * Double(rows)
  }

  /// One decoding step of `sequences` with `context` tokens each.
  static func decoding(
    _ config: ModelConfig, sequences: Int, context: Int, bytesPerWeight: Double
  ) -> (operations: Double, bytes: Double) {
    let perToken = forward(config, count: 1, past: context) + head(config, rows: 1)
    let weights = (blockWeights(config) + headWeights(config)) * bytesPerWeight
    let keysAndValues =
      Double(2 * config.layerCount * config.kvHeadCount * config.headSize * context)
      * min(4, bytesPerWeight)
    return (perToken * Double(sequences), weights + keysAndValues * Double(sequences))
  }

  /// Forward and backward of a sequence: a frozen base needs its inputs' gradients only, half of
  /// what all parameters need.
  static func training(_ config: ModelConfig, tokens: Int, rows: Int, lora: LoRAConfig?) -> Double {
    let once = forward(config, count: tokens)
    let pairs = Double(tokens) * Double(tokens + 1) / 2
    let attention = attention(config, pairs: pairs)
    let head = head(config, rows: rows)
    guard let lora else { return 3 * (once + head) }
    let adapter = LinearKind.allCases.filter(lora.targets.contains).reduce(0) {
      $0 + lora.rank * ($1.inputs(config) + $1.outputs(config)) * config.layerCount
    }
    return 2 * (once + head) + attention + 6 * Double(adapter * tokens)
  }
}
