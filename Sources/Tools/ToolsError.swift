/// What this module throws: something around the tools went wrong, never the outcome of a command.
///
/// A command that fails, times out or prints rubbish is a result. An error of this type means that
/// the answer is unknown (a repository can't be read, the sandbox can't start), so a caller drops
/// and counts the episode instead of grading it.
public struct ToolsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which part failed.
  public enum Kind: String, Sendable, Codable {
    /// libgit2 refused or a repository is damaged.
    case git
    /// A file or folder of the host can't be read or written.
    case file
    /// The sandbox can't be started.
    case sandbox
    /// A patch doesn't apply.
    case patch
    /// The caller's input makes no sense (a bad name, a bad revision).
    case input
  }

  public let kind: Kind
  /// One sentence for a person.
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
