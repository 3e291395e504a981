import Foundation
import LanguageModel
import SDPO
import Testing

/// Rows of logits that look like a language model's: a few likely tokens, many unlikely ones.
struct RandomRows {
  let vocabulary: Int
  let student: [Float]
  let teacher: [Float]
  let rows: [ActionRow]

  init(count: Int, vocabulary: Int, seed: UInt64, noise: Double = 1, scale: Double = 2) {
    var random = SplitMix64(seed: seed)
    func normal(_ random: inout SplitMix64) -> Double {
      var sum = -6.0
      for _ in 0..<12 { sum += random.unit() }
      return sum
    }
    self.vocabulary = vocabulary
    var student: [Float] = []
    var teacher: [Float] = []
    for _ in 0..<count * vocabulary {
      let logit = normal(&random) * scale
      student.append(Float(logit))
      teacher.append(Float(logit + normal(&random) * noise))
    }
    self.student = student
    self.teacher = teacher
    var rows: [ActionRow] = []
    for index in 0..<count {
      var row = ActionRow(
        token: TokenID(random.index(below: vocabulary)), weight: 1 / Float(count),
        rolloutLogprob: -2)
      row.advantage = Float(normal(&random))
      row.reward = index % 2 == 0 ? 1 : 0
      row.turn = Int32(index / 2)
      row.trajectory = Int32(index % 2)
      rows.append(row)
    }
    self.rows = rows
  }

  func evaluate(_ objective: Objective, student: [Float]? = nil, teacher: [Float]? = nil) throws
    -> Evaluation
  {
    try Evaluation(
      objective, rows: rows, student: student ?? self.student, teacher: teacher ?? self.teacher,
      vocabulary: vocabulary)
  }
}

private let alphas = [0.0, 0.25, 0.5, 0.9, 1.0]

@Suite struct DivergencePropertyTests {
  @Test(arguments: alphas, [nil, 1, 5, 39, 40] as [Int?])
  func sameDistributionsGiveExactlyZero(_ alpha: Double, _ k: Int?) throws {
    let rows = RandomRows(count: 4, vocabulary: 40, seed: 1)
    for tail in [true, false] {
      let objective = Objective(
        divergence: Divergence(alpha: alpha, topK: k, tail: tail), importanceCap: nil)
      let found = try rows.evaluate(objective, teacher: rows.student)
      #expect(found.loss == 0)
      #expect(found.gradient.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: alphas) func gradientsAreTheClosedForms(_ alpha: Double) throws {
    let rows = RandomRows(count: 1, vocabulary: 37, seed: 2)
    let objective = Objective(
      divergence: Divergence(alpha: alpha, topK: nil), importanceCap: nil)
    let found = try rows.evaluate(objective)
    let logP = ReferenceDivergence.logSoftmax(rows.student.map(Double.init))
    let logQ = ReferenceDivergence.logSoftmax(rows.teacher.map(Double.init))
    let logM = zip(logP, logQ).map { log((1 - alpha) * exp($0) + alpha * exp($1)) }
    let towards = alpha == 1 ? logQ : logM
    let kl = zip(logP, towards).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    let factor = alpha == 1 ? 1 : 1 - alpha
    let expected = logP.indices.map { i in
      alpha == 0
        ? exp(logP[i]) - exp(logQ[i]) : factor * exp(logP[i]) * (logP[i] - towards[i] - kl)
    }
    #expect(largestDifference(found.gradient, expected) < 1e-6)
  }

  @Test(arguments: alphas, [nil, 3, 30] as [Int?])
  func gradientsMatchFiniteDifferences(_ alpha: Double, _ k: Int?) throws {
    let rows = RandomRows(count: 1, vocabulary: 31, seed: 3)
    for (tail, temperature) in [(true, 0.7), (false, 1.6)] {
      let divergence = Divergence(alpha: alpha, topK: k, tail: tail)
      let found = try rows.evaluate(
        Objective(divergence: divergence, temperature: temperature, importanceCap: nil))
      let student = rows.student.map(Double.init)
      let teacher = rows.teacher.map(Double.init)
      let support = ReferenceDivergence.topK(k ?? 31, of: student)
      let value = { (moved: Int, by: Double) in
        var student = student
        student[moved] += by
        return ReferenceDivergence.value(
          divergence, student: student, teacher: teacher, temperature: temperature,
          support: support)
      }
      let expected = student.indices.map { (value($0, 1e-5) - value($0, -1e-5)) / 2e-5 }
      #expect(largestDifference(found.gradient, expected) < 2e-6)
    }
  }

  @Test(arguments: alphas) func aClampedTailIsAConstant(_ alpha: Double) throws {
    // Two tokens hold all but 1e−9 of the student's mass, and little of the teacher's.
    let student: [Float] = [22, 21, 0, 0.5, -1]
    let teacher: [Float] = [3, 2, 2.5, 0, 1]
    let divergence = Divergence(alpha: alpha, topK: 2)
    let found = try Evaluation(
      Objective(divergence: divergence, importanceCap: nil),
      rows: [ActionRow(token: 0, weight: 1, rolloutLogprob: 0)], student: student,
      teacher: teacher, vocabulary: 5)
    let value = { (moved: Int, by: Double) in
      var moving = student.map(Double.init)
      moving[moved] += by
      return ReferenceDivergence.value(
        divergence, student: moving, teacher: teacher.map(Double.init), temperature: 1,
        support: [0, 1])
    }
    let expected = (0..<5).map { (value($0, 1e-5) - value($0, -1e-5)) / 2e-5 }
    #expect(abs(found.loss - value(0, 0)) < 1e-6)
    #expect(largestDifference(found.gradient, expected) < 2e-6)
  }

  @Test(arguments: alphas) func theTailBoundsTheDivergenceFromBelow(_ alpha: Double) throws {
    let rows = RandomRows(count: 6, vocabulary: 50, seed: 4)
    let value = { (k: Int?) in
      try rows.evaluate(
        Objective(divergence: Divergence(alpha: alpha, topK: k), importanceCap: nil)
      ).statistics.map(\.divergence)
    }
    let exact = try value(nil)
    var before = [Double](repeating: 0, count: 6)
    for k in [1, 2, 4, 8, 16, 32, 49, 50] {
      let found = try value(k)
      for row in 0..<6 {
        #expect(found[row] >= before[row] - 1e-6)
        #expect(found[row] <= exact[row] + 1e-6)
      }
      before = found
    }
    #expect(zip(before, exact).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test(arguments: alphas, [nil, 20, 100] as [Int?])
  func aRealVocabularyMatchesTheDefinition(_ alpha: Double, _ k: Int?) throws {
    let rows = RandomRows(count: 2, vocabulary: 5003, seed: 5, noise: 0.5, scale: 3)
    let divergence = Divergence(alpha: alpha, topK: k)
    let found = try rows.evaluate(Objective(divergence: divergence, importanceCap: nil))
    for row in 0..<2 {
      let slice = row * 5003..<(row + 1) * 5003
      let student = rows.student[slice].map(Double.init)
      let expected = ReferenceDivergence.value(
        divergence, student: student, teacher: rows.teacher[slice].map(Double.init),
        temperature: 1)
      #expect(abs(found.statistics[row].divergence - expected) < 2e-6)
      let logP = ReferenceDivergence.logSoftmax(student)
      let entropy = -logP.reduce(0) { $0 + exp($1) * $1 }
      #expect(abs(found.statistics[row].entropy - entropy) < 1e-5)
      // A softmax's gradient sums to 0.
      #expect(abs(found.gradient[slice].reduce(0.0) { $0 + Double($1) }) < 1e-6)
    }
  }

  @Test func theTeacherIsOnlyRead() throws {
    let rows = RandomRows(count: 3, vocabulary: 64, seed: 6)
    var student = rows.student
    let teacher = rows.teacher
    _ = try student.withUnsafeMutableBufferPointer { student in
      try teacher.withUnsafeBufferPointer {
        try Objective().evaluate(rows: rows.rows, student: student, teacher: $0, vocabulary: 64)
      }
    }
    #expect(teacher == rows.teacher)
  }

  @Test func extremeLogitsStayFinite() throws {
    let student: [Float] = [300, -.infinity, 0, -1000, 299, 5, 5, 5]
    let teacher: [Float] = [-1000, 300, -.infinity, 0, 1, 5, 5, 5]
    for alpha in alphas {
      for k in [nil, 2, 7] as [Int?] {
        let found = try Evaluation(
          Objective(divergence: Divergence(alpha: alpha, topK: k)),
          rows: [ActionRow(token: 1, weight: 1, rolloutLogprob: -1)], student: student,
          teacher: teacher, vocabulary: 8)
        #expect(found.loss.isFinite)
        #expect(found.gradient.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test(arguments: [Float.nan, .infinity]) func badLogitsGiveANaNLossAndNoGradient(
    _ bad: Float
  ) throws {
    let rows = RandomRows(count: 3, vocabulary: 33, seed: 7)
    for position in [33, 50, 65] {
      var student = rows.student
      student[position] = bad
      var teacher = rows.teacher
      teacher[position] = bad
      for found in [
        try rows.evaluate(Objective(), student: student),
        try rows.evaluate(Objective(), teacher: teacher),
      ] {
        #expect(found.statistics[1].loss.isNaN)
        #expect(found.gradient[33..<66].allSatisfy { $0 == 0 })
        #expect(found.statistics[0].loss.isFinite && found.statistics[2].loss.isFinite)
      }
    }
  }

  @Test func aVectorExpAndLogAreAccurate() {
    for i in stride(from: -8600, through: 8600, by: 7) {
      let x = Float(i) / 100
      let e = VectorMath.exp(SIMD16(repeating: x))[3]
      #expect(abs(Double(e) / exp(Double(x)) - 1) < 3e-7)
      let l = VectorMath.log(SIMD16(repeating: e))[3]
      #expect(abs(Double(l) - log(Double(e))) < max(2e-7, abs(Double(x)) * 2e-7))
    }
    #expect(VectorMath.exp(SIMD16(repeating: 0)) == SIMD16(repeating: 1))
    #expect(VectorMath.log(SIMD16(repeating: 1)) == SIMD16(repeating: 0))
  }
}
