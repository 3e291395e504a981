/// What a digest may ask about the repository whose tests failed; by default it knows nothing.
public struct RepositoryView: Sendable {
  /// Its root as tools name it, with a slash at the end.
  public var root = "/workspace/"
  /// Whether a path, relative to the root, is a test's and not the repository's own code.
  public var isTest: @Sendable (String) -> Bool = { _ in false }
  /// The text of a line (from 1) of a file, if it is known: asked where a tool names a place without quoting it
  /// or quotes half a statement.
  public var line: @Sendable (_ path: String, _ number: Int) -> String? = { _, _ in nil }
  /// Where the repository's own code defines a name, if at one place only: asked where no frame lies in it.
  public var definition: @Sendable (_ name: String) -> Definition? = { _ in nil }

  public init() {}

  /// The frame with its path relative to the root, if it lies below. Nothing else that names the root is
  /// changed: it may be what a test compares.
  func relative(_ frame: Failure.Frame) -> Failure.Frame {
    var frame = frame
    for prefix in [root, "file://" + root, "./"] where frame.path.hasPrefix(prefix) {
      frame.path.removeFirst(prefix.count)
      break
    }
    return frame
  }

  /// Lines that a statement is followed over at most.
  private static let statementLines = 12

  /// The frame's source up to the end of its statement: Python before 3.13 quotes its first line only.
  func wholeStatement(at frame: Failure.Frame) -> String {
    var source = frame.source
    var number = frame.line
    while !source.isEmpty, number < frame.line + Self.statementLines,
      PythonExpression.arguments(source[...]) == nil
    {
      number += 1
      guard let next = line(frame.path, number)?[...].trimmed else { return frame.source }
      source += (source.hasSuffix("(") || next.hasPrefix(")") ? "" : " ") + next
    }
    return source
  }
}
