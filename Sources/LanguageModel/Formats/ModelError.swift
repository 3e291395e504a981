/// What is wrong with a model's files, in one sentence that names the file and what was expected.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
