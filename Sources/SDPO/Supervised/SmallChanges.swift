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

  /// Of one line each, by its number, and of each line by kind.
  private var lines: [Int: [[NumberedEdit]]] = [:]

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
    lines = found.mapValues { kinds in kinds.sorted { $0.key < $1.key }.map(\.value) }
  }

  var isEmpty: Bool { lines.isEmpty }

  /// Changes in the order in which a bug is looked for that stands at line `right`: from a line at random downwards and
  /// on from the top, one or two changes of each line, until the right one has its turn, in the first round or, one
  /// time in three, the second. So wherever one begins, each line is looked at soon.
  ///
  /// - Parameters:
  ///   - most: of a longer walk, the last so many.
  ///   - suspects: lines that alone are looked at, if the bug may stand there; nil for all.
  func walk(
    to right: Int, most: Int, among suspects: IndexSet?, random: inout SplitMix64
  ) -> [NumberedEdit] {
    var left = lines
    if let suspects { left = left.filter { suspects.contains($0.key) } }
    let places = Set(left.keys).union([right]).sorted()
    let last = places.firstIndex(of: right) ?? 0
    let rounds = random.index(below: 3) == 0 ? 1 : 0
    let visits = rounds * places.count + random.index(below: places.count)
    var walk: [NumberedEdit] = []
    for visit in 0..<visits {
      let line = places[(last + places.count * 2 - visits + visit) % places.count]
      walk += Self.draw(1 + random.index(below: 2), from: &left[line, default: []], random: &random)
    }
    walk += Self.draw(random.index(below: 2), from: &left[right, default: []], random: &random)
    return walk.suffix(most)
  }

  /// As many, or all that there are: each time of a kind at random.
  private static func draw(
    _ count: Int, from kinds: inout [[NumberedEdit]], random: inout SplitMix64
  ) -> [NumberedEdit] {
    var drawn: [NumberedEdit] = []
    while drawn.count < count, !kinds.isEmpty {
      let kind = random.index(below: kinds.count)
      drawn.append(kinds[kind].remove(at: random.index(below: kinds[kind].count)))
      kinds.removeAll(where: \.isEmpty)
    }
    return drawn
  }
}
