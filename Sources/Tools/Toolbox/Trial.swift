/// One change that a `try` asks for.
package struct Trial: Sendable, Hashable {
  /// Counted from 1; nil for the line that is most like the first of `lines`.
  package var firstLine: Int?
  /// The line itself if nil.
  package var lastLine: Int?
  package var lines: [String]

  package init(firstLine: Int? = nil, lastLine: Int? = nil, lines: [String]) {
    self.firstLine = firstLine
    self.lastLine = lastLine
    self.lines = lines
  }

  /// As ``ToolCall/trials`` reads it back; nil for what isn't the change of one line.
  package var numbered: [String]? {
    guard let firstLine, lastLine == nil || lastLine == firstLine, let first = lines.first else {
      return nil
    }
    let rest = lines.dropFirst()
    return rest.contains { Self.numbered($0) != nil }
      ? nil : [Self.prefix(firstLine) + first] + rest
  }

  private static func prefix(_ number: Int) -> String { "\(number)|" }

  /// A line as views print it: with its number, a bar, and what stands there.
  fileprivate static func numbered(_ line: String) -> (number: Int, text: String)? {
    let bytes = line.utf8
    guard let bar = bytes.firstIndex(of: UInt8(ascii: "|")), bar > bytes.startIndex,
      bytes[..<bar].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(line[..<bar])
    else { return nil }
    return (number, String(line[bytes.index(after: bar)...]))
  }
}

extension ToolCall {
  /// The changes that a `try` asks for, in the order in which they are tried; none of another call.
  ///
  /// Under a `try` without a number, lines that begin with one as views print them are changes of that line each,
  /// every one by itself; what follows without a number belongs to the one before.
  package var trials: [Trial] {
    guard case .tryOut(let first, let last, let lines) = self else { return [] }
    guard first == nil, lines.first.flatMap(Trial.numbered) != nil else {
      return [Trial(firstLine: first, lastLine: last, lines: lines)]
    }
    var trials: [Trial] = []
    for line in lines {
      if let (number, text) = Trial.numbered(line) {
        trials.append(Trial(firstLine: number, lines: [text]))
      } else {
        trials[trials.count - 1].lines.append(line)
      }
    }
    return trials
  }
}
