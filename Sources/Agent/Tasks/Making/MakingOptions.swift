/// What bounds and seeds the making of tasks.
public struct MakingOptions: Sendable, Equatable, Codable {
  /// Chooses among candidates; the same seed and sources give the same tasks, byte for byte.
  public var seed = 0
  /// Lines of the file with the bug, with all it needs of its own module.
  public var lines = 60
  /// Bytes of that file.
  public var bytes = 3_000
  /// Lines of the other files that it needs.
  public var supportLines = 300
  /// Tasks from one function at most.
  public var perFunction = 12

  public init() {}
}
