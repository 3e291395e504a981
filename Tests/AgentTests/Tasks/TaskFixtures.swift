import Agent
import Foundation

/// The fixture tasks, and copies of them that a test may spoil.
enum TaskFixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/tasks")

  static func task(_ id: String) throws -> RepairTask {
    try RepairTask(directory: folder.appending(path: id))
  }

  /// Runs `body` with a copy of a fixture task in a folder of its own, deleted afterwards.
  static func withCopy<Value>(
    of id: String = "mean-of-none", _ body: (URL) async throws -> Value
  ) async throws -> Value {
    let parent = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: parent) }
    let copy = parent.appending(path: id)
    try FileManager.default.copyItem(at: folder.appending(path: id), to: copy)
    return try await body(copy)
  }

  static func edit(_ file: URL, _ change: (String) -> String) throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(change(text).utf8).write(to: file)
  }
}
