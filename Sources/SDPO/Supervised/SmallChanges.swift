import Agent
import Foundation
import LanguageModel

/// Small changes to a file, of a few kinds: what is worth trying in search of a bug.
struct SmallChanges {
  /// Kinds of bugs, as `hindsight tasks make` names them, that are mended by a change of the same kind. Others may be
  /// mended by what only a kind that is held out would be: a condition that is negated, by another's `not`.
  static let kinds = [
    "comparison", "constant", "inverted-if", "loop-control", "operator", "swapped-operands",
    "wrong-variable",
  ]
  private static let limit = 400

  /// Of one line each: by line, and of each line by kind.
  private var lines: [[[NumberedEdit]]] = []

  static let none = SmallChanges()

  private init() {}

  /// Those that there are in a file which the solution changes, but for the solution.
  ///
  /// - Parameters:
  ///   - shown: the lines that a view shows: nobody can try another one.
  ///   - known: kinds that may be used; others are held out.
  ///   - scratch: a folder to work in, which is made and removed.
  /// - Throws: an error of the machine. A file that can't be parsed has none.
  init(
    of change: Oracle.Change, shown: ClosedRange<Int>, in task: RepairTask, known: Set<String>,
    scratch: URL, seed: UInt64
  ) async throws {
    defer { try? FileManager.default.removeItem(at: scratch) }
    let proposals = try await BugProposals(root: task.environmentDirectory, scratch: scratch).list(
      name: task.id, files: [change.path], language: task.language,
      operators: Self.kinds.filter(known.contains), seed: Int(truncatingIfNeeded: seed),
      limit: Self.limit)
    var found: [Int: [String: [NumberedEdit]]] = [:]
    for proposal in proposals {
      guard let edits = LineEdits.numbered(proposal.sound, proposal.mutated), edits.count == 1,
        edits[0].old.count == 1, edits[0].lines.count == 1, !change.edits.contains(edits[0]),
        case let line = edits[0].old.lowerBound, shown.contains(line)
      else { continue }
      found[line, default: [:]][proposal.operator, default: []].append(edits[0])
    }
    lines = found.sorted { $0.key < $1.key }.map { line in
      line.value.sorted { $0.key < $1.key }.map(\.value)
    }
  }

  var isEmpty: Bool { lines.isEmpty }

  /// As many, or all that there are: each time a line at random, then a kind, so that every line is looked at.
  func draw(_ count: Int, random: inout SplitMix64) -> [NumberedEdit] {
    var left = lines
    var drawn: [NumberedEdit] = []
    while drawn.count < count, !left.isEmpty {
      let line = random.index(below: left.count)
      let kind = random.index(below: left[line].count)
      let place = random.index(below: left[line][kind].count)
      drawn.append(left[line][kind].remove(at: place))
      left[line].removeAll(where: \.isEmpty)
      if left[line].isEmpty { left.remove(at: line) }
    }
    return drawn
  }
}
