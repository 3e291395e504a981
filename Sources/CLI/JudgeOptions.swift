internal import Agent
internal import ArgumentParser
internal import LanguageModel
internal import SDPO

/// Who writes critiques of failed trajectories, if anyone does.
struct JudgeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A judge: a model that writes a short critique of each failed episode, quoted beside the \
      tests' feedback. A GGUF file, a Hugging Face folder or the address of an OpenAI-compatible \
      endpoint.
      """, valueName: "path|url"))
  var judge: String?

  @Option(name: .customLong("judge-name"), help: "The judge's name at an endpoint.")
  var judgeName = "default"

  var configuration: JudgeConfiguration? {
    judge.map { JudgeConfiguration(model: $0, name: judgeName) }
  }
}

extension Judge {
  /// The judge that a configuration asks for, nil if none. It answers without randomness.
  ///
  /// - Parameters:
  ///   - policy: of the run, from the model at `path`. A judge from the same path shares its network, without
  ///     the adapter, unless training changes those weights.
  /// - Throws: one sentence when the model can't be used.
  static func make(
    _ configuration: JudgeConfiguration?, beside policy: LocalPolicy, at path: String,
    precision: Precision, isTrained: Bool = false
  ) throws -> Judge? {
    guard let configuration else { return nil }
    switch ModelReference(configuration.model) {
    case .remote(let address):
      var options = RemotePolicy.Options()
      options.temperature = 0
      return Judge(
        policy: try RemotePolicy(baseURL: address, model: configuration.name, options: options))
    case .local(let model):
      if model == path, !isTrained {
        return Judge(
          policy: LocalPolicy(
            engine: policy.engine, tokenizer: policy.tokenizer, chatFormat: policy.chatFormat,
            adapter: nil, sampling: .greedy, name: policy.identity.name,
            modelDigest: policy.identity.modelDigest))
      }
      return Judge(
        policy: try LocalPolicy(
          try LoadedModel.load(model, precision: precision), adapter: nil, adapterFolder: nil,
          sampling: .greedy))
    }
  }
}
