/// What one failure says, in the parts that a digest shows.
struct Failure: Equatable, Sendable {
  /// A place in a source file, as a traceback or a compiler names it.
  struct Frame: Equatable, Sendable {
    /// Relative to the repository's root where the file is in it.
    var path: String
    /// From 1.
    var line: Int
    /// Nil where there is none, such as at a syntax error.
    var function: String?
    /// The line's text, trimmed; empty if it isn't known.
    var source = ""

    /// In the repository, and not in the system's libraries or in code without a file.
    var isOwn: Bool { !path.hasPrefix("/") && !path.hasPrefix("<") && !path.hasPrefix("../") }
  }

  /// The expression under test, as the test or the example writes it.
  var call: String?
  /// What the test ran with: a subtest's parameters.
  var with: String?
  var expected: String?
  var got: String?
  /// The exception or diagnostic; nil where `expected` and `got` say it all.
  var error: String?
  /// What the test itself says about the comparison.
  var note: String?
  /// Where in a long value the first difference is.
  var difference: String?
  /// The exception that led to `error`.
  var cause: String?
  /// What was printed, where no reader knows its form.
  var output: String?
  /// Outermost first.
  var frames: [Frame] = []
  /// Where what the call names is defined, if no frame shows the repository's own code.
  var definition: Definition?
  /// Further failures of the same kind in the same text.
  var others = 0

  init() {}

  /// The innermost frame in the repository's own code.
  func ownFrame(_ repository: RepositoryView) -> Frame? {
    frames.last { $0.isOwn && !repository.isTest($0.path) }
  }

  init(error: String, frames: [Frame] = [], others: Int = 0) {
    self.error = error
    self.frames = frames
    self.others = others
  }
}

/// Finds out what a text about a failure says, whatever tool wrote it.
enum FailureReader {
  /// The first failure in `text`, or nil if no tool's form is recognised.
  static func read(_ text: DigestText, in repository: RepositoryView) -> Failure? {
    DoctestFailure.read(text.lines, in: repository)
      ?? PytestFailure.read(text.lines, in: repository)
      ?? PythonTraceback.read(text.lines, in: repository)
      ?? diagnostic(text.lines)
  }

  /// A harness that only says that a program crashed leaves the word to the program's own report.
  private static func diagnostic(_ lines: [Substring]) -> Failure? {
    let said = TAPDiagnostic.read(lines)
    if let said, said.got != nil || !said.frames.isEmpty { return said }
    return NativeErrors.first(in: lines) ?? said
  }
}
