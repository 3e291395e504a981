internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time prefill, decoding and training on this machine, beside its limits.",
    discussion: """
      First the machine's peaks are measured: products of matrices, and reading memory with all \
      processors. Every figure is then also given as a share of the time that no program could \
      beat at those peaks. Figures are medians; the first repetition only warms up.

        hindsight bench --only prefill decode-1

      "processors" says how many the process had: fewer than the machine has means that others \
      disturbed it. Peak memory is the process's so far, so give --only one name to learn that \
      work's own. --precision quantized is for prefill and decoding. --lengths times prefill and a \
      LoRA step over contexts of several lengths instead; Benchmarks/plot.py draws them. --shape \
      measures random weights in a published shape.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "Random weights in this shape instead of a model: qwen2.5-0.5b or qwen2.5-1.5b.")
  var shape: BenchShape?

  @OptionGroup var precision: PrecisionOption

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What to measure; everything that fits without it: "
        + BenchWork.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "name"))
  var only: [BenchWork] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Time contexts of these many tokens instead.", valueName: "tokens"))
  var lengths: [Int] = []

  @Option(help: "How often each work is timed.")
  var repetitions = 5

  @Option(help: ArgumentHelp("Write the figures to this file too.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard (1...1000).contains(repetitions) else {
      throw ValidationError("--repetitions must be from 1 to 1000.")
    }
    guard lengths.allSatisfy({ (2...1 << 20).contains($0) }) else {
      throw ValidationError("--lengths must be from 2 to 1048576 tokens.")
    }
    guard lengths.isEmpty || only.isEmpty else {
      throw ValidationError("--lengths and --only can't be combined.")
    }
  }

  func run() async throws {
    let command = self
    try await cancellingOnInterrupt { try await command.measure() }
  }

  private func measure() async throws {
    try OutputFile.check(json, option: "--json")
    if shape == nil { _ = try ModelFiles.find(model.model) }
    let peaks = MachinePeaks.measure()
    // The yardsticks' memory is no part of the work.
    ProcessMemory.resetPeak()
    let subject = try makeSubject()
    let longest = lengths.max() ?? BenchSize.length + BenchSize.hint
    guard longest <= subject.config.contextLength else {
      throw ValidationError(
        "\(longest) tokens are more than the model's context of \(subject.config.contextLength):"
          + " give --lengths.")
    }
    var report = BenchReport(subject: subject.name, precision: subject.precision, peaks: peaks)
    print(report.heading)
    print(BenchReport.columns)
    for work in works(subject) {
      let result = try await work()
      print(report.line(result))
      report.results.append(result)
    }
    if let json { try report.json().write(to: URL(filePath: json), options: .atomic) }
  }

  private func makeSubject() throws -> BenchSubject {
    let generates =
      lengths.isEmpty && !only.isEmpty
      && Set(only).isSubset(of: [.prefill, .decode1, .decode8, .decode32])
    let precision =
      try generates && shape == nil ? precision.resolvedForInference : precision.resolved
    func trainsAll(_ works: [BenchWork]) -> Bool {
      lengths.isEmpty && !Set(works).isDisjoint(with: [.full, .sdpo, .sdpoGroup])
    }
    if let shape {
      let works = only.isEmpty ? BenchWork.standard(shape.config) : only
      return BenchSubject(
        name: "\(shape.rawValue), random weights", config: shape.config, precision: precision,
        trainable: trainsAll(works))
    }
    let works = only.isEmpty ? BenchWork.allCases : only
    return try BenchSubject(
      model: model.model, precision: precision, trainable: trainsAll(works))
  }

  /// What was asked for, a function each: buffers of one are gone before the next begins.
  private func works(_ subject: BenchSubject) -> [() async throws -> BenchResult] {
    let clock = BenchClock(repetitions: repetitions)
    let generation = GenerationBench(subject: subject, clock: clock)
    let training = TrainingBench(subject: subject, clock: clock)
    if !lengths.isEmpty {
      return lengths.flatMap { length -> [() async throws -> BenchResult] in
        [
          { try await generation.prefill(length).named("prefill of \(length)") },
          {
            try await training.supervised(.lora, batch: 1, length: length)
              .named("LoRA step of 1 × \(length)")
          },
        ]
      }
    }
    return (only.isEmpty ? BenchWork.standard(subject.config) : only).map { work in
      switch work {
      case .prefill: { try await generation.prefill() }
      case .decode1: { try await generation.decode(work, sequences: 1) }
      case .decode8: { try await generation.decode(work, sequences: 8) }
      case .decode32: { try await generation.decode(work, sequences: 32) }
      case .lora, .full: { try await training.supervised(work) }
      case .head: { try await training.head() }
      case .sdpo: { try await training.sdpo(opening: 0) }
      case .sdpoGroup: { try await training.sdpo(opening: BenchSize.length - BenchSize.completion) }
      case .step: { try await WholeStepBench(training: training).run() }
      }
    }
  }
}

extension BenchResult {
  fileprivate func named(_ name: String) -> BenchResult {
    var copy = self
    copy.work = name
    return copy
  }
}
