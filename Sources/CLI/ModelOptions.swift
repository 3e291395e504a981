internal import ArgumentParser
internal import LanguageModel

/// What `make model` fetches.
let defaultModel = "models/SmolLM2-135M-Instruct.Q4_1.gguf"

/// Its SHA-256, which scripts/fetch-model.sh checks too.
let defaultModelDigest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

/// A local model, for commands that look inside one.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A GGUF file or a Hugging Face folder.", valueName: "path"))
  var model = defaultModel
}

/// An adapter over a local model.
struct AdapterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A folder with a PEFT adapter for the model.", valueName: "dir"))
  var adapter: String?

  func load(_ config: ModelConfig) throws(ModelError) -> LoRAParameters? {
    guard let adapter else { return nil }
    return try LoRAParameters.load(folder: adapter, model: config)
  }
}
