/// What became of one test.
public enum TestOutcome: String, Sendable, Codable, CaseIterable {
  case passed
  case failed
  /// It ended by an exception that is no failed assertion, or couldn't be loaded.
  case error
  case skipped
  case expectedFailure = "expected-failure"
  case unexpectedSuccess = "unexpected-success"
  /// It was asked for, and no runner reported it.
  case missing

  /// Whether a test that failed before counts as mended: it ran, and did what it should.
  public var satisfiesFailToPass: Bool { self == .passed || self == .expectedFailure }

  /// Whether a test that passed before counts as kept; a skipped one does, as in SWE-bench.
  public var satisfiesPassToPass: Bool { satisfiesFailToPass || self == .skipped }

  /// The worse of two reports on one test: a pass never hides a failure of the same name.
  func worse(_ other: TestOutcome) -> TestOutcome {
    severity >= other.severity ? self : other
  }

  private var severity: Int {
    switch self {
    case .passed: 0
    case .expectedFailure: 1
    case .skipped: 2
    case .missing: 3
    case .unexpectedSuccess: 4
    case .failed: 5
    case .error: 6
    }
  }
}

/// One test's outcome and, if it didn't pass, what the runner said about it.
public struct TestResult: Sendable, Codable, Equatable {
  /// The canonical id: "module.Class.test_name" for unittest, the name after the number for TAP,
  /// the node id for pytest.
  public var id: String
  public var outcome: TestOutcome
  /// Traceback or diagnostic, as text; empty if there is none.
  public var detail: String

  public init(id: String, outcome: TestOutcome, detail: String = "") {
    self.id = id
    self.outcome = outcome
    self.detail = detail
  }
}
