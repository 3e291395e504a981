import Foundation
import LanguageModel

/// A signal with everything that shapes it: a pure function from a chunk of logits to a loss and
/// its gradient at the student's logits.
public struct Objective: Sendable, Codable, Equatable {
  public var signal: Signal
  public var divergence: Divergence
  /// The rollout's temperature; both sides' logits are divided by it.
  public var temperature: Double
  /// Cap of the detached importance weights π/π_old (distillation) and π_old/π_rollout (all
  /// signals but cross-entropy); nil turns both off.
  public var importanceCap: Double?
  /// The policy-gradient ratio π/π_old is clipped to 1 − clipLow … 1 + clipHigh.
  public var clipLow: Double
  public var clipHigh: Double

  public init(
    signal: Signal = .distill, divergence: Divergence = .jensenShannon, temperature: Double = 1,
    importanceCap: Double? = 2, clipLow: Double = 0.2, clipHigh: Double = 0.28
  ) {
    self.signal = signal
    self.divergence = divergence
    self.temperature = temperature
    self.importanceCap = importanceCap
    self.clipLow = clipLow
    self.clipHigh = clipHigh
  }

  /// Supervised cross-entropy at temperature 1.
  public static let crossEntropy = Objective(signal: .crossEntropy, importanceCap: nil)

  public func validate() throws(SignalError) {
    try signal.validate()
    try divergence.validate()
    guard temperature > 0, temperature.isFinite else {
      throw SignalError("the temperature is \(temperature); it must be positive")
    }
    if let importanceCap, !(importanceCap > 0) {
      throw SignalError("the importance weight's cap is \(importanceCap); it must be positive")
    }
    guard clipLow >= 0, clipLow <= 1, clipHigh >= 0 else {
      throw SignalError("clip range \(clipLow), \(clipHigh): expected 0 ≤ low ≤ 1 and 0 ≤ high")
    }
  }

  /// Loss, statistics and gradient of a chunk of R action positions.
  ///
  /// - rows: [R].
  /// - student: [R, V] logits; overwritten by ∂loss/∂logits, rows' weights included.
  /// - teacher: [R, V] logits in the hindsight context, or nil if no row has any. Only read: no
  ///   gradient is taken to it. Rows with `hasTeacher` false may hold anything.
  ///
  /// Rows are independent: a batch may be cut into chunks anywhere without changing a bit.
  public func evaluate(
    rows: [ActionRow], student: UnsafeMutableBufferPointer<Float>,
    teacher: UnsafeBufferPointer<Float>?, vocabulary: Int
  ) throws(SignalError) -> [RowStatistics] {
    try check(rows, UnsafeBufferPointer(student), teacher, vocabulary)
    return run(rows, vocabulary) { kernel, r in
      let offset = r * vocabulary
      return kernel.evaluate(
        rows[r], student.baseAddress! + offset, teacher?.baseAddress.map { $0 + offset })
    }
  }

  /// The same statistics without a gradient: no buffer is written. For a first pass that gathers
  /// `TurnGaps`, and for measuring a teacher before training.
  public func measure(
    rows: [ActionRow], student: UnsafeBufferPointer<Float>, teacher: UnsafeBufferPointer<Float>?,
    vocabulary: Int
  ) throws(SignalError) -> [RowStatistics] {
    try check(rows, student, teacher, vocabulary)
    return run(rows, vocabulary) { kernel, r in
      let offset = r * vocabulary
      return kernel.measure(
        rows[r], student.baseAddress! + offset, teacher?.baseAddress.map { $0 + offset }
      ).statistics
    }
  }

  private func run(
    _ rows: [ActionRow], _ vocabulary: Int, _ body: (inout RowKernel, Int) -> RowStatistics
  ) -> [RowStatistics] {
    var statistics = [RowStatistics](repeating: RowStatistics(), count: rows.count)
    statistics.withUnsafeMutableBufferPointer { out in
      let out = out
      parallelRows(rows.count) { range in
        var kernel = RowKernel(self, vocabulary: vocabulary)
        for r in range { out[r] = body(&kernel, r) }
      }
    }
    return statistics
  }

  private func check(
    _ rows: [ActionRow], _ student: UnsafeBufferPointer<Float>,
    _ teacher: UnsafeBufferPointer<Float>?, _ vocabulary: Int
  ) throws(SignalError) {
    try validate()
    guard vocabulary > 0, student.count == rows.count * vocabulary else {
      throw SignalError(
        "\(student.count) student logits for \(rows.count) rows of a vocabulary of \(vocabulary)")
    }
    if let teacher, teacher.count != student.count {
      throw SignalError("\(teacher.count) teacher logits beside \(student.count) of the student")
    }
    for row in rows where row.weight != 0 {
      guard row.token >= 0, row.token < vocabulary else {
        throw SignalError("token \(row.token) lies outside the vocabulary of \(vocabulary)")
      }
    }
  }
}
