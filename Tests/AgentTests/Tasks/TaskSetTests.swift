import Agent
import Foundation
import Testing

struct TaskSetTests {
  @Test func sortedAndFiltered() throws {
    let all = try TaskSet.load(TaskFixtures.folder)
    #expect(all.tasks.map(\.id) == ["clamp-high", "greet-words", "mean-of-none"])
    #expect(try all.filtered(split: .heldOut).tasks.map(\.id) == ["clamp-high"])
    let some = try TaskSet.load(TaskFixtures.folder, ids: ["mean-of-none", "clamp-high"])
    #expect(some.tasks.map(\.id) == ["clamp-high", "mean-of-none"])
  }

  @Test func aTaskItselfIsASetOfOne() throws {
    let set = try TaskSet.load(TaskFixtures.folder.appending(path: "greet-words"))
    #expect(set.tasks.map(\.id) == ["greet-words"])
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func whatIsRefused() throws {
    #expect(
      message { _ = try TaskSet.load(TaskFixtures.folder, ids: ["nope"]) }
        == "no task has the id \"nope\"")
    #expect(
      message { _ = try TaskSet.load(TaskFixtures.folder, split: .heldOut, ids: ["greet-words"]) }
        == "no task is in the split \"held-out\"")
    #expect(
      message { _ = try TaskSet.load(URL(filePath: "/nowhere/tasks")) }
        == "the folder of tasks /nowhere/tasks can't be read, or isn't there")
    let task = try TaskFixtures.task("greet-words")
    #expect(
      message { _ = try TaskSet([task, task]) }.hasPrefix("two tasks have the id \"greet-words\""))
  }

  @Test func aFolderWithoutTasks() async throws {
    try await TaskFixtures.withCopy { copy in
      let inner = copy.appending(path: "environment")
      #expect(
        message { _ = try TaskSet.load(inner) }
          .hasSuffix("environment holds no folder with a task.toml"))
    }
  }

  @Test func aRepositoryInBothSplits() async throws {
    try await TaskFixtures.withCopy { copy in
      let other = copy.deletingLastPathComponent().appending(path: "other")
      try FileManager.default.copyItem(at: copy, to: other)
      try TaskFixtures.edit(other.appending(path: "task.toml")) {
        $0.replacing("\"train\"", with: "\"held-out\"")
      }
      #expect(
        message { _ = try TaskSet.load(copy.deletingLastPathComponent()) }
          == "repository \"stats\" must be wholly in one split, but mean-of-none is in train and other in "
          + "held-out")
    }
  }
}
