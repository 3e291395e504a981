public import LanguageModel

/// What a signal has to know about one action position besides its logits.
public struct ActionRow: Sendable, Equatable {
  /// The token that was sampled at this position.
  public var token: TokenID
  /// Action mask × normaliser (1/N over the whole batch, never over a micro-batch). 0 excludes the
  /// position: its gradient is exactly 0 and nothing else of it is computed.
  public var weight: Float
  /// log π_rollout(token), under the sampling temperature.
  public var rolloutLogprob: Float
  /// log π_old(token) where the step makes more than one update from the same rollouts. Without it
  /// π_old is the detached π of this very pass: the ratio π/π_old is 1 and the correction
  /// π_old/π_rollout is π/π_rollout.
  public var oldLogprob: Float?
  /// The trajectory's advantage (for `modulate`: already modulated).
  public var advantage: Float
  /// The trajectory's reward in 0…1, read by `route` and `expert-iteration`.
  public var reward: Float
  /// Whether the teacher's row holds logits. A trajectory without hindsight has none, and gets no
  /// distillation.
  public var hasTeacher: Bool
  /// Index of the turn inside the trajectory, and of the trajectory inside the batch.
  public var turn: Int32
  public var trajectory: Int32

  public init(
    token: TokenID, weight: Float, rolloutLogprob: Float, oldLogprob: Float? = nil,
    advantage: Float = 0, reward: Float = 0, hasTeacher: Bool = true, turn: Int32 = 0,
    trajectory: Int32 = 0
  ) {
    self.token = token
    self.weight = weight
    self.rolloutLogprob = rolloutLogprob
    self.oldLogprob = oldLogprob
    self.advantage = advantage
    self.reward = reward
    self.hasTeacher = hasTeacher
    self.turn = turn
    self.trajectory = trajectory
  }
}

/// What was measured at one action position. Everything is under the rollout temperature and in
/// nats; nothing but `loss` is multiplied by the row's weight.
public struct RowStatistics: Sendable, Equatable {
  /// The row's contribution to the loss: weight × per-token loss. NaN when the row's logits were
  /// not finite (its gradient is then 0; the run should stop).
  public var loss: Double = 0
  /// D(π ‖ q) before any weight; 0 where the signal needs no divergence or there is no teacher.
  public var divergence: Double = 0
  /// The product of the detached, capped importance weights.
  public var importanceWeight: Double = 1
  /// Whether one of the ratios hit its cap (or, for `grpo`, the clip took the gradient away).
  public var capped = false
  /// log π and log q of the sampled token; the teacher's is nil where there is none.
  public var studentLogprob: Double = 0
  public var teacherLogprob: Double?
  public var entropy: Double = 0
  public var teacherEntropy: Double?
  /// The student's mass on the top-K tokens that the divergence looked at; nil without one.
  public var topKMass: Double?
  /// True for rows of weight 0: every other field then has its initial value.
  public var excluded = false

  public init() {}

  /// log q − log π of the sampled token: SDPO's own advantage at this position.
  public var gap: Double? { teacherLogprob.map { $0 - studentLogprob } }
}
