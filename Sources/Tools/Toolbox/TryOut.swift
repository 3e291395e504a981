import Foundation

extension Toolbox {
  /// An edit of the file viewed or changed last that is tested at once, and stays only if fewer of the visible
  /// tests fail with it: what SWE-agent does with a linter, done with tests.
  ///
  /// - first: the line most like the first of `lines` if nil; the new lines then get its indentation. So, too, where
  ///   the line with that number can't be meant, because there is none or a syntax error would come of it. Where a
  ///   few lines are alike it equally, each is tried until one helps.
  func tryOut(_ first: Int?, _ last: Int?, lines: [String]) async throws -> ToolResult {
    guard let testCommand else {
      throw Refusal("There are no visible tests to try it with: edit instead.")
    }
    guard let path = memory.openPath else { throw Refusal("No file was viewed yet: view one.") }
    var edits = try await placed(path, first, last, lines)
    let before: TestStanding
    if let known = memory.standing {
      before = known
    } else {
      before = TestStanding(try await runTests(testCommand, limits: testLimits))
      memory.standing = before
      // Tests may write files, this one too.
      edits = try await placed(path, first, last, lines)
    }
    guard !before.passes else {
      throw Refusal("All visible tests pass as it stands: submit, or edit instead.")
    }
    var told: [String] = []
    while true {
      let (text, after, result) = try await judge(edits.removeFirst(), before, testCommand)
      told.append(text)
      // One that had to be stopped ends it: the same call again goes on with the other places.
      let isLast = edits.isEmpty || after.wasStopped || memory.standing == nil
      if isLast || after.isBetter(than: before) {
        // Which limit stopped it depends on how busy the machine was, and a replay compares exit codes.
        return ToolResult(
          text: told.joined(separator: "\n"), exitCode: after.wasStopped ? nil : result.exitCode,
          isError: !after.passes, timedOut: after.wasStopped, outOfMemory: result.outOfMemory)
      }
    }
  }

  /// Makes the edit, tests it, takes it back if it doesn't help, and says so. The standing is unknown where it can't
  /// be taken back.
  private func judge(
    _ edit: PlacedEdit, _ before: TestStanding, _ testCommand: String
  ) async throws -> (text: String, after: TestStanding, result: CommandResult) {
    try write(edit.replacement)
    _ = memory.add(edit.replacement.change)
    let result = try await runTests(testCommand, limits: limits(after: before))
    let after = TestStanding(result)
    let place = edit.place
    let name =
      place.count == 1
      ? "Line \(place.lowerBound)" : "Lines \(place.lowerBound)-\(place.upperBound)"
    var text: String
    if after.isBetter(than: before) {
      memory.standing = after
      let digest = after.passes ? nil : testDigest?(result.output)
      text = digest.map { "\(name): kept. \($0)" } ?? "\(name): \(after.words). Kept."
    } else {
      text = "\(name): \(after.words)"
      text += after.words == before.words ? ", as before." : "."
      do throws(Refusal) {
        try takeBack(inVain: true)
        text += Self.takenBack
      } catch {
        memory.standing = nil
        text += " \(error.text)"
      }
    }
    return (text, after, result)
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
  private func placed(
    _ path: String, _ first: Int?, _ last: Int?, _ lines: [String]
  ) async throws -> [PlacedEdit] {
    guard let first else { return try await likePlaced(path, lines) }
    let last = last ?? first
    do {
      let edit = try await replacement(path, first, last, lines, isNew: true)
      return [PlacedEdit(place: first...last, replacement: edit)]
    } catch let refusal as Refusal where refusal.isOfPlace && first == last {
      do { return try await likePlaced(path, lines) } catch let other as Refusal {
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

extension ToolResult {
  /// Whether it is that of a try whose last edit was taken back.
  package var isTakenBack: Bool { text.hasSuffix(Toolbox.takenBack) }
}

/// How the visible tests stand.
struct TestStanding: Sendable, Hashable {
  var passes: Bool
  /// Whether a limit ended them.
  var wasStopped: Bool
  /// How many failed and passed; nil where the output is of no known runner, or not whole.
  var counts: Counts?
  var seconds: Double
  private var end: String

  struct Counts: Sendable, Hashable {
    var failed: Int
    var passed: Int
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
      counts = Counts(failed: summary.failed.count, passed: summary.passed)
    }
  }

  /// Whether fewer fail, of at least as many: what can't be loaded is one test, which fails.
  func isBetter(than other: TestStanding) -> Bool {
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
