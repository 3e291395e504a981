internal import ArgumentParser
internal import LanguageModel

/// The kinds of work that are measured, in the sizes that `Benchmarks/anchors/sizes.py` has too.
enum BenchWork: String, CaseIterable, ExpressibleByArgument {
  case prefill
  case decode1 = "decode-1"
  case decode8 = "decode-8"
  case decode32 = "decode-32"
  case lora, full, head, sdpo
  case sdpoGroup = "sdpo-group"
  case step

  var summary: String {
    switch self {
    case .prefill: "prefill of \(BenchSize.prefill) tokens"
    case .decode1: "decode, 1 sequence at \(BenchSize.context) tokens"
    case .decode8: "decode, 8 sequences at \(BenchSize.context) tokens"
    case .decode32: "decode, 32 sequences at \(BenchSize.context) tokens"
    case .lora: "LoRA step, \(BenchSize.batch) × \(BenchSize.length), rank \(BenchSize.rank)"
    case .full: "full step, \(BenchSize.batch) × \(BenchSize.length)"
    case .head: "distillation head, \(BenchSize.batch * BenchSize.completion) positions"
    case .sdpo: "SDPO step, \(BenchSize.batch) × \(BenchSize.length), all parameters"
    case .sdpoGroup:
      "SDPO step, a group of \(BenchSize.batch) × \(BenchSize.length), all parameters"
    case .step:
      "whole step, \(BenchSize.tasks) × \(BenchSize.group) episodes of \(BenchSize.episode) tokens"
    }
  }

  /// What is measured when nothing is chosen: with a large model, all but what needs its gradients
  /// and moments in memory.
  static func standard(_ config: ModelConfig) -> [BenchWork] {
    let isLarge = BenchCost.blockWeights(config) > 3e8
    return isLarge ? [.prefill, .decode1, .decode8, .lora] : allCases
  }
}

enum BenchSize {
  static let prefill = 512
  /// Decoding: tokens of context, and tokens more to decode.
  static let context = 256
  static let decoded = 64
  /// A training step.
  static let batch = 8
  static let length = 512
  static let rank = 16
  /// The teacher's context is longer by a hint; the loss stands on a sequence's last tokens.
  static let hint = 88
  static let completion = 256
  /// A whole step. An episode: an opening that its group shares, then turns of sampled tokens with
  /// an observation between two of them.
  static let tasks = 4
  static let group = 8
  static let turns = 4
  static let opening = 152
  static let action = 30
  static let observation = 26
  static let episode = opening + turns * action + (turns - 1) * observation
}
