public import Agent
public import Foundation
import LanguageModel
import Tools

/// Demonstrations kept in a file, as long as what they were made from is the same.
public struct DemonstrationCache: Sendable {
  public let file: URL
  private var keyFile: URL { file.appendingPathExtension("key") }

  public init(file: URL) { self.file = file }

  /// What was made from the same tasks in the same way, or nil.
  public func read(key: String) -> [Demonstration]? {
    guard let saved = try? String(contentsOf: keyFile, encoding: .utf8), saved == key else {
      return nil
    }
    return try? Demonstration.read(file)
  }

  public func write(_ demonstrations: [Demonstration], key: String) throws {
    // A file without its key is made anew.
    try? FileManager.default.removeItem(at: keyFile)
    try Demonstration.write(demonstrations, to: file)
    try Data(key.utf8).write(to: keyFile, options: .atomic)
  }
}

extension DemonstrationMaker {
  /// A digest of all that demonstrations depend on: the tasks' files, the prompts, the seed.
  public func key(for tasks: [RepairTask]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var text = "3 \(dialect.name) \(seed)\n"
    for message in dialect.openingMessages(
      instruction: "i", files: ["f"], testCommand: "t", hindsight: "h", tools: tools)
    {
      text += message.content + "\n"
    }
    text += String(decoding: try encoder.encode(environment), as: UTF8.self) + "\n"
    text += String(decoding: try encoder.encode(hindsight), as: UTF8.self) + "\n"
    text += tasks.map(\.fingerprint).joined()
    return sha256Hex(Data(text.utf8))
  }
}
