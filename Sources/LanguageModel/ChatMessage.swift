/// A token's number in a model's vocabulary.
public typealias TokenID = Int32

/// One message of a chat, as people and chat templates see it.
public struct ChatMessage: Sendable, Equatable, Codable {
  /// Who says it. A tool's result is a `user` message: small models' templates know no other role.
  public enum Role: String, Sendable, Codable, CaseIterable {
    case system
    case user
    case assistant
  }

  public var role: Role
  public var content: String

  public init(role: Role, content: String) {
    self.role = role
    self.content = content
  }
}
