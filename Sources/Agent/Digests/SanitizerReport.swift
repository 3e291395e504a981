/// Reads the reports of AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
enum SanitizerReport {
  /// The first report, or nil if there is none.
  static func read(_ lines: [Substring]) -> Failure? {
    for (index, line) in lines.enumerated() {
      if let mark = line.firstRange(of: ": runtime error: ") {
        let place = NativeErrors.location(line[..<mark.lowerBound])
        return Failure(
          error: "runtime error: " + line[mark.upperBound...].trimmed,
          frames: place.map { [$0] } ?? [])
      }
      if line.contains("ERROR: "), line.contains("Sanitizer:"),
        let mark = line.firstRange(of: "ERROR: ")
      {
        return report(line[mark.upperBound...], lines[(index + 1)...])
      }
    }
    return nil
  }

  /// What went wrong, which access or leak it was, and the first stack below it.
  private static func report(_ title: Substring, _ lines: ArraySlice<Substring>) -> Failure {
    var message = title
    if let address = message.firstRange(of: " on ") ?? message.firstRange(of: " (pc") {
      message = message[..<address.lowerBound]
    }
    var parts = [message.trimmed]
    var frames: [Failure.Frame] = []
    for line in lines {
      if line.hasPrefix("    #") {
        if let frame = frame(line) { frames.insert(frame, at: 0) }
      } else if !frames.isEmpty {
        break
      } else if let access = access(line) {
        parts.append(access)
      }
    }
    return Failure(error: parts.joined(separator: ", "), frames: frames)
  }

  /// `READ of size 4 at 0x… thread T0` and `Direct leak of 16 byte(s) in 1 object(s) allocated from:`.
  private static func access(_ line: Substring) -> String? {
    if line.hasPrefix("READ of size ") || line.hasPrefix("WRITE of size ") {
      return (line.firstRange(of: " at ").map { line[..<$0.lowerBound] } ?? line).trimmed
    }
    guard line.contains(" leak of "), let end = line.firstRange(of: " allocated from") else {
      return nil
    }
    return line[..<end.lowerBound].trimmed
  }

  /// `    #0 0x55c3 in get /workspace/a.c:4`; the sanitizer's own frames and the C library's lie
  /// outside the repository.
  private static func frame(_ line: Substring) -> Failure.Frame? {
    let words = line.split(separator: " ")
    guard words.count >= 5, words[2] == "in", !words[4].hasPrefix("(") else { return nil }
    guard var frame = NativeErrors.location(words[words.count - 1]) else { return nil }
    frame.function = words[3..<(words.count - 1)].joined(separator: " ")
    return frame
  }
}
