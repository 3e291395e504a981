import Foundation
import LanguageModel
import SDPO
import Testing

@Suite struct SignalTests {
  static let every: [Signal] = [
    .distill, .sampledToken, .grpo, .mix(lambda: 0.9), .route(threshold: 0.5),
    .modulate(lambda: 0.5), .expertIteration(threshold: 0.5), .crossEntropy,
  ]

  @Test func sampledTokenIsReverseKLInExpectation() throws {
    let v = 17
    let rows = RandomRows(count: 1, vocabulary: v, seed: 11)
    let exact = try rows.evaluate(
      Objective(divergence: Divergence(alpha: 1, topK: nil), importanceCap: nil))
    var expectation = [Double](repeating: 0, count: v)
    let logP = ReferenceDivergence.logSoftmax(rows.student.map(Double.init))
    for token in 0..<v {
      let found = try Evaluation(
        Objective(signal: .sampledToken, importanceCap: nil),
        rows: [ActionRow(token: TokenID(token), weight: 1, rolloutLogprob: 0)],
        student: rows.student, teacher: rows.teacher, vocabulary: v)
      for i in 0..<v { expectation[i] += exp(logP[token]) * Double(found.gradient[i]) }
    }
    #expect(largestDifference(exact.gradient, expectation) < 1e-6)
  }

  @Test func mixEndsAtItsParts() throws {
    let rows = RandomRows(count: 8, vocabulary: 60, seed: 12)
    let divergence = Divergence(alpha: 0.5, topK: 10)
    let run = { try rows.evaluate(Objective(signal: $0, divergence: divergence)) }
    let (grpo, distill) = (try run(.grpo), try run(.distill))
    let (one, zero) = (try run(.mix(lambda: 1)), try run(.mix(lambda: 0)))
    #expect(one.gradient == grpo.gradient && one.loss == grpo.loss)
    #expect(zero.gradient == distill.gradient && zero.loss == distill.loss)
    let half = try run(.mix(lambda: 0.3))
    let expected = zip(grpo.gradient, distill.gradient).map { 0.3 * Double($0) + 0.7 * Double($1) }
    #expect(largestDifference(half.gradient, expected) < 1e-6)
  }

  @Test(arguments: every) func maskedRowsContributeNothing(_ signal: Signal) throws {
    let rows = RandomRows(count: 6, vocabulary: 40, seed: 13)
    var masked = rows.rows
    for i in [1, 4] { masked[i].weight = 0 }
    var student = rows.student
    // Not even nonsense at a masked position may show.
    for i in 40..<80 { student[i] = .nan }
    let found = try Evaluation(
      Objective(signal: signal), rows: masked, student: student, teacher: rows.teacher,
      vocabulary: 40)
    let kept = [0, 2, 3, 5]
    let alone = try Evaluation(
      Objective(signal: signal), rows: kept.map { rows.rows[$0] },
      student: kept.flatMap { rows.student[$0 * 40..<($0 + 1) * 40] },
      teacher: kept.flatMap { rows.teacher[$0 * 40..<($0 + 1) * 40] }, vocabulary: 40)
    #expect(found.loss == alone.loss)
    #expect(found.statistics[1].excluded && found.statistics[4].excluded)
    for i in [1, 4] { #expect(found.gradient[i * 40..<(i + 1) * 40].allSatisfy { $0 == 0 }) }
    #expect(kept.flatMap { found.gradient[$0 * 40..<($0 + 1) * 40] } == alone.gradient)
  }

  @Test(arguments: [Signal.distill, .sampledToken]) func noTeacherNoDistillation(
    _ signal: Signal
  ) throws {
    let rows = RandomRows(count: 2, vocabulary: 40, seed: 14)
    var without = rows.rows
    without[0].hasTeacher = false
    let found = try Evaluation(
      Objective(signal: signal), rows: without, student: rows.student, teacher: rows.teacher,
      vocabulary: 40)
    #expect(found.statistics[0].loss == 0 && found.statistics[0].teacherLogprob == nil)
    #expect(found.gradient[..<40].allSatisfy { $0 == 0 })
    #expect(found.gradient[40...].contains { $0 != 0 })
    let none = try Evaluation(
      Objective(signal: signal), rows: rows.rows, student: rows.student, teacher: nil,
      vocabulary: 40)
    #expect(none.loss == 0 && none.gradient.allSatisfy { $0 == 0 })
  }

  @Test(arguments: every) func microBatchesDoNotMatter(_ signal: Signal) throws {
    let rows = RandomRows(count: 9, vocabulary: 50, seed: 15)
    let objective = Objective(signal: signal, divergence: Divergence(alpha: 0.5, topK: 10))
    let whole = try rows.evaluate(objective)
    for size in [1, 2, 4] {
      var gradient: [Float] = []
      var statistics: [RowStatistics] = []
      for first in stride(from: 0, to: 9, by: size) {
        let range = first..<min(9, first + size)
        let part = try Evaluation(
          objective, rows: Array(rows.rows[range]),
          student: Array(rows.student[range.lowerBound * 50..<range.upperBound * 50]),
          teacher: Array(rows.teacher[range.lowerBound * 50..<range.upperBound * 50]),
          vocabulary: 50)
        gradient += part.gradient
        statistics += part.statistics
      }
      #expect(gradient == whole.gradient)
      #expect(statistics == whole.statistics)
    }
  }

  @Test func crossEntropyIsCrossEntropy() throws {
    let rows = RandomRows(count: 3, vocabulary: 45, seed: 16)
    let found = try rows.evaluate(.crossEntropy)
    var loss = 0.0
    var expected: [Double] = []
    for r in 0..<3 {
      let logP = ReferenceDivergence.logSoftmax(
        rows.student[r * 45..<(r + 1) * 45].map(Double.init))
      loss -= logP[Int(rows.rows[r].token)] / 3
      expected += logP.indices.map { (exp(logP[$0]) - ($0 == Int(rows.rows[r].token) ? 1 : 0)) / 3 }
    }
    #expect(abs(found.loss - loss) < 1e-6)
    #expect(largestDifference(found.gradient, expected) < 1e-6)
    let expert = try rows.evaluate(Objective(signal: .expertIteration(threshold: 0.5)))
    #expect(expert.gradient[..<45] == found.gradient[..<45])
    #expect(expert.gradient[45..<90].allSatisfy { $0 == 0 })
  }

  @Test func routeSendsFailuresToDistillation() throws {
    let rows = RandomRows(count: 2, vocabulary: 45, seed: 17)
    let objective = { Objective(signal: $0, importanceCap: nil) }
    let routed = try rows.evaluate(objective(.route(threshold: 0.5)))
    let grpo = try rows.evaluate(objective(.grpo))
    let distill = try rows.evaluate(objective(.distill))
    #expect(routed.gradient[..<45] == grpo.gradient[..<45])
    let confidence = exp(-distill.statistics[1].teacherEntropy!)
    #expect(
      largestDifference(
        routed.gradient[45...], distill.gradient[45...].map { confidence * Double($0) })
        < 1e-7)
  }

  @Test func measuringSeesTheSameAndWritesNothing() throws {
    let rows = RandomRows(count: 3, vocabulary: 45, seed: 18)
    let measured = try rows.student.withUnsafeBufferPointer { student in
      try rows.teacher.withUnsafeBufferPointer {
        try Objective().measure(
          rows: rows.rows, student: student, teacher: $0, vocabulary: 45)
      }
    }
    let evaluated = try rows.evaluate(Objective()).statistics
    #expect(measured.map(\.gap) == evaluated.map(\.gap))
    #expect(measured.map(\.entropy) == evaluated.map(\.entropy))
  }

  @Test func importanceRatiosAreCapped() throws {
    var row = ActionRow(token: 0, weight: 1, rolloutLogprob: -30, oldLogprob: -0.1)
    let run = {
      try Evaluation(
        Objective(divergence: Divergence(alpha: 1, topK: 20)), rows: [$0], student: [0, 0],
        teacher: [1, 0], vocabulary: 2
      ).statistics[0]
    }
    let capped = try run(row)
    #expect(capped.capped)
    #expect(abs(capped.importanceWeight - 2 * exp(log(0.5) + 0.1)) < 1e-6)
    row.oldLogprob = nil
    row.rolloutLogprob = Float(log(0.5))
    let onPolicy = try run(row)
    #expect(!onPolicy.capped && abs(onPolicy.importanceWeight - 1) < 1e-6)
  }

  @Test func namesAreReadAndWritten() throws {
    for signal in Self.every {
      #expect(try Signal(parsing: signal.description) == signal)
      let objective = Objective(signal: signal, divergence: Divergence(alpha: 1, topK: 20))
      let data = try JSONEncoder().encode(objective)
      #expect(try JSONDecoder().decode(Objective.self, from: data) == objective)
      #expect(String(decoding: data, as: UTF8.self).contains("\"\(signal)\""))
    }
    for teacher in ["ema(0.05)", "trust-region(0.01)", "frozen", "current", "snapshot(10)"] {
      #expect(try TeacherKind(parsing: teacher).description == teacher)
    }
    for bad in ["", "mix(2.0)", "mix(x)", "mix(0.5", "distill(1)", "sdpo", "route(nan)"] {
      #expect(throws: SignalError.self) { try Signal(parsing: bad) }
    }
    for bad in ["ema(1.5)", "ema(-1)", "snapshot(0)", "snapshot(1.5)", "frozen(1)", "polyak"] {
      #expect(throws: SignalError.self) { try TeacherKind(parsing: bad) }
    }
  }

  @Test func buffersOfTheWrongSizeAreRefused() throws {
    let row = ActionRow(token: 7, weight: 1, rolloutLogprob: 0)
    #expect(throws: SignalError.self) {
      try Evaluation(Objective(), rows: [row], student: [1, 2, 3], teacher: nil, vocabulary: 4)
    }
    #expect(throws: SignalError("token 7 lies outside the vocabulary of 4")) {
      try Evaluation(
        Objective(), rows: [row], student: [1, 2, 3, 4], teacher: nil, vocabulary: 4)
    }
    #expect(throws: SignalError.self) {
      try Evaluation(
        Objective(temperature: 0), rows: [], student: [], teacher: nil, vocabulary: 4)
    }
  }
}
