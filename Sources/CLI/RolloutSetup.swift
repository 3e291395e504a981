internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import SDPO
internal import Tools

extension LocalPolicy {
  /// A policy over a loaded model and an adapter from a folder (nil: the base alone).
  ///
  /// - cacheBytes: what keys and values may take; nil is the engine's own choice.
  convenience init(
    _ model: LoadedModel, adapter: LoRAParameters?, adapterFolder: String?,
    sampling: SamplingParameters, cacheBytes: Int? = nil
  ) throws {
    self.init(
      engine: Engine(model.transformer, cacheBytes: cacheBytes), tokenizer: model.tokenizer,
      chatFormat: model.chatFormat, adapter: adapter, sampling: sampling, name: model.name,
      modelDigest: try ModelDigest.of(files: model.files),
      adapterDigest: try adapterFolder.map { try ModelDigest.of(adapter: $0) })
  }
}

extension LoRAParameters {
  /// The adapter of a folder, or a fresh one that changes nothing yet.
  static func starting(
    from folder: String?, or config: LoRAConfig, model: ModelConfig, seed: UInt64
  ) throws -> LoRAParameters {
    if let folder { return try load(folder: folder, model: model) }
    let adapter = LoRAParameters(config: config, model: model)
    adapter.initialize(seed: seed)
    return adapter
  }
}

/// Everything rollouts need, made once for a run in `folder`.
struct RolloutSetup {
  let dialect: any Dialect
  let environment: ToolEnvironment
  let limits: EpisodeLimits
  let concurrency: Int

  /// Of one tool's run.
  static let toolLimits = SandboxLimits(wallSeconds: 20, cpuSeconds: 20, memoryBytes: 1 << 30)

  init(_ options: EpisodeOptions) async throws {
    guard let dialect = Dialects.named(options.dialect),
      let sandbox = Sandbox(rawValue: options.sandbox)
    else { throw ValidationError("unknown dialect or sandbox") }
    if let problem = await sandbox.probe() { throw SetupError(description: problem) }
    self.dialect = dialect
    environment = ToolEnvironment(sandbox: sandbox, limits: Self.toolLimits)
    limits = options.limits
    concurrency = options.concurrency
  }

  func rollouts(
    _ policy: any Policy, folder: URL, tools: [ToolName]? = nil,
    partialCredit: PartialCredit = .none, feedback: FeedbackForm = .full, judge: Judge? = nil,
    concurrency: Int? = nil
  ) throws -> Rollouts {
    let work = folder.appending(path: "work")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    var rollouts = Rollouts(
      policy: policy, dialect: dialect,
      tools: tools ?? ToolName.allCases.filter(dialect.tools.contains), limits: limits,
      environment: environment,
      grader: Grader(
        sandbox: environment.sandbox, partialCredit: partialCredit,
        tightCharacters: feedback.tightCharacters),
      recorder: try Recorder(
        at: folder.appending(path: "recorder.git").path(percentEncoded: false)),
      workFolder: work, transcripts: folder.appending(path: "transcripts"),
      concurrency: concurrency ?? self.concurrency)
    rollouts.judge = judge
    return rollouts
  }
}

struct SetupError: Error, CustomStringConvertible {
  let description: String
}
