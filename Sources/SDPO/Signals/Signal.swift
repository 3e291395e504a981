/// What drives the update at an action position.
public enum Signal: Sendable, Equatable {
  /// SDPO: the divergence from student to hindsight teacher at every action position.
  case distill
  /// sg(log π − log q) on log π(y): the expected gradient of reverse KL from the sampled token.
  case sampledToken
  /// Group-relative policy gradient with a clipped ratio.
  case grpo
  /// λ × `grpo` + (1 − λ) × `distill`, at the logits.
  case mix(lambda: Double)
  /// Rewards above the threshold train by `grpo`, the others by `distill` weighted exp(−H(q)).
  case route(threshold: Double)
  /// `grpo` on an advantage that hindsight has modulated turn by turn (see `TurnModulation`).
  case modulate(lambda: Double)
  /// Cross-entropy on trajectories whose reward is above the threshold.
  case expertIteration(threshold: Double)
  /// Cross-entropy on every action token: supervised warm start.
  case crossEntropy

  /// Whether a teacher pass is needed at all.
  public var needsTeacher: Bool {
    switch self {
    case .distill, .sampledToken, .route, .modulate: true
    case .mix(let lambda): lambda < 1
    case .grpo, .expertIteration, .crossEntropy: false
    }
  }

  func validate() throws(SignalError) {
    switch self {
    case .mix(let lambda), .modulate(let lambda):
      guard lambda >= 0, lambda <= 1 else {
        throw SignalError("\(self): lambda must lie between 0 and 1")
      }
    case .route(let threshold), .expertIteration(let threshold):
      guard threshold.isFinite else { throw SignalError("\(self): the threshold must be finite") }
    default: break
    }
  }
}

/// Written and read as in configuration files: `distill`, `mix(0.9)`, `route(0.5)`.
extension Signal: CallCodable {
  public var description: String {
    switch self {
    case .distill: "distill"
    case .sampledToken: "sampled-token"
    case .grpo: "grpo"
    case .mix(let lambda): "mix(\(lambda))"
    case .route(let threshold): "route(\(threshold))"
    case .modulate(let lambda): "modulate(\(lambda))"
    case .expertIteration(let threshold): "expert-iteration(\(threshold))"
    case .crossEntropy: "cross-entropy"
    }
  }

  public init(parsing text: String) throws(SignalError) {
    let call = try CallSyntax(text, what: "signal")
    switch call.name {
    case "distill": self = .distill
    case "sampled-token": self = .sampledToken
    case "grpo": self = .grpo
    case "mix": self = try .mix(lambda: call.number(default: 0.9))
    case "route": self = try .route(threshold: call.number(default: 0.5))
    case "modulate": self = try .modulate(lambda: call.number(default: 0.5))
    case "expert-iteration": self = try .expertIteration(threshold: call.number(default: 0.5))
    case "cross-entropy", "sft": self = .crossEntropy
    default:
      throw SignalError(
        "unknown signal \"\(text)\"; expected distill, sampled-token, grpo, mix(λ), "
          + "route(threshold), modulate(λ), expert-iteration or cross-entropy")
    }
    switch self {
    case .mix, .route, .modulate, .expertIteration: break
    default: try call.refuseArgument()
    }
    try validate()
  }
}
