internal import Agent
internal import ArgumentParser
internal import Foundation
internal import LanguageModel

/// Which policy a command uses.
struct PolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model: a GGUF file, a Hugging Face folder, or the address of an OpenAI-compatible endpoint, whose key is taken from HINDSIGHT_API_KEY or OPENAI_API_KEY.",
      valueName: "path|url"))
  var model = defaultModel

  @Option(help: "The model's name at an endpoint.")
  var modelName = "default"

  @Option(help: ArgumentHelp("A folder with a PEFT adapter for a local model.", valueName: "dir"))
  var adapter: String?

  @OptionGroup var precision: PrecisionOption

  @OptionGroup var sampling: SamplingOptions
}

/// Where a model is.
enum ModelReference: Equatable {
  case remote(address: String)
  case local(path: String)

  /// An address has a scheme; everything else is a path.
  init(_ text: String) {
    let lower = text.lowercased()
    let isAddress = lower.hasPrefix("http://") || lower.hasPrefix("https://")
    self = isAddress ? .remote(address: text) : .local(path: text)
  }
}

/// The policy that the options ask for. On a terminal an endpoint's answers are shown while they are written.
///
/// - Throws: one sentence when the model can't be used.
func makePolicy(_ options: PolicyOptions) async throws -> any Policy {
  switch ModelReference(options.model) {
  case .remote(let address):
    guard options.adapter == nil else {
      throw PolicyOptionsError("--adapter needs a local model, and \(address) is an endpoint")
    }
    guard options.sampling.topK == 0, options.sampling.minP == 0 else {
      throw PolicyOptionsError(
        "--top-k and --min-p need a local model, and \(address) is an endpoint")
    }
    var remote = RemotePolicy.Options()
    remote.temperature = options.sampling.temperature.decimal
    remote.topP = options.sampling.topP.decimal
    var onText: (@Sendable (String?) -> Void)?
    if let line = WritingLine.standard {
      onText = { if let piece = $0 { line.add(piece) } else { line.clear() } }
    }
    return try RemotePolicy(
      baseURL: address, model: options.modelName, options: remote, onText: onText)
  case .local(let path):
    return try makeLocalPolicy(path, options)
  }
}

private func makeLocalPolicy(_ path: String, _ options: PolicyOptions) throws -> any Policy {
  let model = try LoadedModel.load(path, precision: try options.precision.resolvedForInference)
  let adapter = try options.adapter.map { folder in
    try LoRAParameters.load(folder: folder, model: model.config)
  }
  return try LocalPolicy(
    model, adapter: adapter, adapterFolder: options.adapter, sampling: options.sampling.parameters)
}

/// A local policy whose adapter can be trained while it's used: the one from `--adapter`, or a fresh one.
func makeTrainablePolicy(_ options: PolicyOptions, seed: UInt64) throws -> LocalPolicy {
  guard case .local(let path) = ModelReference(options.model) else {
    throw PolicyOptionsError("--adapt needs a local model, and \(options.model) is an endpoint")
  }
  let model = try LoadedModel.load(path, precision: try options.precision.resolved)
  let adapter = try LoRAParameters.starting(
    from: options.adapter, or: LoRAConfig(rank: 8, alpha: 16), model: model.config, seed: seed)
  // What it learns is in no folder: the transcripts name none.
  return try LocalPolicy(
    model, adapter: adapter, adapterFolder: nil, sampling: options.sampling.parameters)
}

/// Why no policy can be made, as one sentence.
struct PolicyOptionsError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
