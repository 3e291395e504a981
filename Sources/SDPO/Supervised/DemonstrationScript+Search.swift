import Tools

extension DemonstrationScript.Maker {
  /// Small changes that tests judge, a few in each turn, and the right one at the end of the last few; nil without
  /// any. All of it is learnt: this is how a bug is looked for that nothing points to.
  func searched(_ changes: [NumberedEdit]) -> DemonstrationScript? {
    let search = search(changes, after: [])
    return search.flatMap(\.changes).isEmpty
      ? nil : DemonstrationScript(steps: opening() + search + closing())
  }

  /// Tries of the changes and of the right one, in turns of up to ``mostTrials``, but for what was done before.
  func search(_ changes: [NumberedEdit], after done: [String]) -> [Step] {
    guard tries, let right = oracle.changes.first?.edits.first,
      let last = Self.trial(right).numbered
    else { return repair() }
    let known = Set(done.flatMap { $0.split(separator: "\n").map(String.init) })
    let new = changes.compactMap { change in Self.trial(change).numbered.map { (change, $0) } }
      .filter { _, lines in !known.contains(lines[0]) }
    var steps: [Step] = []
    var (few, lines): ([NumberedEdit], [String]) = ([], [])
    func add(_ role: DemonstrationScript.Role) {
      steps.append(Step(text: text(.tryOut(lines: lines)), role: role, changes: few))
    }
    for (change, line) in new + [(right, last)] {
      let characters = (lines + line).reduce(0) { $0 + $1.utf8.count + 1 }
      if !lines.isEmpty, few.count == Self.mostTrials || characters > Self.turnCharacters {
        add(.searched)
        (few, lines) = ([], [])
      }
      lines += line
      if change != right { few.append(change) }
    }
    add(.repair)
    return steps
  }

  /// Changes that one turn of a search tries. As many as fit, for an episode's turns are counted: with 1 to 6 of them
  /// at random, a policy tried 1.7 a turn.
  private static let mostTrials = 6
  /// What they have together: a policy's turn has 96 tokens in training.
  private static let turnCharacters = 220
}
