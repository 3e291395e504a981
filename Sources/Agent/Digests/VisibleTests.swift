/// What the agent is told of its own test run: how many fail, and the first failure as a hindsight context
/// would tell it.
enum VisibleTests {
  /// Nil where no test fails, or where the output is of no known runner.
  static func digest(
    _ output: String, characters: Int, _ repository: RepositoryView
  ) -> String? {
    let reports = TestReport.Kind.allCases.lazy.map { TestReport.parse(output, kind: $0) }
    guard let report = reports.first(where: { $0.isComplete && !$0.tests.isEmpty }),
      report.hasFailure
    else { return nil }
    var digest = FailureDigest()
    digest.failing = report.tests.filter {
      [.failed, .error, .unexpectedSuccess].contains($0.outcome)
    }
    digest.repository = repository
    let tests = report.tests.count == 1 ? "test fails" : "tests fail"
    return "\(digest.failing.count) of \(report.tests.count) \(tests). The first:\n"
      + digest.tight(characters)
  }

  /// By what files of tests are called: nobody says so of a repository of one's own.
  @Sendable static func isTest(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let name = parts.last else { return false }
    return parts.dropLast().contains { ["test", "tests", "hidden"].contains($0) }
      || name.hasPrefix("test_") || name.contains("_test.")
  }
}
