import Foundation
import Testing

/// `hindsight gap` on a tiny network and real tasks in the real sandbox.
@Suite struct GapCommandTests {
  private static let tasks = HindsightCommand.fixtures.appending(path: "tasks").path

  @Test func measuresEveryKindOfHindsight() throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let outcome = try HindsightCommand.run(
      [
        "gap", "--model", model, "--tasks", Self.tasks, "--episodes", "1", "--max-turns", "2",
        "--max-action-tokens", "10", "--json", "gap.json",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    for line in [
      "Correct actions of 3 tasks", "final feedback", "turn both", "next", "lookahead(2)",
      "Tasks solved at the first attempt", "shuffled feedback",
    ] {
      #expect(outcome.output.contains(line), "\(line): \(outcome.output)")
    }
    let record = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: folder["gap.json"])) as? [String: Any])
    let gap = try #require(record["gap"] as? [String: Any])
    let rows = try #require(gap["correct"] as? [[String: Any]])
    #expect(rows.count == 8)
    for row in rows {
      #expect(row["tasks"] as? Int == 3 && row["edits"] as? Int ?? 0 >= 3)
      let token = try #require(row["token"] as? [String: [String: Double]])
      for figure in ["hindsight", "shuffled", "difference"] {
        let interval = try #require(token[figure])
        let bounds = try ["low", "mean", "high"].map { try #require(interval[$0]) }
        #expect(bounds == bounds.sorted() && bounds[0] < bounds[2])
      }
    }
    let success = try #require(gap["success"] as? [[String: Any]])
    #expect(
      success.map { $0["told"] as? String }
        == ["nothing", "feedback", "solution", "both", "shuffled feedback"])
    // Nothing of the measuring stays.
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(!left.contains { $0.hasPrefix("hindsight-") }, "\(left)")
  }

  @Test func aSampleIsDrawn() throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let outcome = try HindsightCommand.run(
      [
        "gap", "--model", model, "--tasks", Self.tasks, "--episodes", "0", "--sample", "2",
        "--placement", "next", "lookahead(3)",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("Correct actions of 2 tasks"))
    #expect(!outcome.output.contains("Tasks solved"))
    #expect(outcome.output.contains("next") && outcome.output.contains("lookahead(3)"))
    #expect(!outcome.output.contains("final"))
  }

  @Test func refusesWhatMakesNoSense() throws {
    let folder = try TestFolder()
    let table: [([String], String)] = [
      (["--sample", "0"], "--sample is 0"),
      (["--episodes", "-1"], "--episodes is -1"),
      (["--feedback", "short"], "unknown feedback \"short\""),
      (["--placement", "last"], "unknown placement \"last\""),
      (["--model", "nowhere.gguf"], "nowhere.gguf: there is no such file"),
      (["--json", "nowhere/gap.json"], "there is no folder"),
      (["no-such-task"], "no task has the id \"no-such-task\""),
    ]
    for (more, sentence) in table {
      let outcome = try HindsightCommand.run(
        ["gap", "--tasks", Self.tasks] + more, in: folder.url)
      #expect(outcome.status == 2, "\(more): \(outcome.output)")
      #expect(outcome.errors.contains(sentence), "\(more): \(outcome.errors)")
    }
  }
}
