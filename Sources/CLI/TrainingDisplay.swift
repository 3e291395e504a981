internal import Foundation
internal import SDPO
internal import Synchronization

/// Shows a training run: a bar for the part under way, a line for every finished step.
final class TrainingDisplay: Sendable {
  private let steps: Int
  private let current = Mutex<(phase: String, reporter: ProgressReporter)?>(nil)

  init(steps: Int) { self.steps = steps }

  func show(_ event: Trainer.Event) {
    switch event {
    case .rolledOut(let done, let total): advance("Rolling out", to: done, of: total)
    case .updated(let done, let total): advance("Updating", to: done, of: total)
    case .finished(let report):
      finish()
      print(line(report))
    }
  }

  func finish() {
    current.withLock { current in
      current?.reporter.finish()
      current = nil
    }
  }

  private func advance(_ phase: String, to done: Int, of total: Int) {
    current.withLock { current in
      if current?.phase != phase {
        current?.reporter.finish()
        current = (phase, ProgressReporter(phase, total: total, unit: "episodes"))
      }
      current?.reporter.set(done)
    }
  }

  private func line(_ report: Trainer.StepReport) -> String {
    let values = report.metrics
    func number(_ key: String, _ format: String) -> String {
      values[key].map { String(format: format, $0) } ?? "–"
    }
    let seconds =
      (values["time/rollout_seconds"] ?? 0) + (values["time/update_seconds"] ?? 0)
    return [
      "step \(report.step)/\(steps)",
      "reward \(number("reward/mean", "%.3f"))",
      "loss \(number("loss", "%.5f"))",
      "gap \(number("advantage/hindsight", "%+.3f"))",
      "entropy \(number("policy/entropy", "%.3f"))",
      "malformed \(number("calls/malformed_rate", "%.2f"))",
      "grad \(number("grad_norm", "%.3f"))",
      "tokens \(number("policy/action_tokens", "%.0f"))",
      String(format: "%.0f s", seconds),
    ].joined(separator: "  ")
  }
}
