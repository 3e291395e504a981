/// Which model judges a run's failed trajectories.
public struct JudgeConfiguration: Sendable, Codable, Equatable {
  /// A path, or an endpoint's address.
  public var model: String
  /// The model's name at an endpoint.
  public var name: String

  public init(model: String, name: String) {
    self.model = model
    self.name = name
  }
}
