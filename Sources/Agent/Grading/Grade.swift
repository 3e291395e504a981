/// What the hidden tests say about a trajectory's final diff.
public struct Grade: Sendable, Codable, Equatable {
  /// From 0 to 1, or nil exactly if ``infrastructureFailure`` is set: such a grade is dropped and counted,
  /// never scored 0. Otherwise 1 if ``resolved``, and else ``PartialCredit``'s share, which is 0 by default.
  public var reward: Double?
  /// Every FAIL_TO_PASS and PASS_TO_PASS test passes, and the report is valid.
  public var resolved: Bool
  /// All tests that were listed or ran, FAIL_TO_PASS first, then PASS_TO_PASS, then others by id.
  public var tests: [TestResult]
  /// Share of FAIL_TO_PASS that passes, 0…1; 0 if there are none.
  public var failToPass: Double
  /// Share of PASS_TO_PASS that passes, 0…1; 1 if there are none.
  public var passToPass: Double
  /// Protected paths that the diff touched, sorted; these changes were left out.
  public var protectedPathsTouched: [String]
  /// Why the report can't be trusted, if it can't; the grade is then not resolved and its reward 0.
  public var invalidReason: String?
  /// Why there is no grade, if the machine is to blame: the sandbox didn't start, the disk is full.
  public var infrastructureFailure: String?
  /// The tests ran into their time limit.
  public var timedOut: Bool
  /// The tests ran into their memory limit.
  public var outOfMemory: Bool
  /// Wall time of the grading.
  public var seconds: Double
  /// The final feedback: a digest of what fails, at most ``FailureDigest/limit`` characters; empty if
  /// resolved or not graded. It may quote hidden tests, so it is for the teacher's hindsight context
  /// and for people only and must never be shown to the student.
  public var feedback: String
  /// ``FailureDigest/tight(_:)`` of the same failures, for the same readers; nil in grades from before
  /// there was one, and where ``feedback`` is empty.
  public var tightFeedback: String?
  /// What a judge wrote about the trajectory, bounded and cleaned; for the same readers.
  public var critique: String?

  public init(
    reward: Double?, resolved: Bool, tests: [TestResult] = [], failToPass: Double = 0,
    passToPass: Double = 0, protectedPathsTouched: [String] = [], invalidReason: String? = nil,
    infrastructureFailure: String? = nil, timedOut: Bool = false, outOfMemory: Bool = false,
    seconds: Double = 0, feedback: String = ""
  ) {
    self.reward = reward
    self.resolved = resolved
    self.tests = tests
    self.failToPass = failToPass
    self.passToPass = passToPass
    self.protectedPathsTouched = protectedPathsTouched
    self.invalidReason = invalidReason
    self.infrastructureFailure = infrastructureFailure
    self.timedOut = timedOut
    self.outOfMemory = outOfMemory
    self.seconds = seconds
    self.feedback = feedback
  }

  /// The grade of a trajectory that couldn't be graded for a reason outside it.
  public static func dropped(_ reason: String, seconds: Double = 0) -> Grade {
    Grade(reward: nil, resolved: false, infrastructureFailure: reason, seconds: seconds)
  }
}

/// What a trajectory that is not resolved earns.
public enum PartialCredit: String, Sendable, Codable, CaseIterable {
  /// Nothing: only a complete repair counts.
  case none
  /// Half the share of FAIL_TO_PASS that passes, but nothing if any PASS_TO_PASS test breaks:
  /// doing nothing must never pay, and neither may trading one test for another.
  case failToPass = "fail-to-pass"

  func reward(failToPass: Double, passToPass: Double) -> Double {
    switch self {
    case .none: 0
    case .failToPass: passToPass < 1 ? 0 : 0.5 * failToPass
    }
  }
}
