import Agent
import Foundation
import Testing
import Tools

@Suite struct VisibleTestsTests {
  private func test(_ failureCharacters: Int?) async throws -> ToolResult {
    let task = try TaskFixtures.task("mean-of-none")
    let folder = try EpisodeFolder()
    let workspace = try Workspace.materialize(
      task.assignment.source, recorder: folder.recorder, name: "t",
      at: folder.url.appending(path: "tree").path)
    var environment = Episodes.environment
    environment.failureCharacters = failureCharacters
    let average = workspace.path + "/stats/average.py"
    let text = try String(contentsOfFile: average, encoding: .utf8)
    try text.replacing("total(values) /", with: "total(valuse) /")
      .write(toFile: average, atomically: true, encoding: .utf8)
    return try await environment.toolbox(root: workspace.path, testCommand: task.testCommand)
      .run(.test)
  }

  @Test func anAgentIsToldTheFirstFailureInShort() async throws {
    let told = try await test(160)
    let lines = told.text.split(separator: "\n")
    #expect(lines[0].hasSuffix("fail. The first:"))
    #expect(told.text.contains("NameError") && told.text.contains("at: stats/average.py:"))
    #expect(told.isError && told.exitCode == 1)
    #expect(told.text.count < 220)
    #expect(try await test(nil).text.contains("First failure:"))
  }

  @Test func transcriptsFromBeforeKeepTheRunnersWords() throws {
    let encoder = JSONEncoder()
    var object = try #require(
      try JSONSerialization.jsonObject(with: encoder.encode(Episodes.environment))
        as? [String: Any])
    #expect(object["failure_characters"] as? Int == 160)
    object["failure_characters"] = nil
    let old = try JSONDecoder().decode(
      ToolEnvironment.self, from: JSONSerialization.data(withJSONObject: object))
    #expect(old.failureCharacters == nil)
  }
}
