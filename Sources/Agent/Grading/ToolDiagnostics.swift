/// The first thing that went wrong in the output of compilers, linkers, make, sanitizers and shells.
struct ToolDiagnostics: Equatable {
  /// One line: what went wrong.
  var message: String
  /// "src/a.c:4: return d;", if it is known.
  var place: String?
  /// How many more errors of the same kind there are.
  var others = 0

  /// Nil if nothing is recognised. Compiler errors come before what only follows from them.
  static func first(in output: String) -> ToolDiagnostics? {
    let lines = TextLines.split(TextLines.withoutEscapes(output))
    return compiler(lines) ?? linker(lines) ?? sanitizer(lines) ?? assertion(lines)
      ?? shell(lines) ?? make(lines) ?? signal(lines)
  }

  /// `a.c:4:3: error: expected ';'`, with the source line that GCC and Clang show below.
  private static func compiler(_ lines: [Substring]) -> ToolDiagnostics? {
    var found: ToolDiagnostics?
    for (index, line) in lines.enumerated() {
      guard let error = line.firstRange(of: ": fatal error: ") ?? line.firstRange(of: ": error: "),
        let place = location(line[..<error.lowerBound])
      else { continue }
      if found != nil {
        found?.others += 1
        continue
      }
      let source = lines.dropFirst(index + 1).prefix(3).lazy.compactMap(quotedSource).first
      found = ToolDiagnostics(
        message: "compiler error: " + line[error.upperBound...].trimmed,
        place: source.map { "\(place): \($0)" } ?? place)
    }
    return found
  }

  /// `a.c:4:3:` as "a.c:4".
  private static func location(_ text: Substring) -> String? {
    let parts = text.split(separator: ":")
    guard parts.count >= 2, Int(parts[1]) != nil, !parts[0].contains(" ") else { return nil }
    return "\(parts[0]):\(parts[1])"
  }

  /// `    4 |   return d;`
  private static func quotedSource(_ line: Substring) -> String? {
    guard let bar = line.firstRange(of: " | "), Int(line[..<bar.lowerBound].trimmed) != nil else {
      return nil
    }
    return line[bar.upperBound...].trimmed
  }

  private static func linker(_ lines: [Substring]) -> ToolDiagnostics? {
    let marks = ["undefined reference to ", "multiple definition of "]
    let found = lines.filter { line in marks.contains { line.contains($0) } }
    guard let line = found.first,
      let start = marks.lazy.compactMap({ line.firstRange(of: $0) }).first
    else { return nil }
    let message = "linker error: " + line[start.lowerBound...].trimmed
    return ToolDiagnostics(message: message, place: nil, others: found.count - 1)
  }

  private static func sanitizer(_ lines: [Substring]) -> ToolDiagnostics? {
    if let line = lines.first(where: { $0.contains(": runtime error: ") }),
      let mark = line.firstRange(of: ": runtime error: ")
    {
      return ToolDiagnostics(
        message: "runtime error: " + line[mark.upperBound...].trimmed,
        place: location(line[..<mark.lowerBound].dropDirectories))
    }
    guard
      let index = lines.firstIndex(where: { $0.contains("ERROR: ") && $0.contains("Sanitizer:") }),
      let mark = lines[index].firstRange(of: "ERROR: ")
    else { return nil }
    var message = lines[index][mark.upperBound...]
    if let address = message.firstRange(of: " on ") ?? message.firstRange(of: " (pc") {
      message = message[..<address.lowerBound]
    }
    let frame = lines[index...].lazy.compactMap(sanitizerFrame).first
    return ToolDiagnostics(message: message.trimmed, place: frame)
  }

  /// `    #0 0x55c3 in get /workspace/a.c:4`, but not the sanitizer's own.
  private static func sanitizerFrame(_ line: Substring) -> String? {
    let words = line.split(separator: " ")
    guard words.count >= 5, words[0].hasPrefix("#"), words[2] == "in",
      !words[3].hasPrefix("__"), !words[4].hasPrefix("(")
    else { return nil }
    guard let place = location(words[4].dropDirectories) else { return nil }
    return "\(place), in \(words[3])"
  }

  /// `asan: a.c:6: main: Assertion `n > 0' failed.`
  private static func assertion(_ lines: [Substring]) -> ToolDiagnostics? {
    for line in lines where line.contains("Assertion `") && line.contains("' failed") {
      guard let mark = line.firstRange(of: "Assertion `") else { continue }
      let parts = line[..<mark.lowerBound].split(separator: ":").map { $0[...].trimmed }
      let number = parts.firstIndex { Int($0) != nil } ?? 0
      let place = number > 0 ? "\(parts[number - 1]):\(parts[number])" : nil
      return ToolDiagnostics(message: line[mark.lowerBound...].trimmed, place: place)
    }
    return nil
  }

  /// `s.sh: 3: Syntax error: …` and `s.sh: line 3: frobnicate: command not found`.
  private static func shell(_ lines: [Substring]) -> ToolDiagnostics? {
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
      return ToolDiagnostics(
        message: parts[2].trimmed, place: "\(parts[0].dropDirectories):\(number)")
    }
    return nil
  }

  private static func make(_ lines: [Substring]) -> ToolDiagnostics? {
    guard let line = lines.first(where: { $0.contains("*** ") && $0.hasPrefix("make") }),
      let mark = line.firstRange(of: "*** "), !line.contains("] Error ")
    else { return nil }
    return ToolDiagnostics(message: "make: " + line[mark.upperBound...].trimmed, place: nil)
  }

  private static func signal(_ lines: [Substring]) -> ToolDiagnostics? {
    let marks = [
      "Segmentation fault", "Aborted", "Floating point exception", "Bus error",
      "Illegal instruction",
    ]
    for line in lines {
      if let mark = marks.first(where: { line.contains($0) }) {
        return ToolDiagnostics(message: mark, place: nil)
      }
    }
    return nil
  }
}

extension Substring {
  /// A path inside the sandbox's workspace relative to it; others as they are.
  fileprivate var dropDirectories: Substring {
    hasPrefix("/workspace/") ? dropFirst("/workspace/".count) : self
  }
}
