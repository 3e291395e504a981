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

  /// Lines that ``ToolCall/trials`` reads it from; nil for what isn't the change of one line.
  package var numbered: [String]? {
    guard let firstLine, lastLine == nil || lastLine == firstLine, let first = lines.first else {
      return nil
    }
    let rest = lines.dropFirst()
    return rest.contains { NumberedLine($0) != nil }
      ? nil : [NumberedLine(number: firstLine, text: first).description] + rest
  }
}

extension ToolCall {
  /// The changes that a `try` asks for, in the order in which they are tried; none of another call.
  ///
  /// Under a `try` without a number, lines that begin with one as views print them are changes of that line each,
  /// every one by itself; what follows without a number belongs to the one before.
  package var trials: [Trial] {
    guard case .tryOut(let first, let last, let lines) = self else { return [] }
    guard first == nil, lines.first.flatMap({ NumberedLine($0) }) != nil else {
      return [Trial(firstLine: first, lastLine: last, lines: lines)]
    }
    var trials: [Trial] = []
    for line in lines {
      if let line = NumberedLine(line) {
        trials.append(Trial(firstLine: line.number, lines: [line.text]))
      } else {
        trials[trials.count - 1].lines.append(line)
      }
    }
    return trials
  }
}
