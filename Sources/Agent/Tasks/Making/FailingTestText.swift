internal import Foundation

/// What a failing test says, for an issue's text: the check and what it found, not where in the code.
struct FailingTestText {
  let result: TestResult

  init(_ result: TestResult) { self.result = result }

  /// The name without the path to it.
  private var name: String {
    let id = result.id
    if let place = id.ranges(of: "::").last { return String(id[place.upperBound...]) }
    guard !id.contains(" "), let last = id.split(separator: ".").last else { return id }
    return String(last)
  }

  /// What the test found, without its place.
  var saying: String { lines.joined(separator: "\n") }

  var text: String {
    lines.isEmpty
      ? "The test `\(name)` fails.\n"
      : "The test `\(name)` fails:\n\n" + lines.map { "    " + $0 }.joined(separator: "\n") + "\n"
  }

  private var lines: [String] {
    let all = result.detail.split(separator: "\n").map(String.init)
    // pytest marks the line that fails and what it found.
    let found = all.filter { $0.hasPrefix("E  ") }
    if !found.isEmpty {
      let line = all.last { $0.hasPrefix(">  ") }
      return ((line.map { [$0] } ?? []) + found.prefix(2)).map {
        Printable.line(String($0.dropFirst().trimmed), most: 200)
      }
    }
    guard let start = all.lastIndex(where: { $0.hasPrefix("Traceback") }) else {
      return all.prefix(3).map { line in
        Printable.line(String(line.trimmingPrefix(/#?\s*(\S+:\d+:\s*)?/)), most: 200)
      }
    }
    var said: [String] = []
    // The test's own line; those of the code under test would name the bug.
    let frame = all[start...].firstIndex { $0.contains(/^\s*File ".*test.*", line \d+/) }
    if let frame, frame + 1 < all.count { said.append(Printable.line(all[frame + 1].trimmed)) }
    let message = all[start...].first {
      $0.contains(/^\w[\w.]*(Error|Exception|Warning|Exit)?\b.*/) && !$0.hasPrefix("Traceback")
    }
    if let message { said.append(Printable.line(message, most: 200)) }
    return said
  }
}

extension StringProtocol {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
