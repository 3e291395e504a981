import LanguageModel

/// What one demonstration of a task is to show.
struct DemonstrationPlan: Hashable {
  var kind: Demonstration.Kind
  /// Wrong edits before the right one.
  var mistakes = 0
  /// Small changes that are tried before the right one, at most.
  var searches = 0
  /// Tells demonstrations apart that are drawn as often as wanted.
  var number = 0
  var hindsight: Demonstration.Hindsight

  /// Every kind with every first message.
  static let all = [(Demonstration.Kind.straight, 0), (.mended, 1), (.malformed, 0)].flatMap {
    kind, mistakes in
    Demonstration.Hindsight.own.map {
      DemonstrationPlan(kind: kind, mistakes: mistakes, hindsight: $0)
    }
  }

  /// As ``DemonstrationMaker/Selection/drawn(_:)`` says.
  ///
  /// - most: small changes that a search tries at most.
  static func draw(
    _ count: Int, searching most: Int, random: inout SplitMix64
  ) -> [DemonstrationPlan] {
    var plans: [DemonstrationPlan] = []
    for _ in 0..<(20 * count) where plans.count < count {
      let hindsight = hindsight(random: &random)
      // With a solution nothing is to be searched.
      if most > 0, hindsight == .none || hindsight == .feedback, random.index(below: 4) > 0 {
        plans.append(
          DemonstrationPlan(
            kind: .searched, searches: most, number: plans.count, hindsight: hindsight))
        continue
      }
      let (kind, mistakes): (Demonstration.Kind, Int) =
        switch random.index(below: 20) {
        case ..<5: (.straight, 0)
        case ..<10: (.mended, 1)
        case ..<13: (.mended, 2)
        case ..<16: (.mended, 3)
        case ..<18: (.mended, 5)
        default: (.malformed, 0)
        }
      let plan = DemonstrationPlan(kind: kind, mistakes: mistakes, hindsight: hindsight)
      if !plans.contains(plan) { plans.append(plan) }
    }
    return plans
  }

  /// So many that begin with what a policy did; without hindsight a search follows that.
  static func correct(
    _ count: Int, searching most: Int, random: inout SplitMix64
  ) -> [DemonstrationPlan] {
    (0..<count).map { number in
      let hindsight = hindsight(random: &random)
      return DemonstrationPlan(
        kind: .corrected,
        searches: hindsight == .none ? random.index(below: most + 1) : 0, number: number,
        hindsight: hindsight)
    }
  }

  private static func hindsight(random: inout SplitMix64) -> Demonstration.Hindsight {
    switch random.index(below: 24) {
    case ..<11: .none
    case ..<20: .feedback
    case ..<22: .solution
    default: .both
    }
  }
}

extension Demonstration.Hindsight {
  var content: HindsightConfiguration.Content? {
    switch self {
    case .none, .stray: nil
    case .feedback: .feedback
    case .solution: .solution
    case .both: .both
    }
  }
}
