import Foundation
import LanguageModel

/// Where the teacher's weights come from. The teacher reads the hindsight context; the student
/// never does.
public enum TeacherKind: Sendable, Equatable {
  /// θ' ← (1 − rate)·θ' + rate·θ after every step.
  case ema(rate: Double)
  /// q ∝ q_reference^(1 − rate) · q_θ^rate, both in the hindsight context.
  case trustRegion(rate: Double)
  /// The weights that training started with.
  case frozen
  /// The student's own weights of this step.
  case current
  /// The student's weights, copied every `steps` steps.
  case snapshot(steps: Int)

  /// What happens to the teacher's own weights after the update of `step` (counted from 1).
  public enum Follow: Sendable, Equatable {
    case keep
    case blend(rate: Double)
    case copy
  }

  /// Whether its own weights stay as training found them.
  public var isFixed: Bool {
    switch self {
    case .frozen, .trustRegion: true
    case .ema, .current, .snapshot: false
    }
  }

  public func follow(step: Int) -> Follow {
    switch self {
    case .ema(let rate): .blend(rate: rate)
    case .current: .copy
    case .snapshot(let steps): step % steps == 0 ? .copy : .keep
    case .frozen, .trustRegion: .keep
    }
  }
}

extension TeacherKind: CallCodable {
  public var description: String {
    switch self {
    case .ema(let rate): "ema(\(rate))"
    case .trustRegion(let rate): "trust-region(\(rate))"
    case .frozen: "frozen"
    case .current: "current"
    case .snapshot(let steps): "snapshot(\(steps))"
    }
  }

  /// Reads `ema(0.05)`, `trust-region(0.01)`, `frozen`, `current`, `snapshot(10)`.
  public init(parsing text: String) throws(SignalError) {
    let call = try CallSyntax(text, what: "teacher")
    switch call.name {
    case "ema": self = try .ema(rate: call.number(default: 0.05))
    case "trust-region": self = try .trustRegion(rate: call.number(default: 0.01))
    case "frozen": self = .frozen
    case "current": self = .current
    case "snapshot":
      guard let steps = Int(exactly: try call.number(default: 10)), steps >= 1 else {
        throw SignalError("teacher \"\(text)\": a snapshot is taken every 1 or more whole steps")
      }
      self = .snapshot(steps: steps)
    default:
      throw SignalError(
        "unknown teacher \"\(text)\"; expected ema(rate), trust-region(rate), frozen, current or "
          + "snapshot(steps)")
    }
    switch self {
    case .ema(let rate), .trustRegion(let rate):
      guard rate >= 0, rate <= 1 else {
        throw SignalError("teacher \"\(text)\": the rate must lie between 0 and 1")
      }
    case .frozen, .current: try call.refuseArgument()
    case .snapshot: break
    }
  }
}

/// The teachers' arithmetic on flat buffers.
public enum TeacherMath {
  /// teacher ← (1 − rate)·teacher + rate·student, element by element. Rate 0 leaves the teacher's
  /// bits alone and rate 1 copies the student's.
  public static func blend(
    _ teacher: UnsafeMutableBufferPointer<Float>, toward student: UnsafeBufferPointer<Float>,
    rate: Double
  ) {
    lerp(teacher, toward: student, rate: rate)
  }

  /// Logits of the trust-region teacher, in place of the reference's: log q is, up to the
  /// normaliser, (1 − rate)·log q_reference + rate·log q_θ, and a softmax needs no normaliser.
  /// Both buffers hold the same rows, [R, V].
  public static func trustRegion(
    reference: UnsafeMutableBufferPointer<Float>, current: UnsafeBufferPointer<Float>, rate: Double
  ) {
    lerp(reference, toward: current, rate: rate)
  }

  private static func lerp(
    _ target: UnsafeMutableBufferPointer<Float>, toward source: UnsafeBufferPointer<Float>,
    rate: Double
  ) {
    precondition(target.count == source.count, "a teacher and its student have the same shape")
    guard let out = target.baseAddress, let new = source.baseAddress, rate != 0 else { return }
    if rate == 1 {
      out.update(from: new, count: target.count)
      return
    }
    let keep = Float(1 - rate)
    let take = Float(rate)
    parallelRows(target.count, minimumPerThread: 1 << 16) { range in
      for i in range { out[i] = keep * out[i] + take * new[i] }
    }
  }
}
