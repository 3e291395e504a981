/// The first thing that went wrong in the output of compilers, linkers, make, sanitizers and shells.
enum NativeErrors {
  /// Nil if nothing is recognised. Compiler errors come before what only follows from them.
  static func first(in lines: [Substring]) -> Failure? {
    compiler(lines) ?? linker(lines) ?? SanitizerReport.read(lines) ?? assertion(lines)
      ?? shell(lines) ?? perl(lines) ?? make(lines) ?? signal(lines)
  }

  /// `a.c:4:3: error: expected ';'`, with the source line that GCC and Clang show below.
  private static func compiler(_ lines: [Substring]) -> Failure? {
    var found: Failure?
    for (index, line) in lines.enumerated() {
      guard let error = line.firstRange(of: ": fatal error: ") ?? line.firstRange(of: ": error: "),
        var place = location(line[..<error.lowerBound])
      else { continue }
      if found != nil {
        found?.others += 1
        continue
      }
      place.source = lines.dropFirst(index + 1).prefix(3).lazy.compactMap(quotedSource).first ?? ""
      found = Failure(
        error: "compiler error: " + line[error.upperBound...].trimmed, frames: [place])
    }
    return found
  }

  /// `a.c:4:3` as line 4 of a.c.
  static func location(_ text: Substring) -> Failure.Frame? {
    let parts = text.split(separator: ":")
    guard parts.count >= 2, let line = Int(parts[1]), !parts[0].contains(" ") else { return nil }
    return Failure.Frame(path: String(parts[0]), line: line)
  }

  /// `    4 |   return d;`
  private static func quotedSource(_ line: Substring) -> String? {
    guard let bar = line.firstRange(of: " | "), Int(line[..<bar.lowerBound].trimmed) != nil else {
      return nil
    }
    return line[bar.upperBound...].trimmed
  }

  private static func linker(_ lines: [Substring]) -> Failure? {
    let marks = ["undefined reference to ", "multiple definition of "]
    let found = lines.filter { line in marks.contains { line.contains($0) } }
    guard let line = found.first,
      let start = marks.lazy.compactMap({ line.firstRange(of: $0) }).first
    else { return nil }
    return Failure(
      error: "linker error: " + line[start.lowerBound...].trimmed, others: found.count - 1)
  }

  /// `asan: a.c:6: main: Assertion `n > 0' failed.`
  private static func assertion(_ lines: [Substring]) -> Failure? {
    for line in lines where line.contains("Assertion `") && line.contains("' failed") {
      guard let mark = line.firstRange(of: "Assertion `") else { continue }
      let parts = line[..<mark.lowerBound].split(separator: ":").map { $0[...].trimmed }
      let number = parts.firstIndex { Int($0) != nil } ?? 0
      var failure = Failure(error: line[mark.lowerBound...].trimmed)
      if number > 0, let line = Int(parts[number]) {
        let function = parts.count > number + 1 ? parts[number + 1] : ""
        failure.frames = [
          Failure.Frame(
            path: parts[number - 1], line: line, function: function.isEmpty ? nil : function)
        ]
      }
      return failure
    }
    return nil
  }

  /// `s.sh: 3: Syntax error: …` and `s.sh: line 3: frobnicate: command not found`.
  private static func shell(_ lines: [Substring]) -> Failure? {
    let marks = [
      "yntax error", "not found", "unbound variable", "parameter not set", "unexpected EOF",
      "bad substitution", "Permission denied", "not a valid identifier", "Unterminated quoted",
    ]
    for line in lines where marks.contains(where: { line.contains($0) }) {
      let parts = line.split(separator: ":", maxSplits: 2)
      guard parts.count == 3 else { continue }
      let words = parts[1].split(separator: " ")
      guard let number = words.last.flatMap({ Int($0) }), words.count == 1 || words.first == "line"
      else { continue }
      return Failure(
        error: parts[2].trimmed, frames: [Failure.Frame(path: String(parts[0]), line: number)])
    }
    return nil
  }

  /// `Division by zero at lib/Calc.pm line 3.`
  private static func perl(_ lines: [Substring]) -> Failure? {
    for line in lines where line.hasSuffix(".") && line.contains(" line ") {
      guard let at = line.ranges(of: " at ").last,
        let mark = line[at.upperBound...].firstRange(of: " line "),
        let number = Int(line[mark.upperBound...].prefix { $0.isNumber })
      else { continue }
      let path = line[at.upperBound..<mark.lowerBound]
      guard !path.contains(" "), path.contains(".") else { continue }
      return Failure(
        error: line[..<at.lowerBound].trimmed,
        frames: [Failure.Frame(path: String(path), line: number)])
    }
    return nil
  }

  private static func make(_ lines: [Substring]) -> Failure? {
    guard let line = lines.first(where: { $0.contains("*** ") && $0.hasPrefix("make") }),
      let mark = line.firstRange(of: "*** "), !line.contains("] Error ")
    else { return nil }
    return Failure(error: "make: " + line[mark.upperBound...].trimmed)
  }

  private static func signal(_ lines: [Substring]) -> Failure? {
    let marks = [
      "Segmentation fault", "Aborted", "Floating point exception", "Bus error",
      "Illegal instruction",
    ]
    for line in lines {
      for mark in marks {
        guard let place = line.firstRange(of: mark) else { continue }
        // A shell names the command behind it.
        let command = line[place.upperBound...].replacing("(core dumped)", with: "")[...].trimmed
        return Failure(error: command.isEmpty ? mark : "\(mark): \(command)")
      }
    }
    return nil
  }
}
