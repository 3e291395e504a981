import Foundation

/// What drives the update at an action position (ALGORITHM's `signal`).
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

  /// Whether advantages or rewards enter.
  public var needsReward: Bool {
    switch self {
    case .grpo, .route, .modulate, .expertIteration: true
    case .mix(let lambda): lambda > 0
    case .distill, .sampledToken, .crossEntropy: false
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
extension Signal: CustomStringConvertible, Codable {
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

  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// `name` or `name(number)`: how signals and teachers are written.
struct CallSyntax {
  let text: String
  let what: String
  let name: String
  let argument: String?

  init(_ text: String, what: String) throws(SignalError) {
    self.text = text
    self.what = what
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    guard let open = trimmed.firstIndex(of: "(") else {
      name = trimmed
      argument = nil
      return
    }
    guard trimmed.last == ")" else {
      throw SignalError("\(what) \"\(text)\" has no closing parenthesis")
    }
    name = String(trimmed[..<open]).trimmingCharacters(in: .whitespaces)
    argument = trimmed[trimmed.index(after: open)...].dropLast().trimmingCharacters(
      in: .whitespaces)
  }

  func number(default fallback: Double) throws(SignalError) -> Double {
    guard let argument else { return fallback }
    guard let value = Double(argument), value.isFinite else {
      throw SignalError("\(what) \"\(text)\": \"\(argument)\" is not a number")
    }
    return value
  }

  func refuseArgument() throws(SignalError) {
    if argument != nil { throw SignalError("\(what) \"\(text)\": \(name) takes no number") }
  }
}
