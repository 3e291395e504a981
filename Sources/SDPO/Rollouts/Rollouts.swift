public import Agent
public import Foundation
import LanguageModel
public import Tools

/// One graded episode.
public struct Rollout: Sendable {
  public var trajectory: Trajectory
  public var grade: Grade
  /// When it was graded, and how long that took.
  public var grading: PhaseSpan?
  /// What came of asking a judge; its critique, if there is one, is in the grade.
  public var judging = Judging.notAsked

  /// False for infrastructure failures: dropped and counted, never scored 0.
  public var counts: Bool { grade.reward != nil && !trajectory.stopReason.isInfrastructure }
}

extension [[Rollout]] {
  /// Why the first episode was dropped, if they all were: a full disk, a sandbox that doesn't start.
  public var reasonNothingCounts: String? {
    guard let first = joined().first, !joined().contains(where: \.counts) else { return nil }
    return first.trajectory.stopReason.detail ?? first.grade.infrastructureFailure
  }
}

/// Whether a judge was asked about a trajectory, and answered.
public enum Judging: Sendable, Equatable {
  /// There is no judge, or nothing to judge: the trajectory succeeded or doesn't count.
  case notAsked
  case answered
  case failed(String)
}

/// Runs episodes, so many at a time, and grades each when it has ended, beside the ones that go on.
public struct Rollouts: Sendable {
  public var policy: any Policy
  public var dialect: any Dialect
  public var tools: [ToolName]
  public var limits: EpisodeLimits
  public var environment: ToolEnvironment
  public var grader: Grader
  /// Asked about every graded trajectory that failed; nil asks nobody.
  public var judge: Judge?
  public var recorder: Recorder
  /// Where work trees are made; each is removed when its episode ends.
  public var workFolder: URL
  /// Where transcripts go; nil keeps none.
  public var transcripts: URL?
  /// Episodes under way at once: what the policy decodes together. One that is being graded has made
  /// room for the next.
  public var concurrency: Int
  /// What the first user message tells about an earlier attempt, by the task's id: to measure what it
  /// is worth. A student is told nothing.
  public var hindsight: [String: String] = [:]
  /// Gradings under way at once: tests need a processor each.
  public var graders = ProcessInfo.processInfo.activeProcessorCount

  public init(
    policy: any Policy, dialect: any Dialect, tools: [ToolName], limits: EpisodeLimits,
    environment: ToolEnvironment, grader: Grader, recorder: Recorder, workFolder: URL,
    transcripts: URL?, concurrency: Int
  ) {
    self.policy = policy
    self.dialect = dialect
    self.tools = tools
    self.limits = limits
    self.environment = environment
    self.grader = grader
    self.recorder = recorder
    self.workFolder = workFolder
    self.transcripts = transcripts
    self.concurrency = concurrency
  }

  /// `samples` episodes of each task: [tasks][samples], in that order.
  ///
  /// - label: names the trajectories in the recorder and the transcripts' folder; unique in a run.
  /// - step: part of every episode's seed.
  /// - finished: called as episodes end, in any order.
  public func run(
    _ tasks: [RepairTask], samples: Int, label: String, seed: UInt64, step: Int,
    finished: @escaping @Sendable (Rollout) -> Void = { _ in }
  ) async throws -> [[Rollout]] {
    var results = [[Rollout?]](
      repeating: [Rollout?](repeating: nil, count: samples), count: tasks.count)
    try await withThrowingTaskGroup(of: Event.self) { group in
      var next = 0
      var waiting: [Ended] = []
      var grading = 0
      func startEpisode() {
        guard next < tasks.count * samples else { return }
        let (task, sample) = (next / samples, next % samples)
        next += 1
        group.addTask {
          let (trajectory, writer) = try await run(
            tasks[task], sample: sample, label: label, seed: seed, step: step)
          return .ended(
            Ended(task: task, sample: sample, trajectory: trajectory, writer: writer))
        }
      }
      for _ in 0..<max(1, concurrency) { startEpisode() }
      while let event = try await group.next() {
        switch event {
        case .ended(let ended):
          waiting.append(ended)
          startEpisode()
        case .graded(let task, let sample, let rollout):
          grading -= 1
          results[task][sample] = rollout
          finished(rollout)
        }
        while grading < max(1, graders), !waiting.isEmpty {
          let ended = waiting.removeFirst()
          grading += 1
          group.addTask {
            .graded(
              task: ended.task, sample: ended.sample, try await grade(tasks[ended.task], ended))
          }
        }
      }
    }
    try Task.checkCancellation()
    return results.map { $0.compactMap { $0 } }
  }

  /// An episode before its grade; `task` and `sample` are its place in the results.
  private struct Ended: Sendable {
    let task: Int
    let sample: Int
    let trajectory: Trajectory
    let writer: TranscriptWriter?
  }

  private enum Event: Sendable {
    case ended(Ended)
    case graded(task: Int, sample: Int, Rollout)
  }

  private func run(
    _ task: RepairTask, sample: Int, label: String, seed: UInt64, step: Int
  ) async throws -> (Trajectory, TranscriptWriter?) {
    var random = SplitMix64(
      seeds: seed, UInt64(bitPattern: Int64(step)), Self.number(of: task.id), UInt64(sample))
    let name = "\(label)/\(task.id)/\(sample)"
    let episode = Episode(
      assignment: task.assignment, dialect: dialect, tools: tools, limits: limits,
      environment: environment)
    let writer = try transcripts.map { folder in
      let file = folder.appending(path: "\(label)/\(task.id)-\(sample).jsonl")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      // A step that is run again after a kill writes its transcripts anew.
      try? FileManager.default.removeItem(at: file)
      return TranscriptWriter(file)
    }
    let workTree = workFolder.appending(path: "\(label)-\(task.id)-\(sample)")
      .path(percentEncoded: false)
    try? FileManager.default.removeItem(atPath: workTree)
    let trajectory = await episode.run(
      policy, at: Episode.Place(recorder: recorder, name: name, workTree: workTree),
      sample: sample, seed: random.next(), hindsight: hindsight[task.id],
      observers: writer.map { [$0] } ?? [])
    return (trajectory, writer)
  }

  private func grade(_ task: RepairTask, _ ended: Ended) async throws -> Rollout {
    let trajectory = ended.trajectory
    let log = PhaseLog()
    var grade: Grade
    if let reason = trajectory.stopReason.detail {
      grade = .dropped(reason)
    } else if trajectory.stopReason == .cancelled {
      grade = .dropped("the episode was cancelled")
    } else {
      grade = await log.measure(.grading) {
        await grader.grade(task, patch: trajectory.finalDiff)
      }
    }
    var judging = Judging.notAsked
    if let judge, grade.reward != nil, !grade.resolved {
      let verdict = try await judge.critique(
        trajectory, instruction: task.instruction, grade: grade, seed: trajectory.seed)
      switch verdict {
      case .critique(let text): (grade.critique, judging) = (text, .answered)
      case .failed(let reason): judging = .failed(reason)
      }
    }
    if let writer = ended.writer {
      try writer.finish(TranscriptEnd(trajectory, grade: grade))
      writer.close()
    }
    return Rollout(trajectory: trajectory, grade: grade, grading: log.spans.first, judging: judging)
  }

  /// A task's number in seeds: FNV-1a of its id, so that it doesn't depend on the task set.
  static func number(of id: String) -> UInt64 {
    id.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
