import Agent
import LanguageModel
import Tools

/// What a demonstration says, turn by turn.
struct DemonstrationScript {
  struct Step {
    var text: String
    /// Whether the model is to learn to say it.
    var isTrained = true
    var role = Role.exploration
    /// Small changes that it tries, in a search.
    var changes: [NumberedEdit] = []
  }

  /// What must come of a step, if the demonstration is to be kept.
  enum Role {
    case exploration
    /// Its call must succeed.
    case repair
    /// No action: answered with a format error.
    case malformed
    /// An edit that is taken, but wrong.
    case mistake
    /// An edit that is tried, fails the tests and is taken back.
    case takenBack
    /// Small changes that tests judge, and that come to nothing.
    case searched
    /// An edit that must be refused.
    case refused
    /// What a policy did of itself: anything that leaves the work tree as it is.
    case own
    /// Tests that must fail, so that there is something to learn from them.
    case failingTest
    case submit
  }

  var steps: [Step]

  /// - viewLines, viewCharacters: what a view shows at most.
  struct Maker {
    let oracle: Oracle
    let dialect: any Dialect
    let viewLines: Int
    let viewCharacters: Int
    /// Whether the one edit that is the whole repair is tried, so that tests judge it at once.
    let tries: Bool
  }
}

extension DemonstrationScript.Maker {
  typealias Step = DemonstrationScript.Step

  /// View, try, submit; or view, edit, test, submit. The tests come first where they can name the line that fails.
  func straight() -> DemonstrationScript {
    DemonstrationScript(steps: opening() + repair() + closing())
  }

  /// So many wrong edits, then the right one. Two of three are taken, tested and taken back; the others are
  /// refused. Half of what is wrong is done again, once or twice, before something else is tried. Nil if no
  /// plausible mistake is known.
  ///
  /// All that is wrong is context only: what is learnt is what to do then. A small model that has written the
  /// same twice writes it for ever, unless it has seen how to go on.
  func mended(mistakes: Int, random: inout SplitMix64) -> DemonstrationScript? {
    guard let change = oracle.changes.first(where: { !$0.edits.isEmpty }) else { return nil }
    func repeated() -> Int { random.index(below: 2) == 0 ? 0 : 1 + random.index(below: 2) }
    var steps = opening()
    var made: [NumberedEdit] = []
    while made.count < mistakes {
      let isRefused = random.index(below: 3) == 0
      guard
        let mistake = isRefused
          ? refusal(in: change, not: made, random: &random)
          : mistake(in: change, not: made, random: &random)
      else { return nil }
      made.append(mistake)
      let text = text(call(mistake, change))
      if isRefused || tries {
        let role = isRefused ? DemonstrationScript.Role.refused : .takenBack
        let again = Step(text: text, isTrained: false, role: .refused)
        steps.append(Step(text: text, isTrained: false, role: role))
        steps += Array(repeating: again, count: repeated())
      } else {
        let wrong = Step(text: text, isTrained: false, role: .mistake)
        let undo = Step(text: self.text(.undo), role: .repair)
        steps += [wrong, Step(text: self.text(.test), role: .failingTest), undo]
        for _ in 0..<repeated() { steps += [wrong, undo] }
      }
    }
    return DemonstrationScript(steps: steps + repair() + closing())
  }

  /// One wrong edit, and submitted with it; nil if no plausible mistake is known.
  func mistaken(random: inout SplitMix64) -> DemonstrationScript? {
    guard let change = oracle.changes.first(where: { !$0.edits.isEmpty }),
      let mistake = mistake(in: change, not: [], random: &random)
    else { return nil }
    return DemonstrationScript(
      steps: opening() + [
        Step(text: text(edit(mistake, change)), role: .mistake),
        Step(text: text(.submit), role: .submit),
      ])
  }

  /// An edit that is refused: a line as it stands, a line past the end, or the right edit or a mistake with a
  /// mark forgotten or indented by one more step.
  private func refusal(
    in change: Oracle.Change, not made: [NumberedEdit], random: inout SplitMix64
  ) -> NumberedEdit? {
    guard let right = change.edits.first, let before = change.before else { return nil }
    // What is refused shouldn't give the repair away each time.
    let tried =
      random.index(below: 3) == 0
      ? right : mistake(in: change, not: made, random: &random) ?? right
    let lines = before.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let count = lines.last?.isEmpty == true ? lines.count - 1 : lines.count
    let stands = random.index(below: 2) == 0 ? tried.old.lowerBound : random.index(below: count) + 1
    var candidates = [
      NumberedEdit(old: stands...stands, lines: [lines[stands - 1]]), unclosed(tried),
    ]
    if !tries {
      candidates += [
        NumberedEdit(old: count + 1...count + 1, lines: tried.lines),
        NumberedEdit(old: tried.old, lines: tried.lines.map { "    " + $0 }),
      ]
    }
    let usable = candidates.compactMap { $0 }.filter { !made.contains($0) && $0.lines != [""] }
    return usable.isEmpty ? nil : usable[random.index(below: usable.count)]
  }

  /// With a mark forgotten that the last line ends with.
  private func unclosed(_ edit: NumberedEdit) -> NumberedEdit? {
    guard let last = edit.lines.last, let mark = last.last, ":)]}".contains(mark) else {
      return nil
    }
    return NumberedEdit(old: edit.old, lines: edit.lines.dropLast() + [String(last.dropLast())])
  }

  /// As often in the right place as elsewhere.
  private func mistake(
    in change: Oracle.Change, not made: [NumberedEdit], random: inout SplitMix64
  ) -> NumberedEdit? {
    guard let before = change.before, let right = change.edits.first else { return nil }
    for _ in 0..<8 {
      var found: NumberedEdit?
      if random.index(below: 2) == 0 {
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        let edit = LineEdit(
          old: lines[(right.old.lowerBound - 1)..<right.old.upperBound].joined(separator: "\n"),
          new: right.lines.joined(separator: "\n"))
        found = WrongEdit.mistake(in: edit, random: &random).map {
          NumberedEdit(old: right.old, lines: ToolCall.lines($0))
        }
      } else {
        found = WrongEdit.elsewhere(in: before, not: change.edits.map(\.old), random: &random)
      }
      if let found, !made.contains(found) { return found }
    }
    return nil
  }

  /// One call is at first written wrongly; the format error says how, then it's written rightly.
  func malformed(random: inout SplitMix64) -> DemonstrationScript? {
    let script = straight()
    // Long calls go wrong most: an edit as often as any other.
    let repairs = script.steps.indices.filter { script.steps[$0].role == .repair }
    let place =
      random.index(below: 2) == 0 && !repairs.isEmpty
      ? repairs[random.index(below: repairs.count)]
      : random.index(below: script.steps.count)
    let candidates = MalformedCalls.of(script.steps[place].text, dialect: dialect)
    guard !candidates.isEmpty else { return nil }
    var steps = script.steps
    let wrong = candidates[random.index(below: candidates.count)]
    steps.insert(Step(text: wrong, isTrained: false, role: .malformed), at: place)
    return DemonstrationScript(steps: steps)
  }

  /// What a policy did of itself, then what is right in the state that it came to (DAgger, Ross et al. 2011),
  /// perhaps after a search.
  func corrected(
    _ own: ArraySlice<OwnBeginning.Action>, searching changes: [NumberedEdit]
  ) -> DemonstrationScript {
    // Looked at as in every demonstration, unless that is what it looks at already.
    let looked = own.last { $0.isView }?.text
    let views = opening().filter { $0.role == .repair }
    return DemonstrationScript(
      steps: own.map { Step(text: $0.text, isTrained: false, role: .own) }
        + (views.count == 1 && views[0].text == looked ? [] : views)
        + search(changes, after: own.map(\.text)) + closing())
  }

  func opening() -> [Step] {
    let views = oracle.changes.compactMap { change in
      change.before.map { Step(text: text(view(change.path, $0, change.after)), role: .repair) }
    }
    return (oracle.tellsOfAnException ? [Step(text: text(.test))] : []) + views
  }

  func repair() -> [Step] {
    oracle.changes.flatMap { change -> [Step] in
      guard change.before != nil else {
        let call = ToolCall.create(path: change.path, contents: change.after)
        return [Step(text: text(call), role: .repair)]
      }
      return change.edits.map { Step(text: text(call($0, change)), role: .repair) }
    }
  }

  private func call(_ edit: NumberedEdit, _ change: Oracle.Change) -> ToolCall {
    guard tries, change.before != nil else { return self.edit(edit, change) }
    // With its number, though the line could be found by its text: what line comes next in a search, and what line
    // feedback names, is a number.
    let trial = Self.trial(edit)
    return trial.numbered.map { .tryOut(lines: $0) }
      ?? .tryOut(firstLine: trial.firstLine, lastLine: trial.lastLine, lines: trial.lines)
  }

  static func trial(_ edit: NumberedEdit) -> Trial {
    let (first, last) = (edit.old.lowerBound, edit.old.upperBound)
    return Trial(firstLine: first, lastLine: first == last ? nil : last, lines: edit.lines)
  }

  private func edit(_ edit: NumberedEdit, _ change: Oracle.Change) -> ToolCall {
    // Where one file alone is looked at, an edit needn't name it.
    .editLines(
      path: oracle.changes.count == 1 ? nil : change.path, firstLine: edit.old.lowerBound,
      lastLine: edit.old.upperBound, lines: edit.lines)
  }

  func closing() -> [Step] {
    let submit = Step(text: text(.submit), role: .submit)
    return tries
      ? [submit] : [Step(text: text(.test), role: .repair), submit]
  }

  func text(_ call: ToolCall) -> String { dialect.render(call) }

  /// The lines that are looked at of the file that the one edit changes; nil where there are several edits.
  var shownLines: ClosedRange<Int>? {
    guard tries, let change = oracle.changes.first, let before = change.before,
      case .view(_, let first, let last) = view(change.path, before, change.after)
    else { return nil }
    return (first ?? 1)...(last ?? .max)
  }

  /// The whole file if a view shows it, else a window around what changes.
  private func view(_ path: String, _ before: String, _ after: String) -> ToolCall {
    let lines = before.split(separator: "\n", omittingEmptySubsequences: false).map {
      // The line's number, a separator and its line break.
      $0.utf8.count + 6
    }
    guard lines.count > viewLines || lines.reduce(0, +) > viewCharacters,
      let changed = LineEdits.changedLines(before, after)
    else { return .view(path: path) }
    var (first, last) = (changed.lowerBound, min(changed.upperBound, lines.count))
    var size = lines[(first - 1)..<last].reduce(0, +)
    while last - first + 1 < viewLines {
      var grew = false
      if first > 1, size + lines[first - 2] <= viewCharacters {
        size += lines[first - 2]
        first -= 1
        grew = true
      }
      if last < lines.count, size + lines[last] <= viewCharacters {
        size += lines[last]
        last += 1
        grew = true
      }
      guard grew else { break }
    }
    return .view(path: path, firstLine: first, lastLine: last)
  }
}
