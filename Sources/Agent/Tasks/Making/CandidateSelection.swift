internal import Foundation
internal import Tools

/// Chooses among all that was found: nothing twice, nothing of training that is also held out, no package
/// above its limit. The choice depends on the seed and on what was found, not on the order of the work.
struct CandidateSelection {
  struct Item: Sendable {
    var package: SourceList.Package
    var subject: MakingResult.Subject
    var candidate: MakingResult.Candidate
  }

  let seed: Int
  private(set) var rejected: [(package: String, reason: String)] = []

  init(seed: Int) { self.seed = seed }

  mutating func select(_ items: [Item]) -> [Item] {
    var kept = items.sorted { Self.key($0).lexicographicallyPrecedes(Self.key($1)) }
    kept = withoutTwins(kept)
    kept = withoutHeldOutFunctions(kept)
    return withinLimits(kept)
  }

  private static func key(_ item: Item) -> [String] {
    let candidate = item.candidate
    return [
      item.package.split.rawValue, item.package.name, candidate.subject, candidate.function,
      candidate.operator, String(format: "%06d", candidate.line),
    ] + candidate.edit
  }

  /// Packages copy from each other: the same bug in the same function is one task.
  private mutating func withoutTwins(_ items: [Item]) -> [Item] {
    var seen: Set<[String]> = []
    return items.filter { item in
      let name = item.candidate.function.split(separator: ".").last.map(String.init) ?? ""
      let text = item.candidate.functionText
      let isNew = seen.insert([name, text, item.candidate.operator] + item.candidate.edit).inserted
      if !isNew { rejected.append((item.package.name, "same bug in the same function elsewhere")) }
      return isNew
    }
  }

  private mutating func withoutHeldOutFunctions(_ items: [Item]) -> [Item] {
    var heldOut: [String: FunctionLikeness] = [:]
    for item in items where item.package.split == .heldOut {
      let text = item.candidate.functionText
      if heldOut[text] == nil { heldOut[text] = FunctionLikeness(text) }
    }
    let known = heldOut.values.map { $0 }
    var verdicts: [String: Bool] = [:]
    return items.filter { item in
      guard item.package.split == .train else { return true }
      let text = item.candidate.functionText
      let isLike =
        verdicts[text]
        ?? {
          let mine = FunctionLikeness(text)
          return known.contains { $0.isLike(mine) }
        }()
      verdicts[text] = isLike
      if isLike { rejected.append((item.package.name, "like a held-out function")) }
      return !isLike
    }
  }

  private mutating func withinLimits(_ items: [Item]) -> [Item] {
    var result: [Item] = []
    for group in Dictionary(grouping: items, by: \.package.name).sorted(by: { $0.key < $1.key }) {
      guard let limit = group.value[0].package.limit, group.value.count > limit else {
        result += group.value
        continue
      }
      let drawn = group.value.map { (draw($0), $0) }.sorted { $0.0 < $1.0 }.prefix(limit)
      for _ in drawn.count..<group.value.count {
        rejected.append((group.key, "above the package's limit"))
      }
      result += drawn.map(\.1)
    }
    return result.sorted { Self.key($0).lexicographicallyPrecedes(Self.key($1)) }
  }

  private func draw(_ item: Item) -> String { Self.digest(seed, item) }

  /// A number for choices about one task, from the seed.
  static func choice(_ seed: Int, _ item: Item) -> Int {
    Int(digest(seed, item).prefix(12), radix: 16) ?? 0
  }

  private static func digest(_ seed: Int, _ item: Item) -> String {
    sha256Hex(Data("\(seed)\n\(key(item).joined(separator: "\n"))".utf8))
  }

  /// Ids for the tasks, in order: package, function, operator, and a number from the second on.
  static func ids(_ items: [Item]) -> [String] {
    var counts: [String: Int] = [:]
    return items.map { item in
      let parts = [item.package.name, item.candidate.function, item.candidate.operator]
      let base = parts.map { MadeTask.words($0, separator: "-") }.joined(separator: "-")
      counts[base, default: 0] += 1
      return counts[base]! == 1 ? base : "\(base)-\(counts[base]!)"
    }
  }
}
