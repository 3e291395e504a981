import Foundation

/// The family of divergences between student π and teacher q that distillation uses.
///
/// α = 1 is KL(π‖q), α = 0 is KL(q‖π); between, with m = (1−α)π + αq, the generalised
/// Jensen–Shannon divergence (1−α)·KL(π‖m) + α·KL(q‖m). It is taken over the student's `topK` most
/// likely tokens and, with `tail`, one bucket for all others; log-probabilities are normalised over
/// the whole vocabulary first. `topK` nil, or not below the vocabulary's size, is exact.
public struct Divergence: Sendable, Codable, Equatable {
  public var alpha: Double
  public var topK: Int?
  public var tail: Bool

  /// The divergence of "Reinforcement Learning via Self-Distillation": K = 100 with α = ½, K = 20
  /// with α = 1.
  public init(alpha: Double = 0.5, topK: Int? = 100, tail: Bool = true) {
    self.alpha = alpha
    self.topK = topK
    self.tail = tail
  }

  public static let jensenShannon = Divergence(alpha: 0.5, topK: 100)

  func validate() throws(SignalError) {
    guard alpha >= 0, alpha <= 1 else {
      throw SignalError("divergence alpha is \(alpha); it must lie between 0 and 1")
    }
    if let topK, topK < 1 {
      throw SignalError("divergence top-K is \(topK); it must be at least 1, or absent for exact")
    }
  }
}

/// A signal or teacher description that makes no sense, or buffers of the wrong size.
public struct SignalError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
