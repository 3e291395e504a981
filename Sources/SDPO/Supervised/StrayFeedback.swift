import Agent
import LanguageModel

extension [Demonstration] {
  /// Half of those that tell nothing, drawn at random, tell of a failure in another repository: what isn't to the
  /// point changes nothing of what is to be done. Without that, a model learns to trust whatever it is told.
  public func withStrayFeedback(seed: UInt64) -> [Demonstration] {
    var random = SplitMix64(seeds: seed, 0x7374_7261_79)
    let told = filter { $0.hindsight == .feedback }
    let donors = Dictionary(
      uniqueKeysWithValues: Set(map(\.repository)).map { repository in
        (repository, told.filter { $0.repository != repository })
      })
    return map { demonstration in
      guard demonstration.hindsight == .none, random.index(below: 2) == 0,
        let others = donors[demonstration.repository], !others.isEmpty
      else { return demonstration }
      return demonstration.strayed(by: others[random.index(below: others.count)])
        ?? demonstration
    }
  }
}

extension Demonstration {
  /// With the hindsight of another one where it had none itself.
  fileprivate func strayed(by other: Demonstration) -> Demonstration? {
    guard let index = opening.firstIndex(where: { $0.role == .user }), let hint = other.hint else {
      return nil
    }
    var copy = self
    copy.hindsight = .stray
    copy.opening[index].content = OpeningPrompt.telling(hint, in: opening[index].content)
    return copy
  }

  /// What its first user message tells of an earlier attempt.
  var hint: Substring? {
    guard let text = opening.first(where: { $0.role == .user })?.content else { return nil }
    return HindsightContext.range(in: text).map { text[$0] }
  }
}
