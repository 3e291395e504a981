/// Where a made task comes from: the table `[metadata.hindsight.made]`.
public struct TaskOrigin: Sendable, Equatable {
  /// What the sound code was taken from: a package of the index, or a repository's name.
  public var package: String
  /// The package's version; empty for a folder.
  public var version: String
  /// The changed file, relative to the repository's root.
  public var path: String
  /// The changed function's qualified name; empty if the change was made on text alone.
  public var function: String
  /// The mutation operator.
  public var mutation: String
  /// The seed of the run that made it.
  public var seed: Int
  /// How hard it is, measured.
  public var difficulty: Difficulty

  public struct Difficulty: Sendable, Equatable {
    /// Lines of the changed file.
    public var lines: Int
    /// Places in it where some operator could have made a bug.
    public var sites: Int
    /// Calls from the nearest failing test to the changed function: 1 if a test calls it itself.
    public var distance: Int

    public init(lines: Int, sites: Int, distance: Int) {
      self.lines = lines
      self.sites = sites
      self.distance = distance
    }

    /// In a word, as tasks made by hand say it. Lines weigh what reading costs, sites what searching
    /// does, and each call away from the test doubles the search.
    public var word: String {
      let score = (Double(lines) / 20 + Double(sites) / 60) * Double(1 << min(distance - 1, 3))
      return score < 1.5 ? "easy" : score < 3.5 ? "medium" : "hard"
    }
  }

  public init(
    package: String, version: String, path: String, function: String, mutation: String, seed: Int,
    difficulty: Difficulty
  ) {
    self.package = package
    self.version = version
    self.path = path
    self.function = function
    self.mutation = mutation
    self.seed = seed
    self.difficulty = difficulty
  }
}

extension TaskOrigin {
  /// Reads the table; nil if there is none.
  init?(_ table: inout TOMLReader) throws(TaskError) {
    guard table.exists else { return nil }
    package = try table.required("package")
    version = try table.string("version") ?? ""
    path = try table.required("path")
    function = try table.string("function") ?? ""
    mutation = try table.required("operator")
    seed = try table.integer("seed") ?? 0
    difficulty = Difficulty(
      lines: try table.integer("lines") ?? 0, sites: try table.integer("sites") ?? 0,
      distance: try table.integer("distance") ?? 1)
    try table.finish()
  }
}
