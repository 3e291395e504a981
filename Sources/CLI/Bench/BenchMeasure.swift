internal import Foundation
internal import LanguageModel
internal import SDPO

/// What one work took.
struct BenchResult: Sendable {
  var work: String
  /// Tokens that a repetition processes: what the rate counts.
  var tokens: Int
  /// Wall time of each repetition after the first, which only warms up.
  var seconds: [Double]
  /// Processors that the process had meanwhile: below the machine's number, others disturbed it.
  var processors: Double
  var cost: BenchCost
  /// The process's largest resident size so far, in bytes.
  var peakBytes: Int
  /// Seconds of the parts of the last repetition, if it has parts.
  var phases: [String: Double] = [:]

  var median: Double { Self.median(seconds) }
  var tokensPerSecond: Double { Double(tokens) / median }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard let middle = sorted.indices.dropFirst(sorted.count / 2).first else { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// Times something `repetitions` times after one to warm up.
struct BenchClock {
  let repetitions: Int

  /// - body: returns the seconds of its parts.
  func measure(
    _ work: String, tokens: Int, cost: BenchCost, _ body: () async throws -> [String: Double]
  ) async throws -> BenchResult {
    _ = try await body()
    var seconds: [Double] = []
    var processors: [Double] = []
    var phases: [String: Double] = [:]
    for _ in 0..<repetitions {
      try Task.checkCancellation()
      let (used, start) = (Self.processorSeconds, ContinuousClock.now)
      phases = try await body()
      let time = (ContinuousClock.now - start) / .seconds(1)
      seconds.append(time)
      processors.append((Self.processorSeconds - used) / time)
    }
    return BenchResult(
      work: work, tokens: tokens, seconds: seconds, processors: BenchResult.median(processors),
      cost: cost, peakBytes: ProcessMemory.peakBytes, phases: phases)
  }

  /// What the process's threads have used so far.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
