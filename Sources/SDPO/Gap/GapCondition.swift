/// What a teacher is told and where: one row of the hindsight gap.
public struct GapCondition: Sendable, Hashable, Codable {
  public var placement: HindsightPlacement
  /// Nil for lookaheads, which tell what came of the actions themselves.
  public var content: HindsightConfiguration.Content?

  public init(_ placement: HindsightPlacement, _ content: HindsightConfiguration.Content?) {
    self.placement = placement
    if case .lookahead = placement { self.content = nil } else { self.content = content }
  }

  /// Every kind of hindsight.
  public static let all = [HindsightPlacement.final, .turn, .next, .lookahead(turns: 2)].flatMap(at)

  /// What can be told there.
  public static func at(_ placement: HindsightPlacement) -> [GapCondition] {
    if case .lookahead = placement { return [GapCondition(placement, nil)] }
    return HindsightConfiguration.Content.allCases.map { GapCondition(placement, $0) }
  }

  /// The kinds that a training run's teacher may be told. Where siblings' solutions are quoted beside
  /// feedback, groups without a success get the feedback alone, so each must do by itself.
  public static func of(_ configuration: HindsightConfiguration) -> [GapCondition] {
    let placement = configuration.placement ?? .final
    if case .lookahead = placement { return [GapCondition(placement, nil)] }
    let contents: [HindsightConfiguration.Content] =
      configuration.content == .both ? [.feedback, .solution] : [configuration.content]
    return contents.map { GapCondition(placement, $0) }
  }

  /// The words of `base`, told in this way.
  func configuration(
    _ base: HindsightConfiguration, control: HindsightConfiguration.Control
  ) -> HindsightConfiguration {
    var configuration = base
    configuration.placement = placement
    configuration.content = content ?? base.content
    configuration.feedbackOnlyWithoutSolution = false
    configuration.control = control
    return configuration
  }
}

extension GapCondition: CustomStringConvertible {
  public var description: String {
    content.map { "\(placement) \($0.rawValue)" } ?? "\(placement)"
  }
}
