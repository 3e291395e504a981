import Foundation

extension Toolbox {
  /// Edits of the file viewed or changed last, each of which is tested at once and stays only if fewer of the visible
  /// tests fail with it: what SWE-agent does with a linter, done with tests. The first that helps ends the call.
  ///
  /// A trial without a number goes to the line most like the first of its lines, and gets that one's indentation. So
  /// does one whose number can't be meant, because there is no such line or a syntax error would come of it. Where a
  /// few lines are alike it equally, each is tried.
  func tryOut(_ trials: [Trial]) async throws -> ToolResult {
    guard let testCommand else {
      throw Refusal("There are no visible tests to try it with: edit instead.")
    }
    guard let path = memory.openPath else { throw Refusal("No file was viewed yet: view one.") }
    var told = Verdicts()
    var last: (after: TestStanding, ended: CommandResult)?
    trying: for (index, trial) in trials.enumerated() {
      guard index < Self.mostTrials else {
        told.refuse(trial, Refusal("Only \(Self.mostTrials) are tried at once."))
        continue
      }
      let edits: [PlacedEdit]
      do {
        let placed = try await placed(path, trial)
        // Tests may write files, this one too.
        let isNew = try await stand(testCommand)
        edits = isNew ? try await self.placed(path, trial) : placed
      } catch let refusal as Refusal where trials.count > 1 {
        told.refuse(trial, refusal)
        continue
      }
      guard let before = memory.standing, !before.passes else {
        throw Refusal("All visible tests pass as it stands: submit, or edit instead.")
      }
      for edit in edits {
        let (after, ended) = try await judge(edit, before, testCommand, &told)
        last = (after, ended)
        // One that had to be stopped ends it, too: the same call again goes on with the others.
        if after.isBetter(than: before) || after.wasStopped || memory.standing == nil {
          break trying
        }
      }
    }
    guard let (after, ended) = last else { throw Refusal(told.text) }
    // Which limit stopped it depends on how busy the machine was, and a replay compares exit codes.
    return ToolResult(
      text: told.text, exitCode: after.wasStopped ? nil : ended.exitCode,
      isError: !after.passes, timedOut: after.wasStopped, outOfMemory: ended.outOfMemory)
  }

  /// Of one call: each runs the tests.
  private static let mostTrials = 12

  /// Sees to it that it is known how the tests stand; says whether they had to be run for that.
  private func stand(_ testCommand: String) async throws -> Bool {
    guard memory.standing == nil else { return false }
    memory.standing = TestStanding(try await runShell(testCommand, limits: testLimits))
    return true
  }

  /// Makes the edit, tests it, takes it back if it doesn't help, and says so. The standing is unknown where it can't
  /// be taken back.
  private func judge(
    _ edit: PlacedEdit, _ before: TestStanding, _ testCommand: String, _ told: inout Verdicts
  ) async throws -> (after: TestStanding, ended: CommandResult) {
    try write(edit.replacement)
    _ = memory.add(edit.replacement.change)
    let result = try await runShell(testCommand, limits: limits(after: before))
    var after = TestStanding(result)
    if after.isBetter(than: before) {
      memory.standing = after
      let digest = after.passes ? nil : testDigest?(result.output)
      told.add(edit.place, digest.map { "kept. \($0)" } ?? "\(after.words). Kept.")
    } else {
      var text = after.words
      if after.passes, let (ran, all) = after.missing(since: before) {
        text += ", but only \(ran) of \(counted(all, "test")) ran"
        after.passes = false
      }
      text += text == before.words ? ", as before." : "."
      do throws(Refusal) {
        try takeBack(inVain: true)
        text += Self.takenBack
      } catch {
        memory.standing = nil
        text += " \(error.text)"
      }
      told.add(edit.place, text)
    }
    return (after, result)
  }

  /// What is tried may never end: it has ten times as long as the tests took before, at least three seconds of
  /// the processor; as long as ever where they didn't get to the end of it.
  private func limits(after before: TestStanding) -> SandboxLimits {
    var limits = testLimits
    guard let counts = before.counts, counts.passed > 0 else { return limits }
    limits.cpuSeconds = min(limits.cpuSeconds, max(3, Int(before.seconds * 10) + 1))
    return limits
  }

  static let takenBack = " Taken back."

  /// A replacement, and the lines that it replaces.
  private struct PlacedEdit {
    var place: ClosedRange<Int>
    var replacement: Replacement
  }

  /// The edits that are meant, in the order in which they are tried; at least one.
  ///
  /// - Throws: ``Refusal``, as of what was tried in vain before.
  private func placed(_ path: String, _ trial: Trial) async throws -> [PlacedEdit] {
    guard let first = trial.firstLine else { return try await likePlaced(path, trial.lines) }
    let last = trial.lastLine ?? first
    do {
      let edit = try await replacement(path, first, last, trial.lines, isNew: true)
      return [PlacedEdit(place: first...last, replacement: edit)]
    } catch let refusal as Refusal where refusal.isOfPlace && first == last {
      do { return try await likePlaced(path, trial.lines) } catch let other as Refusal {
        throw other.isOfPlace ? refusal : other
      }
    }
  }

  /// The edits that put `lines` where the line stands that is most like the first of them.
  private func likePlaced(_ path: String, _ lines: [String]) async throws -> [PlacedEdit] {
    let (file, _) = try text(path, try files.resolve(path))
    guard let wanted = lines.first.map({ Array($0.utf8)[...] }), !wanted.trimmed.isEmpty else {
      throw Refusal(
        "Expected the new line, or the number of a line to take away.", isOfPlace: true)
    }
    let numbers: [Int]
    switch LikeLine.find(wanted, in: file.lines) {
    case .none:
      throw Refusal(
        "No line of \(path) is like that one: view it, or give the number.", isOfPlace: true)
    case .line(let number): numbers = [number]
    case .several(let all): numbers = all
    }
    if lines.count == 1, numbers.contains(where: { file.lines[$0 - 1].trimmed == wanted.trimmed }) {
      throw Refusal("That is what stands there; nothing would change.")
    }
    guard numbers.count <= LikeLine.mostPlaces else {
      let all = numbers.prefix(12).map(String.init).joined(separator: ", ")
      throw Refusal("Lines \(all) are alike it: give the number.", isOfPlace: true)
    }
    var edits: [PlacedEdit] = []
    var refusal: Refusal?
    for number in numbers {
      let (from, to) = (Array(wanted.indentation), Array(file.lines[number - 1].indentation))
      let moved = lines.map { line in
        let bytes = Array(line.utf8)
        return bytes.starts(with: from)
          ? String(decoding: to + bytes.dropFirst(from.count), as: UTF8.self) : line
      }
      do {
        let edit = try await replacement(path, number, number, moved, isNew: true)
        edits.append(PlacedEdit(place: number...number, replacement: edit))
      } catch let error as Refusal { refusal = refusal ?? error }
    }
    if edits.isEmpty, let refusal { throw refusal }
    return edits
  }
}

/// What is said of the changes that one call tries: those with the same outcome together, in the order in which it
/// came, and first those that weren't tried.
private struct Verdicts {
  private var refused: [(text: String, lines: [String])] = []
  private var judged: [(text: String, lines: [String])] = []

  mutating func add(_ place: ClosedRange<Int>, _ text: String) {
    let name =
      place.count == 1 ? "\(place.lowerBound)" : "\(place.lowerBound)-\(place.upperBound)"
    Self.add(name, text, to: &judged)
  }

  /// What a refusal shows below its first line is only shown of a change that is tried alone.
  mutating func refuse(_ trial: Trial, _ refusal: Refusal) {
    var text = String(refusal.text.prefix { $0 != "\n" })
    if text.last == ":" { text = text.dropLast() + "." }
    Self.add(trial.firstLine.map(String.init) ?? "?", text, to: &refused)
  }

  var text: String {
    (refused + judged).map { text, lines in
      let isOne = lines.count == 1 && !lines[0].contains("-")
      return "\(isOne ? "Line" : "Lines") \(lines.joined(separator: ", ")): \(text)"
    }.joined(separator: "\n")
  }

  private static func add(
    _ name: String, _ text: String, to told: inout [(text: String, lines: [String])]
  ) {
    if let index = told.firstIndex(where: { $0.text == text }) {
      told[index].lines.append(name)
    } else {
      told.append((text, [name]))
    }
  }
}

extension ToolResult {
  /// Whether it is that of a try whose last edit was taken back.
  package var isTakenBack: Bool { text.hasSuffix(Toolbox.takenBack) }
}

/// How the visible tests stand.
package struct TestStanding: Sendable, Hashable {
  package var passes: Bool
  /// Whether a limit ended them.
  var wasStopped: Bool
  /// How many failed and passed; nil where the output is of no known runner, or not whole.
  var counts: Counts?
  var seconds: Double
  private var end: String

  struct Counts: Sendable, Hashable {
    var failed: Int
    var passed: Int
    /// Some runners count a test that fails in several ways as several failures, but as one that ran.
    var ran: Int
    var total: Int { failed + passed }
  }

  init(_ result: CommandResult) {
    passes = result.succeeded
    seconds = result.seconds
    wasStopped =
      result.stoppedBy != nil || result.signal == SIGKILL || result.signal == SIGXCPU
    // Not by which limit: how long they may take depends on the machine, and a replay compares words.
    end =
      wasStopped
      ? "the tests had to be stopped"
      : result.exitCode.map { "the tests end with exit code \($0)" } ?? "the tests crash"
    let isWhole = !wasStopped && result.signal == nil && result.elidedBytes == 0
    if isWhole, let summary = TestSummary(result.output) {
      counts = Counts(
        failed: summary.failed.count, passed: summary.passed, ran: summary.ran)
    }
  }

  /// How many tests ran; nil where nobody knows.
  package var ran: Int? { counts?.ran }

  /// How many tests ran, and how many did before, if those are more: who ends the tests early, or takes the output
  /// away, passes by the exit code.
  func missing(since other: TestStanding?) -> (ran: Int, before: Int)? {
    guard let before = other?.ran, before > ran ?? 0 else { return nil }
    return (ran ?? 0, before)
  }

  /// Whether fewer fail, of at least as many: what can't be loaded is one test, which fails.
  func isBetter(than other: TestStanding) -> Bool {
    guard missing(since: other) == nil else { return false }
    if passes || other.passes { return passes && !other.passes }
    guard let counts, let before = other.counts else { return false }
    return counts.failed < before.failed && counts.total >= before.total
  }

  var words: String {
    guard let counts, counts.total > 0, passes == (counts.failed == 0) else {
      return passes ? "the tests pass" : end
    }
    let tests = counts.total == 1 ? "test" : "tests"
    return passes
      ? "all \(counts.total) \(tests) \(counts.total == 1 ? "passes" : "pass")"
      : "\(counts.failed) of \(counts.total) \(tests) \(counts.total == 1 ? "fails" : "fail")"
  }
}
