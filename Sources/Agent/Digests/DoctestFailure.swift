/// Reads what doctest prints, by itself, through unittest and through pytest.
enum DoctestFailure {
  /// The first failed example, and how many more there are; nil if there is none.
  static func read(_ lines: [Substring], in repository: RepositoryView) -> Failure? {
    if let index = lines.firstIndex(of: "Failed example:") {
      var failure = Failure()
      let header = lines[..<index].last.flatMap(PythonTraceback.frame)
      let example = indented(lines[(index + 1)...])
      failure.call = example.map(\.trimmed).joined(separator: " ")
      let rest = lines[(index + 1 + example.count)...]
      readOutcome(rest, header, repository, into: &failure)
      failure.others = lines[(index + 1)...].count { $0 == "Failed example:" }
      return failure
    }
    return readPytest(lines, repository)
  }

  /// `007     >>> mean([1, 2])`, then the same words, then `calc.py:7: DocTestFailure`.
  private static func readPytest(
    _ lines: [Substring], _ repository: RepositoryView
  ) -> Failure? {
    guard
      let place = lines.firstIndex(where: {
        $0.hasSuffix(": DocTestFailure") || $0.hasSuffix(": UnexpectedException")
      }),
      let index = lines[..<place].lastIndex(where: { $0.contains(">>> ") })
    else { return nil }
    var failure = Failure()
    let example = lines[index]
    failure.call = example.firstRange(of: ">>> ").map { example[$0.upperBound...].trimmed }
    let parts = lines[place].split(separator: ":")
    var header: Failure.Frame?
    if parts.count >= 3, let line = Int(parts[1]) {
      header = Failure.Frame(path: String(parts[0]), line: line)
    }
    readOutcome(lines[(index + 1)..<place], header, repository, into: &failure)
    return failure
  }

  /// What stands below an example: `Expected:` and `Got:`, or `Exception raised:`.
  private static func readOutcome(
    _ lines: ArraySlice<Substring>, _ header: Failure.Frame?, _ repository: RepositoryView,
    into failure: inout Failure
  ) {
    var rest = lines.drop { $0.isEmpty || $0.first == " " || $0.first?.isNumber == true }
    if let header { failure.frames = [header] }
    while let line = rest.first {
      rest = rest.dropFirst()
      let block = indented(rest)
      switch line {
      case "Expected:": failure.expected = value(block)
      case "Expected nothing": failure.expected = "nothing"
      case "Got:":
        failure.got = value(block)
        failure.frames += frames(block, repository)
      case "Got nothing": failure.got = "nothing"
      case "Exception raised:", "UNEXPECTED EXCEPTION:":
        failure.error = value(block)
        failure.frames += frames(block, repository)
      default:
        // pytest's form has the exception behind the words, and the traceback at the margin.
        guard line.hasPrefix("UNEXPECTED EXCEPTION: ") else { return }
        let traceback = PythonTraceback.read(Array(rest), in: repository)
        failure.error = traceback?.error ?? line.dropFirst(22).trimmed
        failure.frames += traceback?.frames ?? []
        return
      }
      rest = rest.dropFirst(block.count)
    }
  }

  /// The lines below, without the four blanks that doctest puts before them.
  private static func indented(_ lines: ArraySlice<Substring>) -> [Substring] {
    lines.prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
  }

  /// A printed value on one line; of a traceback, the exception alone.
  private static func value(_ block: [Substring]) -> String {
    if block.first?.hasPrefix("Traceback (most recent call last):") == true,
      let exception = block.dropFirst().first(where: { !$0.isEmpty && $0.first != " " })
    {
      return DigestText.stable(String(exception))
    }
    return DigestText.stable(block.map(String.init).joined(separator: " | "))
  }

  private static func frames(
    _ block: [Substring], _ repository: RepositoryView
  ) -> [Failure.Frame] {
    PythonTraceback.read(block, in: repository)?.frames ?? []
  }
}
