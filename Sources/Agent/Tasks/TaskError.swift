/// What is wrong with a task folder: one sentence naming the file, the key and what was expected.
public struct TaskError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
