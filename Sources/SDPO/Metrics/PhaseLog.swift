import Agent
import Foundation
import Synchronization
import Tools

/// A stretch of time in which one thing was done.
public struct PhaseSpan: Sendable, Equatable {
  public enum Phase: String, Sendable, CaseIterable {
    case generation, tools, grading, teacher, forward, backward, optimizer, checkpoint
  }

  public var phase: Phase
  /// Seconds since 1970.
  public var start: Double
  public var seconds: Double
  /// Spans of one lane never overlap: 0 is the update, then an episode each.
  public var lane: Int
  /// What it was done for: "turn 2".
  public var label: String

  public init(
    _ phase: Phase, start: Double, seconds: Double, lane: Int = 0, label: String = ""
  ) {
    self.phase = phase
    self.start = start
    self.seconds = seconds
    self.lane = lane
    self.label = label
  }
}

/// Collects the spans of an update: a handful for each micro-batch, so that nothing is lost by
/// taking them always.
package final class PhaseLog: Sendable {
  fileprivate let collected = Mutex<[PhaseSpan]>([])

  package init() {}

  package var spans: [PhaseSpan] { collected.withLock { $0 } }

  func measure<Value>(_ phase: PhaseSpan.Phase, _ body: () throws -> Value) rethrows -> Value {
    let date = Date().timeIntervalSince1970
    let start = ContinuousClock.now
    defer {
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      collected.withLock { $0.append(PhaseSpan(phase, start: date, seconds: seconds)) }
    }
    return try body()
  }
}

extension PhaseLog {
  func measure<Value: Sendable>(
    _ phase: PhaseSpan.Phase, _ body: () async -> Value
  ) async -> Value {
    let date = Date().timeIntervalSince1970
    let start = ContinuousClock.now
    let value = await body()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    collected.withLock { $0.append(PhaseSpan(phase, start: date, seconds: seconds)) }
    return value
  }
}

extension Rollout {
  /// What the episode's time went to, read off its turns, and its grading.
  public func spans(lane: Int) -> [PhaseSpan] {
    var spans: [PhaseSpan] = []
    for turn in trajectory.turns {
      let label = "\(trajectory.taskID) #\(trajectory.sample), turn \(turn.number)"
      spans.append(
        PhaseSpan(
          .generation, start: turn.time, seconds: turn.policySeconds, lane: lane, label: label))
      guard let result = turn.result else { continue }
      spans.append(
        PhaseSpan(
          .tools, start: turn.time + turn.policySeconds, seconds: result.seconds, lane: lane,
          label: label + (turn.call.map { ": \($0.name)" } ?? "")))
    }
    if let grading {
      var span = grading
      span.lane = lane
      span.label = "\(trajectory.taskID) #\(trajectory.sample)"
      spans.append(span)
    }
    return spans
  }
}

extension [[Rollout]] {
  /// Of all episodes, on lanes 1, 2, …
  public var spans: [PhaseSpan] {
    joined().enumerated().flatMap { $1.spans(lane: $0 + 1) }
  }
}

extension [PhaseSpan] {
  /// Seconds of each phase by TensorBoard tag. Generation, tools and grading are sums over episodes
  /// that ran at the same time, so they may exceed the step's time.
  var metrics: [String: Double] {
    var values: [String: Double] = [:]
    for phase in PhaseSpan.Phase.allCases where phase != .checkpoint {
      values["time/\(phase.rawValue)_seconds"] = reduce(0) {
        $1.phase == phase ? $0 + $1.seconds : $0
      }
    }
    return values
  }
}
