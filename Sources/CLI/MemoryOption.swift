internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO

/// A bound on a training run's memory.
struct MemoryOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Bound memory: passes hold as many tokens as fit (default: 2048 tokens a pass, 1024 where all parameters are trained).",
      valueName: "6G"))
  var memory: String?

  func validate() throws { _ = try bytes }

  private var bytes: Int? {
    get throws {
      guard let memory else { return nil }
      let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
      var text = memory.uppercased()[...]
      for suffix in ["IB", "B"] where text.hasSuffix(suffix) { text = text.dropLast(suffix.count) }
      let unit = text.last.flatMap { units[$0] }
      if unit != nil { text = text.dropLast() }
      guard let number = Double(text), number > 0, number < 1e6, let unit else {
        throw ValidationError("--memory is \"\(memory)\", expected a size such as 6G or 900M")
      }
      return Int(number * Double(unit))
    }
  }

  /// Tokens of one forward and backward pass.
  ///
  /// Throws one sentence if the budget leaves no room for a sequence worth the name.
  func microBatchTokens(_ plan: MemoryPlan, isFull: Bool) throws -> Int {
    guard let bytes = try bytes else {
      return TrainingConfiguration.passTokens(isFull: isFull)
    }
    let tokens = plan.tokens(within: bytes)
    let least = 256
    guard tokens >= least else {
      let needed = plan.budget(tokens: least)
      throw ValidationError(
        "--memory is \(memory ?? ""), but this model's weights, gradients and \(least) tokens need "
          + String(format: "%.1fG", Double(needed) / Double(1 << 30))
          + "; --recompute needs less")
    }
    return tokens
  }

  /// What generation's keys and values may take; nil leaves it to the engine.
  func cacheBytes(_ plan: MemoryPlan) throws -> Int? {
    try bytes.map { plan.cacheBytes(within: $0) }
  }
}
