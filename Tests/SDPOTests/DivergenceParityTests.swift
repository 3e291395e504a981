import Foundation
import SDPO
import Testing

@Suite struct DivergenceParityTests {
  @Test(arguments: try Reference.cases())
  func matchesPyTorch(_ reference: Reference.Case) throws {
    let inputs = try Reference.Inputs()
    let expected = try Reference.tensors(reference.name)
    let objective = Objective(
      divergence: reference.divergence, temperature: reference.temperature,
      importanceCap: reference.cap)
    let found = try Evaluation(
      objective, rows: inputs.rows(), student: inputs.student.map(Float.init),
      teacher: inputs.teacher.map(Float.init), vocabulary: Reference.vocabulary)
    #expect(abs(found.loss - expected["loss"]![0]) < 1e-6)
    #expect(largestDifference(found.gradient, expected["student_grad"]!) < 1e-6)
    for (i, row) in found.statistics.enumerated() where inputs.mask[i] > 0 {
      #expect(abs(row.divergence - expected["divergence"]![i]) < 1e-6)
      #expect(abs(row.importanceWeight - expected["weight"]![i]) < 1e-6)
    }
  }

  @Test(arguments: try Reference.cases())
  func theNaiveKernelMatchesPyTorch(_ reference: Reference.Case) throws {
    let inputs = try Reference.Inputs()
    let expected = try Reference.tensors(reference.name)["divergence"]!
    for row in inputs.mask.indices {
      let slice = row * Reference.vocabulary..<(row + 1) * Reference.vocabulary
      let value = ReferenceDivergence.value(
        reference.divergence, student: Array(inputs.student[slice]),
        teacher: Array(inputs.teacher[slice]), temperature: reference.temperature)
      #expect(abs(value - expected[row]) < 1e-12)
    }
  }

  @Test func sampledTokenMatchesPyTorch() throws {
    let inputs = try Reference.Inputs()
    let expected = try Reference.tensors("sampled_token")
    let found = try Evaluation(
      Objective(signal: .sampledToken, importanceCap: nil), rows: inputs.rows(),
      student: inputs.student.map(Float.init), teacher: inputs.teacher.map(Float.init),
      vocabulary: Reference.vocabulary)
    #expect(abs(found.loss - expected["loss"]![0]) < 1e-6)
    #expect(largestDifference(found.gradient, expected["student_grad"]!) < 1e-6)
    for (i, row) in found.statistics.enumerated() where inputs.mask[i] > 0 {
      #expect(abs(-row.gap! - expected["coefficient"]![i]) < 2e-6)
    }
  }

  @Test func clippedPolicyGradientMatchesPyTorch() throws {
    let inputs = try Reference.Inputs()
    let expected = try Reference.tensors("grpo_clipped")
    let found = try Evaluation(
      Objective(signal: .grpo), rows: inputs.rows(advantages: expected["advantage"]!),
      student: inputs.student.map(Float.init), teacher: nil, vocabulary: Reference.vocabulary)
    #expect(abs(found.loss - expected["loss"]![0]) < 1e-6)
    #expect(largestDifference(found.gradient, expected["student_grad"]!) < 1e-6)
    let total = inputs.mask.reduce(0, +)
    for (i, row) in found.statistics.enumerated() where inputs.mask[i] > 0 {
      #expect(abs(row.loss * total - expected["per_token"]![i]) < 2e-6)
    }
  }

  @Test func groupAdvantagesMatchPyTorch() throws {
    let expected = try Reference.tensors("grpo_advantages")
    let rewards = expected["rewards"]!
    for first in stride(from: 0, to: rewards.count, by: 4) {
      let group = rewards[first..<first + 4].map { Optional($0) }
      for (flag, name) in [(false, "mean_only"), (true, "mean_std")] {
        let found = Advantages.group(group, dividingByDeviation: flag)
        for i in 0..<4 { #expect(abs(found[i]! - expected[name]![first + i]) < 1e-12) }
      }
    }
  }

  @Test(arguments: ["0.0", "0.01", "0.5", "1.0"])
  func trustRegionMatchesPyTorch(_ rate: String) throws {
    let inputs = try Reference.Inputs()
    let expected = try Reference.tensors("trust_region_\(rate)")["logprobs"]!
    var teacher = inputs.student.map(Float.init)
    let current = inputs.teacher.map(Float.init)
    let kind = try TeacherKind(parsing: "trust-region(\(rate))")
    guard case .trustRegion(let value) = kind else {
      Issue.record("parsed as \(kind)")
      return
    }
    teacher.withUnsafeMutableBufferPointer { reference in
      current.withUnsafeBufferPointer {
        TeacherMath.trustRegion(reference: reference, current: $0, rate: value)
      }
    }
    for first in stride(from: 0, to: teacher.count, by: Reference.vocabulary) {
      let row = ReferenceDivergence.logSoftmax(
        teacher[first..<first + Reference.vocabulary].map(Double.init))
      for (i, value) in row.enumerated() { #expect(abs(value - expected[first + i]) < 1e-6) }
    }
  }
}
