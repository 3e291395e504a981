/// What hindsight knows, measured: log-probabilities with it minus without.
public struct GapReport: Sendable, Codable, Equatable {
  /// How a mean over tasks differs with hindsight, with another task's, and between the two.
  public struct Figures: Sendable, Codable, Equatable {
    public var hindsight: MeanInterval
    /// The control; nil where no other task had anything to tell.
    public var shuffled: MeanInterval?
    /// Hindsight − control, paired by task.
    public var difference: MeanInterval?
    /// With hindsight, of each task by its id: whose hint misleads, say.
    public var byTask: [String: Double]
  }

  public struct Row: Sendable, Codable, Equatable {
    public var condition: GapCondition
    public var tasks: Int
    public var trajectories: Int
    public var edits: Int
    /// Mean of log q − log π over action tokens (of failed edits: over their tokens), in nats.
    public var token: Figures
    /// log q − log π of a whole edit, a mean over edits; nil where no edit was told anything.
    public var edit: Figures?
  }

  /// Correct actions, an oracle's: what helps makes them likelier.
  public var correct: [Row]
  /// Edits of the policy's own in episodes that failed: what knows better makes them less likely.
  public var blame: [Row]
  public var success: [SuccessGap]
  /// Tasks that gave no correct actions, and why, a sentence each.
  public var leftOut: [String]

  public init(
    correct: [Row], blame: [Row] = [], success: [SuccessGap] = [], leftOut: [String] = []
  ) {
    self.correct = correct
    self.blame = blame
    self.success = success
    self.leftOut = leftOut
  }
}

extension GapReport.Row {
  /// Which tokens the mean over tokens is taken over.
  package enum Tokens { case actions, edits }

  /// Nil if no trajectory was told anything in this way.
  package init?(
    _ condition: GapCondition, _ scores: [GapScore], tokens: Tokens, seed: UInt64
  ) {
    let own = scores.filter { $0.condition == condition }
    let told = own.filter { !$0.isShuffled }
    guard
      let token = GapReport.Figures(
        own, seed: seed,
        { scores in
          let sums = tokens == .actions ? scores.map(\.actions) : scores.flatMap(\.edits)
          let count = sums.reduce(0) { $0 + $1.tokens }
          return count > 0 ? sums.reduce(0) { $0 + $1.gap } / Double(count) : nil
        })
    else { return nil }
    self.condition = condition
    tasks = Set(told.map(\.task)).count
    trajectories = told.count
    edits = told.reduce(0) { $0 + $1.edits.count }
    self.token = token
    edit = GapReport.Figures(
      own, seed: seed,
      { scores in
        let edits = scores.flatMap(\.edits)
        return edits.isEmpty ? nil : edits.reduce(0) { $0 + $1.gap } / Double(edits.count)
      })
  }
}

extension GapReport.Figures {
  /// - figure: of one task's scores; nil where they hold nothing to take it over.
  init?(_ scores: [GapScore], seed: UInt64, _ figure: ([GapScore]) -> Double?) {
    func figures(_ isShuffled: Bool) -> [String: Double] {
      Dictionary(grouping: scores.filter { $0.isShuffled == isShuffled }, by: \.task)
        .compactMapValues(figure)
    }
    func interval(_ values: [String: Double]) -> MeanInterval? {
      MeanInterval(values.keys.sorted().compactMap { values[$0] }, seed: seed)
    }
    let (told, control) = (figures(false), figures(true))
    guard let hindsight = interval(told) else { return nil }
    self.hindsight = hindsight
    byTask = told
    shuffled = interval(control)
    let paired = told.compactMap { task, value in control[task].map { (task, value - $0) } }
    difference = interval(Dictionary(uniqueKeysWithValues: paired))
  }
}
