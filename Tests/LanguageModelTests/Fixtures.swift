import Foundation
import LanguageModel
import Testing

/// Where the tests find their files.
enum Fixtures {
  /// The package's folder.
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A file of Tests/Fixtures.
  static func path(_ name: String) -> String {
    package.appendingPathComponent("Tests/Fixtures").appendingPathComponent(name).path
  }

  /// A file of the reference values.
  static func reference(_ name: String) -> String { path("reference/" + name) }

  static let tinyModels = ["tiny-llama", "tiny-qwen2", "tiny-qwen3"]

  /// SmolLM2-135M-Instruct: the environment's HINDSIGHT_MODEL, or what `make model` fetches.
  static let model =
    ProcessInfo.processInfo.environment["HINDSIGHT_MODEL"]
    ?? package.appendingPathComponent("models/SmolLM2-135M-Instruct.Q4_1.gguf").path

  static let hasModel = FileManager.default.fileExists(atPath: model)

  /// For `.enabled(if: Fixtures.hasModel, Fixtures.modelReason)`.
  static let modelReason: Comment =
    "needs models/SmolLM2-135M-Instruct.Q4_1.gguf (or HINDSIGHT_MODEL); scripts/fetch-model.sh gets it"

  /// A file's lines of JSON.
  static func lines<T: Decodable>(_ path: String, as: T.Type) throws -> [T] {
    try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A)
      .map { try JSONDecoder().decode(T.self, from: $0) }
  }
}

/// A folder of one test, removed with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("hindsight-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file of the folder and returns its path.
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// Copies a file or a folder into the folder and returns its path.
  func copy(_ source: String, as name: String) throws -> String {
    let target = path + "/" + name
    try FileManager.default.copyItem(atPath: source, toPath: target)
    return target
  }
}
