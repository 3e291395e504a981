/// What was made, and what was not and why; `report.json` in the output folder.
public struct MakingReport: Sendable, Codable, Equatable {
  public struct Package: Sendable, Codable, Equatable {
    public var version = ""
    public var digest = ""
    public var split = ""
    /// Modules with examples.
    public var modules = 0
    /// Functions, with what they need, that have tests.
    public var subjects = 0
    /// Bugs that were tried or could have been.
    public var candidates = 0
    public var tasks = 0
    /// Functions and examples that nothing was made from, by reason.
    public var left: [String: Int] = [:]
    /// Bugs that became no task, by reason.
    public var rejected: [String: Int] = [:]
    /// What had to be stopped, and by which limit.
    public var stopped: [String] = []
    /// Why nothing at all could be made, if so.
    public var failure: String?
    /// Seconds of work on its modules, over all processes; 0 for what was found again.
    public var seconds = 0.0
  }

  public var seed = 0
  public var packages: [String: Package] = [:]
  /// Tasks by split, and by operator in each.
  public var splits: [String: Int] = [:]
  public var operators: [String: [String: Int]] = [:]
  public var difficulties: [String: Int] = [:]

  public init() {}

  public var tasks: Int { splits.values.reduce(0, +) }
}
