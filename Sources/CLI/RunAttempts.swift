internal import Agent
internal import Foundation
internal import SDPO
internal import Tools

/// Attempts at an issue, one after the other, each in a work tree of its own, until one passes the tests.
struct RunAttempts {
  let episode: Episode
  let policy: any Policy
  /// Learns from each attempt that failed, if that is wanted.
  let adaptation: Adaptation?
  /// What ``adaptation``'s adapter is for.
  let baseModel: String
  /// Whether each is told what the tests said of the one before.
  let tellsFeedback: Bool
  /// Of the first; the next ones follow.
  let seed: UInt64
  let scratch: TemporaryFolder
  let recorder: Recorder
  /// As many as there are attempts at most.
  let files: [RunFiles]

  struct Outcome {
    let best: RunAttempt
    /// What ended the attempts early; it takes nothing from those that were made.
    let trouble: (any Error)?
  }

  /// - beginning: what an only attempt goes on from.
  /// - Throws: if no attempt was made.
  func run(after beginning: EpisodeBeginning?) async throws -> Outcome {
    var tried: [RunAttempt] = []
    var trouble: (any Error)?
    var before: RunTests?
    do {
      if files.count > 1, case .snapshot(let base) = episode.assignment.source {
        if PythonTestCall(episode.assignment.testCommand ?? "") == nil {
          print(
            "The tests are believed what they print: --test is neither `python3 -m unittest …` nor pytest.\n"
          )
        }
        before = try await tests(of: base, named: "before")
      }
      for number in files.indices {
        if files.count > 1 { print("Attempt \(number + 1) of \(files.count)\n") }
        tried.append(try await attempt(number, after: beginning, told: tried.last))
        if tried[number].trajectory.stopReason == .cancelled { throw CancellationError() }
        if files.count == 1 { break }
        if let last = tried[number].trajectory.lastSnapshot {
          let tests = try await tests(of: judged(last), named: "\(number + 1)", since: before)
          let touched = tried[number].trajectory.protectedPathsTouched
          let how = touched.isEmpty ? "" : ", without its changes to tests and their configuration"
          print("\(tests.verdict) after attempt \(number + 1)\(how).\n")
          tried[number].tests = tests
        }
        if tried[number].testsPass { break }
        if let adaptation, number + 1 < files.count {
          try await learn(from: tried[number], by: adaptation)
        }
      }
    } catch {
      guard !tried.isEmpty else { throw error }
      trouble = error
    }
    let best = await tried.best { attempt in
      if let trouble { throw trouble }
      return try await approval(of: attempt)
    }
    return Outcome(best: best ?? tried[0], trouble: trouble)
  }

  private func attempt(
    _ number: Int, after beginning: EpisodeBeginning?, told earlier: RunAttempt?
  ) async throws -> RunAttempt {
    let place = Episode.Place(
      recorder: recorder, name: "attempt-\(number + 1)",
      workTree: scratch.path("work-\(number + 1)"))
    let transcript = TranscriptWriter(files[number].transcript)
    let trajectory = try await cancellingOnInterrupt {
      await episode.run(
        policy, at: place, seed: seed &+ UInt64(number),
        hindsight: tellsFeedback ? earlier?.hint : nil, after: beginning,
        observers: [transcript, LiveView(recorder)])
    }
    try transcript.finish(TranscriptEnd(trajectory))
    if trajectory.turns.isEmpty, case .infrastructure(let reason) = trajectory.stopReason {
      // It says nothing that this sentence doesn't.
      try? FileManager.default.removeItem(at: files[number].transcript)
      throw RunError(reason)
    }
    LiveView.ended(trajectory)
    return RunAttempt(
      trajectory: trajectory, files: files[number], number: files.count > 1 ? number + 1 : nil)
  }

  /// The state with tests and their configuration as they were before: whoever changes them can make them say
  /// anything.
  private func judged(_ state: Snapshot) throws -> Snapshot {
    guard case .snapshot(let base) = episode.assignment.source else { return state }
    return try recorder.snapshot(
      from: base, to: state, excluding: episode.assignment.protectedPaths.map(\.description))
  }

  /// What the tests say of where the agent began, or an attempt ended.
  private func tests(
    of state: Snapshot, named name: String, since before: RunTests? = nil
  ) async throws -> RunTests {
    try await cancellingOnInterrupt {
      let tests = try await RunTests(
        of: state, episode.assignment.testCommand ?? "", like: episode.environment,
        recorder: recorder, scratch: scratch, name: name, since: before)
      try Task.checkCancellation()
      return tests
    }
  }

  /// How a local model that knows what the tests said sees an attempt.
  private func approval(of attempt: RunAttempt) async throws -> Double {
    let (trajectory, feedback) = (attempt.trajectory, attempt.feedback ?? "")
    return try await cancellingOnInterrupt {
      if let adaptation {
        return try await adaptation.approval(of: trajectory, feedback: feedback)
      }
      guard let policy = policy as? LocalPolicy else {
        throw RunError("an endpoint judges nothing")
      }
      return try await Credit.approval(
        of: trajectory, feedback: feedback, policy: policy, dialect: episode.dialect,
        tools: episode.tools)
    }
  }

  /// Learns from a failed attempt and writes down what was learnt.
  private func learn(from attempt: RunAttempt, by adaptation: Adaptation) async throws {
    let folder = files[0].adapter
    do {
      let report = try await cancellingOnInterrupt {
        try await adaptation.learn(from: attempt.trajectory, feedback: attempt.feedback ?? "")
      }
      try await adaptation.save(to: folder, baseModel: baseModel)
      print(
        "Learnt from it: from hindsight, its tokens are \(nats(report.before)), then \(nats(report.after)) nats "
          + "away. Adapter: \(folder.path)\n")
    } catch let error as TrainingError {
      print("Nothing is learnt from it: \(error.description).\n")
    }
  }

  private func nats(_ value: Double) -> String { String(format: "%.4f", value) }
}
