import Foundation
import SDPO
import Testing

@Suite struct TurnModulationTests {
  /// One token a turn; gaps[trajectory][turn].
  private func gaps(_ values: [[Double]]) -> TurnGaps {
    var gaps = TurnGaps()
    for (trajectory, turns) in values.enumerated() {
      for (turn, value) in turns.enumerated() {
        var statistics = RowStatistics()
        statistics.studentLogprob = -1
        statistics.teacherLogprob = -1 + value
        let row = ActionRow(
          token: 0, weight: 1, rolloutLogprob: -1, turn: Int32(turn), trajectory: Int32(trajectory))
        gaps.add([row, row], [statistics, statistics])
      }
    }
    return gaps
  }

  @Test func hindsightScalesWhatRewardDirects() {
    let found = TurnModulation(lambda: 0.5).advantages(
      gaps: [gaps([[2, 0], [0, -2]])], advantages: [0: 0.5, 1: -0.5])
    let z = 2.0.squareRoot()
    let up = 0.5 * (0.5 + 0.5 * (1 + 0.5 * tanh(z)))
    #expect(abs(found[TurnKey(trajectory: 0, turn: 0)]! - up) < 1e-12)
    #expect(abs(found[TurnKey(trajectory: 0, turn: 1)]! - 0.5) < 1e-12)
    #expect(abs(found[TurnKey(trajectory: 1, turn: 0)]! + 0.5) < 1e-12)
    #expect(abs(found[TurnKey(trajectory: 1, turn: 1)]! + up) < 1e-12)
  }

  @Test func withoutLambdaOrDifferenceNothingChanges() {
    let advantages: [Int32: Double] = [0: 0.5, 1: -0.5]
    let plain = TurnModulation(lambda: 0).advantages(
      gaps: [gaps([[2, 0], [0, -2]])], advantages: advantages)
    let flat = TurnModulation().advantages(gaps: [gaps([[1, 1], [1]])], advantages: advantages)
    for (key, value) in plain { #expect(value == advantages[key.trajectory]) }
    for (key, value) in flat { #expect(value == advantages[key.trajectory]) }
  }

  @Test func anotherGroupHasNoSay() {
    let modulation = TurnModulation()
    let alone = modulation.advantages(gaps: [gaps([[2, 0]])], advantages: [0: 1])
    let beside = modulation.advantages(gaps: [gaps([[2, 0], [90, -7]])], advantages: [0: 1])
    #expect(alone == beside)
  }

  @Test func lookaheadsVote() {
    let one = gaps([[1, -1]])
    let other = gaps([[-1, 1]])
    let modulation = TurnModulation(lambda: 1)
    let majority = modulation.advantages(gaps: [one, one, other], advantages: [0: 1])
    #expect(majority == modulation.advantages(gaps: [one], advantages: [0: 1]))
    let tie = modulation.advantages(gaps: [one, other], advantages: [0: 1])
    #expect(tie.values.allSatisfy { $0 == 1 })
  }

  @Test func theControlPermutesTheSameWeights() {
    let values = gaps([[3, 1, 0, -2], [1, 4, -1, 0]])
    let straight = TurnModulation(lambda: 1)
    let random = TurnModulation(lambda: 1, permutesWeights: true)
    let advantages: [Int32: Double] = [0: 1, 1: 1]
    let a = straight.advantages(gaps: [values], advantages: advantages)
    let b = random.advantages(gaps: [values], advantages: advantages, seed: 5)
    #expect(a.values.sorted() == b.values.sorted())
    #expect(a != b)
    #expect(b == random.advantages(gaps: [values], advantages: advantages, seed: 5))
  }

  @Test func theLargestTurnsAreSelected() {
    let values = gaps([[1, -5, 2], [3, 3], [0]])
    let found = TurnSelection.largest(1).selected(from: values)
    #expect(
      found == [
        TurnKey(trajectory: 0, turn: 1), TurnKey(trajectory: 1, turn: 0),
        TurnKey(trajectory: 2, turn: 0),
      ])
    #expect(TurnSelection.all.selected(from: values) == nil)
  }

  @Test func advantagesLeaveFailuresOfTheMachineOut() {
    #expect(Advantages.group([1, nil, 0]) == [0.5, nil, -0.5])
    #expect(Advantages.group([nil, nil]) == [nil, nil])
    #expect(Advantages.group([1], dividingByDeviation: true) == [0])
  }

  @Test(arguments: [0.0, 0.05, 0.5, 1.0]) func teachersBlend(_ rate: Double) throws {
    let student = (0..<1000).map { Float($0) * 0.37 }
    let before = (0..<1000).map { Float(1000 - $0) * 0.11 }
    var teacher = before
    teacher.withUnsafeMutableBufferPointer { teacher in
      student.withUnsafeBufferPointer { TeacherMath.blend(teacher, toward: $0, rate: rate) }
    }
    if rate == 0 { #expect(teacher == before) }
    if rate == 1 { #expect(teacher == student) }
    for i in 0..<1000 {
      let expected = (1 - rate) * Double(before[i]) + rate * Double(student[i])
      #expect(abs(Double(teacher[i]) - expected) < 1e-4)
    }
  }

  @Test func teachersFollowAsTheyAreNamed() throws {
    #expect(TeacherKind.frozen.follow(step: 3) == .keep)
    #expect(TeacherKind.current.follow(step: 3) == .copy)
    #expect(TeacherKind.ema(rate: 0.1).follow(step: 3) == .blend(rate: 0.1))
    #expect(
      (1...4).map { TeacherKind.snapshot(steps: 2).follow(step: $0) } == [
        .keep, .copy, .keep, .copy,
      ])
  }
}
