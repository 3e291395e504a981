import Foundation

/// A model as it lies on disk, whichever the format: its shape, weights, tokenizer and chat
/// format, checked against each other.
public struct ModelFiles: Sendable {
  /// The path as given.
  public let path: String
  /// Every file that determines what the model says, for a digest; weights last.
  public let files: [String]
  public let config: ModelConfig
  /// Holds every tensor of `expectedTensors(for: config)` with its shape.
  public let tensors: any TensorSource
  public let tokenizer: Tokenizer
  /// The model's own Jinja template, if it has one.
  public let chatTemplate: String?

  /// Opens a `.gguf` file or a Hugging Face folder. Weights are mapped, not read.
  public init(path: String) throws(ModelError) {
    self.path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ModelError("there is no model at \(path)")
    }
    if isFolder.boolValue {
      (config, tensors, tokenizer, chatTemplate, files) = try Self.open(folder: path)
    } else {
      (config, tensors, tokenizer, chatTemplate, files) = try Self.open(gguf: path)
    }
    if tokenizer.vocabularySize > config.vocabularySize {
      throw ModelError(
        "\(path): the tokenizer has \(tokenizer.vocabularySize) tokens, the network only"
          + " \(config.vocabularySize)")
    }
    try tensors.validate(for: config)
  }

  /// The chat format, recognised from the template; throws, quoting it, if it is another one.
  public func chatFormat() throws(ModelError) -> ChatFormat {
    try ChatFormat.recognise(template: chatTemplate, tokenizer: tokenizer, file: path)
  }

  private typealias Parts = (ModelConfig, any TensorSource, Tokenizer, String?, [String])

  private static func open(gguf path: String) throws(ModelError) -> Parts {
    let file = try GGUFFile(path: path)
    let config = try ModelConfig(file)
    let template = try GGUFHeader(file).string("tokenizer.chat_template")
    return (
      config, try GGUFTensors(file, config: config), try Tokenizer(file), template, [path]
    )
  }

  private static func open(folder: String) throws(ModelError) -> Parts {
    let configFile = folder + "/config.json"
    let generation = folder + "/generation_config.json"
    let tokenizerFile = folder + "/tokenizer.json"
    let hasGeneration = MappedFile.exists(generation)
    var config = try ModelConfig(
      configFile: configFile, generationConfig: hasGeneration ? generation : nil)
    let tensors = try HuggingFaceTensors(folder: folder)
    // Some configurations don't say that the head is tied; the weights do.
    if !config.tiedHead, tensors.shape(of: "lm_head.weight") == nil,
      try JSONObject(JSONParser.parse(file: configFile), file: configFile)
        .value("tie_word_embeddings") == nil
    {
      config.tiedHead = true
    }
    let tokenizer = try Tokenizer(tokenizerFile: tokenizerFile)
    let (template, templateFile) = try chatTemplate(folder: folder)
    let files =
      [configFile] + (hasGeneration ? [generation] : []) + [tokenizerFile]
      + (templateFile.map { [$0] } ?? []) + tensors.files
    return (config, tensors, tokenizer, template, files)
  }

  /// `chat_template.jinja`, or `chat_template` in `tokenizer_config.json`: a string, or a list of
  /// named ones of which "default" counts.
  private static func chatTemplate(
    folder: String
  ) throws(ModelError) -> (template: String?, file: String?) {
    let jinja = folder + "/chat_template.jinja"
    if MappedFile.exists(jinja) {
      let file = try MappedFile(jinja)
      return (String(decoding: file.bytes, as: UTF8.self), jinja)
    }
    let path = folder + "/tokenizer_config.json"
    guard MappedFile.exists(path) else { return (nil, nil) }
    let json = try JSONObject(JSONParser.parse(file: path), file: path)
    guard case .array(let items)? = try json.value("chat_template") else {
      return (try json.string("chat_template"), path)
    }
    for item in items {
      let entry = try JSONObject(item, file: path)
      if try entry.string("name") == "default" { return (try entry.string("template"), path) }
    }
    return (nil, path)
  }
}
