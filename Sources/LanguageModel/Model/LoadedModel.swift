import Foundation

/// A model ready to compute: weights in memory, tokenizer, chat format.
public struct LoadedModel: Sendable {
  /// The path as given: a `.gguf` file or a Hugging Face folder.
  public let path: String
  /// The path's last component without ".gguf": what people call the model.
  public let name: String
  /// Every file that determines what the model says; weights last. A digest covers all of them.
  public let files: [String]
  public let config: ModelConfig
  public let transformer: Transformer
  public let tokenizer: Tokenizer
  public let chatFormat: ChatFormat

  /// Reads a model's weights. fp32 takes 4 bytes a parameter, bf16 2 where no parameter of the base
  /// is to be `trainable`, 6 where one is.
  ///
  /// Throws one sentence if there's no such file, it isn't a supported model, the tokenizer has more
  /// tokens than the network has rows, or the chat template is neither ChatML nor Llama 3.
  public static func load(
    _ path: String, precision: Precision = .fp32, trainable: Bool = false
  ) throws(ModelError) -> LoadedModel {
    let files = try ModelFiles.find(path)
    let chatFormat = try files.chatFormat()
    return LoadedModel(
      files: files,
      transformer: try Transformer(files, precision: precision, trainable: trainable),
      chatFormat: chatFormat)
  }

  private init(files: ModelFiles, transformer: Transformer, chatFormat: ChatFormat) {
    path = files.path
    name = files.name
    self.files = files.files
    config = files.config
    self.transformer = transformer
    tokenizer = files.tokenizer
    self.chatFormat = chatFormat
  }
}

extension ModelFiles {
  /// The path's last component without ".gguf".
  public var name: String {
    let last = URL(fileURLWithPath: path).lastPathComponent
    return last.lowercased().hasSuffix(".gguf") ? String(last.dropLast(5)) : last
  }

  /// Opens a model, and says what to do if nothing is there.
  public static func find(_ path: String) throws(ModelError) -> ModelFiles {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ModelError("\(path): there is no such file; `make model` fetches the default one")
    }
    if isFolder.boolValue,
      !FileManager.default.fileExists(atPath: path + "/config.json")
    {
      throw ModelError(
        "\(path): the folder has no config.json; expected a Hugging Face model or a .gguf file")
    }
    return try ModelFiles(path: path)
  }
}

extension Transformer {
  /// Reads the weights of an opened model; `trainable` keeps them in fp32 beside what products read.
  public convenience init(
    _ files: ModelFiles, precision: Precision = .fp32, trainable: Bool = false
  ) throws(ModelError) {
    if precision == .quantized && trainable {
      throw ModelError("\(files.path): quantised weights can't be trained; use fp32 or bf16")
    }
    if precision == .fp32 || trainable {
      self.init(
        parameters: try Parameters(config: files.config, source: files.tensors),
        precision: precision)
    } else {
      self.init(
        try NetworkWeights(config: files.config, source: files.tensors, precision: precision))
    }
  }
}
