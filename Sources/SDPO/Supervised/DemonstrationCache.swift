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

  private var partFile: URL { file.appendingPathExtension("part") }

  /// What an interrupted run with the same key had made, by task: nothing, and a new beginning, if
  /// there's none.
  public func begin(key: String) throws -> [String: DemonstrationMaker.Made] {
    let saved = (try? Data(contentsOf: partFile)) ?? Data()
    var lines = saved.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // A last line without its end was being written.
    lines = lines.dropLast()
    guard lines.first.map({ $0.elementsEqual(key.utf8) }) == true else {
      try Data((key + "\n").utf8).write(to: partFile, options: .atomic)
      return [:]
    }
    let whole = lines.reduce(0) { $0 + $1.count + 1 }
    if whole < saved.count { try saved.prefix(whole).write(to: partFile, options: .atomic) }
    let made = lines.dropFirst().compactMap {
      try? JSONDecoder().decode(DemonstrationMaker.Made.self, from: Data($0))
    }
    return Dictionary(made.map { ($0.task, $0) }) { $1 }
  }

  /// Keeps one task's demonstrations until all are made.
  public func append(_ made: DemonstrationMaker.Made) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let handle = try FileHandle(forWritingTo: partFile)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: try encoder.encode(made) + [UInt8(ascii: "\n")])
  }

  public func write(_ demonstrations: [Demonstration], key: String) throws {
    // A file without its key is made anew.
    try? FileManager.default.removeItem(at: keyFile)
    try Demonstration.write(demonstrations, to: file)
    try Data(key.utf8).write(to: keyFile, options: .atomic)
    try? FileManager.default.removeItem(at: partFile)
  }
}

extension DemonstrationMaker {
  /// A digest of all that demonstrations depend on: the tasks' files, the prompts, the seed.
  public func key(for tasks: [RepairTask]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var text = "15 \(dialect.name) \(seed) \(selection) \(maxCharacters ?? 0)"
    let searched = SmallChanges.kinds.filter(searchedKinds.contains)
    text += " \(searched.joined(separator: ",")) \(searched.isEmpty ? "" : BugProposals.digest)\n"
    for message in dialect.openingMessages(
      instruction: "i", files: ["f"], testCommand: "t", hindsight: "h", tools: tools)
    {
      text += message.content + "\n"
    }
    text += String(decoding: try encoder.encode(environment), as: UTF8.self) + "\n"
    text += String(decoding: try encoder.encode(hindsight), as: UTF8.self) + "\n"
    text += tasks.map(\.fingerprint).joined()
    text += String(decoding: try encoder.encode(tasks.map { beginnings[$0.id] }), as: UTF8.self)
    return sha256Hex(Data(text.utf8))
  }
}
