/// A failure as the named lines of a digest, most informative first.
struct FailureParts {
  struct Part: Equatable {
    var name: String
    var value: String
    /// Where a cut value has to be cut so that what matters stays.
    var focus = 0
  }

  private(set) var parts: [Part] = []

  init(_ failure: Failure, _ repository: RepositoryView) {
    add("call", failure.call)
    add("with", failure.with)
    let focus = Self.firstDifference(failure.expected, failure.got)
    add("expected", failure.expected, focus: focus)
    add("got", failure.got, focus: focus)
    add("difference", failure.difference)
    if let error = failure.error {
      // "compiler error: …" already says what it is.
      let tool = Self.tools.first { error.hasPrefix($0 + ": ") }
      add(tool ?? "error", tool.map { String(error.dropFirst($0.count + 2)) } ?? error)
    }
    add("output", failure.output)
    add("note", failure.note)
    if let own = failure.ownFrame(repository) { add("at", Self.describe(own)) }
    if let definition = failure.definition {
      add("code", "\(definition.path):\(definition.line): \(definition.source)")
    }
    add("after", failure.cause)
    if var test = failure.frames.last(where: { $0.isOwn && repository.isTest($0.path) }) {
      // What it calls has been said.
      if failure.call != nil { test.source = "" }
      add("test", Self.describe(test))
    }
    if failure.others > 0 {
      add("more", "\(failure.others) \(failure.others == 1 ? "other" : "others")")
    }
  }

  private static let tools = ["compiler error", "linker error", "runtime error"]

  private mutating func add(_ name: String, _ value: String?, focus: Int = 0) {
    guard let value, !value.isEmpty else { return }
    parts.append(Part(name: name, value: DigestText.stable(value), focus: focus))
  }

  static func describe(_ frame: Failure.Frame) -> String {
    let function = frame.function.map { $0 == "<module>" ? "" : ", in \($0)" } ?? ""
    return "\(frame.path):\(frame.line)\(function)"
      + (frame.source.isEmpty ? "" : ": \(frame.source)")
  }

  /// Characters that two values have in common at their beginning.
  private static func firstDifference(_ first: String?, _ second: String?) -> Int {
    guard let first, let second else { return 0 }
    return zip(first, second).prefix { $0 == $1 }.count
  }

  /// Every part on a line of its own, at most `limit` characters each.
  func lines(limit: Int) -> [String] {
    parts.map { "\($0.name): " + $0.cut(limit - $0.name.count - 2) }
  }

  /// At most `limit` characters in all. Parts are kept in order while each of them can have
  /// a few characters; what is short stays whole and long ones share the rest.
  func tight(_ limit: Int) -> String {
    // Without a call, the test's line is what says most about it.
    let hasCall = parts.contains { $0.name == "call" }
    let shown = parts.filter { part in
      part.name == "test" ? !hasCall : !Self.onlyFull.contains(part.name)
    }
    for count in stride(from: shown.count, to: 0, by: -1) {
      let kept = Array(shown.prefix(count))
      let labels = kept.reduce(0) { $0 + $1.name.count + 3 } - 1
      let room = limit - labels
      let wanted = kept.map(\.value.count)
      guard room >= wanted.reduce(0, { $0 + min($1, Self.fewest) }) || count == 1 else { continue }
      let shares = Self.shares(wanted, room: max(room, 0))
      let lines = zip(kept, shares).map { "\($0.name): " + $0.cut($1) }
      return String(lines.joined(separator: "\n").prefix(limit))
    }
    return ""
  }

  private static let onlyFull: Set = ["note", "after", "more"]
  /// Characters below which a part says nothing.
  private static let fewest = 24

  /// How much each may have so that all have `room` together: the largest share that all can have,
  /// and no more than each wants.
  private static func shares(_ wanted: [Int], room: Int) -> [Int] {
    var shares = wanted
    var open = wanted.indices.sorted { wanted[$0] < wanted[$1] }
    var left = room
    while let smallest = open.first {
      let share = left / open.count
      if wanted[smallest] <= share {
        left -= wanted[smallest]
        open.removeFirst()
        continue
      }
      for index in open { shares[index] = share }
      return shares
    }
    return shares
  }
}

extension FailureParts.Part {
  /// On one line and at most `limit` characters, with "…" where something is missing: the part around
  /// `focus`, or the beginning.
  func cut(_ limit: Int) -> String {
    let line = value.map { $0.isNewline ? " " : $0 }
    guard line.count > limit else { return String(line) }
    guard limit > 2 else { return String(line.prefix(max(0, limit))) }
    // The other half of the room shows what the values still have in common.
    let start = min(max(0, focus - limit / 2), line.count - limit)
    if start == 0 { return line.prefix(limit - 1) + "…" }
    let isEnd = start + limit >= line.count
    return "…" + line[(start + 1)..<(start + limit - (isEnd ? 0 : 1))] + (isEnd ? "" : "…")
  }
}
