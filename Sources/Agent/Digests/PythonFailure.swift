/// One exception, read by traceback or by pytest's form, as a failure.
enum PythonFailure {
  static func make(_ link: PythonTraceback.Link, _ repository: RepositoryView) -> Failure {
    var link = link
    var failure = Failure()
    link.frames = link.frames.map(repository.relative)
    while link.message.last?.isEmpty == true { link.message.removeLast() }
    // A subtest's parameters, which UnittestRunner and UnittestText put behind its message.
    if let last = link.message.last, last.hasPrefix("in (") || last.hasPrefix("in ["),
      last.hasSuffix(")") || last.hasSuffix("]")
    {
      failure.with = String(last.dropFirst(3))
      link.message.removeLast()
    }
    failure.frames = link.frames
    let source = caller(link.frames, repository).map(repository.wholeStatement) ?? ""
    let assertion = PythonAssertion(
      exception: link.exception, message: link.message, source: source)
    failure.call = assertion.call ?? call(in: source)
    failure.expected = assertion.expected
    failure.got = assertion.got
    failure.note = assertion.note
    failure.difference = assertion.difference
    if failure.got == nil {
      // pytest's "where" says again what the call is.
      let more = link.message.lazy.map { $0[...].trimmed }
        .filter { !$0.isEmpty && !$0.hasPrefix("+  ") }.prefix(2)
      failure.error = DigestText.stable(([link.exception] + more).joined(separator: " | "))
    }
    return failure
  }

  /// Where the test calls what it tests.
  private static func caller(
    _ frames: [Failure.Frame], _ repository: RepositoryView
  ) -> Failure.Frame? {
    let tests = frames.filter { $0.isOwn && repository.isTest($0.path) }
    return tests.last { $0.source.contains("assert") } ?? tests.last ?? frames.first(where: \.isOwn)
  }

  /// The call that a plain statement makes, such as `names = load(path)`.
  private static func call(in source: String) -> String? {
    var text = source[...]
    if let assigned = text.firstRange(of: " = "), !text[..<assigned.lowerBound].contains("(") {
      text = text[assigned.upperBound...]
    }
    for word in ["return ", "await "] where text.hasPrefix(word) {
      text = text.dropFirst(word.count)
    }
    guard text.hasSuffix(")"), let open = text.firstIndex(of: "("),
      text[..<open].allSatisfy({ $0.isLetter || $0.isNumber || "_.".contains($0) }),
      !text[..<open].contains(".assert")
    else { return nil }
    return String(text)
  }
}
