internal import ArgumentParser
internal import LanguageModel

/// What `make model` fetches.
let defaultModel = "models/SmolLM2-135M-Instruct.Q4_1.gguf"

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
