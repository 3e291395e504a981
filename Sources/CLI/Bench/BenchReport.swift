internal import Foundation
internal import LanguageModel

/// What `bench` found, for people and for programs.
struct BenchReport {
  let subject: String
  let precision: Precision
  let peaks: MachinePeaks
  var results: [BenchResult] = []

  /// "AMD EPYC 9B45", or what kind of machine it is where the kernel doesn't say.
  static var processorName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    guard let name = line?.split(separator: ":").dropFirst().first else { return "unknown" }
    return name.trimmingCharacters(in: .whitespaces)
  }

  private static var date: String { Date().formatted(.iso8601.year().month().day()) }

  var heading: String {
    let kinds = [("fp32", peaks.fp32), ("bf16", peaks.bf16), ("8-bit", peaks.int8)]
    let products = kinds.compactMap { name, peak in
      peak.map { "\(name) " + String(format: "%.0f GFLOP/s, ", $0 / 1e9) }
    }
    let rate = products.joined() + String(format: "reading %.1f GB/s", peaks.bandwidth / 1e9)
    return """
      \(subject), \(precision.rawValue), \(Self.date)
      \(Self.processorName), \(computeThreads) processors; measured peaks: \(rate)
      """
  }

  /// A row of the table; `columns` line up.
  static let columns = Self.row(
    "work", "tok/s", "seconds", "GFLOP/s", "of limit", "processors", "peak GB")

  func line(_ result: BenchResult) -> String {
    let rate = result.cost.operations / result.median / 1e9
    return Self.row(
      BenchWork(rawValue: result.work)?.summary ?? result.work,
      String(format: "%.1f", result.tokensPerSecond), String(format: "%.3f", result.median),
      String(format: "%.0f", rate), String(format: "%.0f %%", 100 * fraction(result)),
      String(format: "%.1f", result.processors), String(format: "%.2f", gigabytes(result)))
  }

  private func gigabytes(_ result: BenchResult) -> Double { Double(result.peakBytes) / 1e9 }

  private static func row(_ first: String, _ others: String...) -> String {
    func pad(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    return first + String(repeating: " ", count: max(1, 46 - first.count))
      + others.map { pad($0, 11) }.joined()
  }

  private func limit(_ result: BenchResult) -> Double {
    result.cost.limit(
      operationsPerSecond: peaks.operationsPerSecond(precision), bytesPerSecond: peaks.bandwidth)
  }

  /// Of what the measured peaks would allow.
  private func fraction(_ result: BenchResult) -> Double { limit(result) / result.median }

  private struct File: Encodable {
    var date: String
    var processor: String
    var processors: Int
    var model: String
    var precision: String
    var peaks: MachinePeaks
    var results: [Row]

    struct Row: Encodable {
      var work: String
      var tokens: Int
      var seconds: [Double]
      var tokensPerSecond: Double
      var operations: Double
      var bytes: Double
      var limitSeconds: Double
      var fractionOfLimit: Double
      var processors: Double
      var peakBytes: Int
      var phases: [String: Double]?
    }
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try encoder.encode(
      File(
        date: Self.date, processor: Self.processorName, processors: computeThreads,
        model: subject, precision: precision.rawValue, peaks: peaks,
        results: results.map { result in
          File.Row(
            work: result.work, tokens: result.tokens, seconds: result.seconds,
            tokensPerSecond: result.tokensPerSecond, operations: result.cost.operations,
            bytes: result.cost.bytes, limitSeconds: limit(result),
            fractionOfLimit: fraction(result), processors: result.processors,
            peakBytes: result.peakBytes, phases: result.phases.isEmpty ? nil : result.phases)
        })) + Data("\n".utf8)
  }
}
