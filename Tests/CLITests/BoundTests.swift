import Foundation
import Testing

@Suite struct BoundTests {
  @Test(arguments: [("gold", "100.0 %", true), ("empty", "0.0 %", false)])
  func everyEvaluationLiesBetween(_ policy: String, _ share: String, _ hasPatch: Bool) throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      [
        "eval", "--policy", policy, "--model", "none.gguf", "--output", "bound", "--tasks",
        HindsightCommand.fixtures.appending(path: "tasks").path, "mean-of-none", "greet-words",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("pass@1 \(share)"), "\(outcome.output)")
    let predictions = try String(contentsOf: folder["bound/predictions.jsonl"], encoding: .utf8)
    #expect(predictions.split(separator: "\n").count == 2)
    #expect(predictions.contains("diff --git") == hasPatch)
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: folder["bound/swebench/0.json"]))
        as? [String: Any])
    #expect(report["schema_version"] as? Int == 2 && report["total_instances"] as? Int == 2)
    let ids = ["greet-words", "mean-of-none"]
    for (key, isFull) in [
      ("submitted", true), ("completed", hasPatch), ("resolved", hasPatch), ("unresolved", false),
      ("empty_patch", !hasPatch), ("error", false),
    ] {
      #expect(report["\(key)_ids"] as? [String] == (isFull ? ids : []), "\(key)")
      #expect(report["\(key)_instances"] as? Int == (isFull ? 2 : 0), "\(key)")
    }
    #expect(report["incomplete_ids"] as? [String] == [])
  }

  @Test(arguments: ["gold", "empty"])
  func aBoundIsMeasuredOnce(_ policy: String) throws {
    let folder = try TestFolder()
    let tasks = HindsightCommand.fixtures.appending(path: "tasks").path
    for (option, sentence) in [
      ("--samples", "--samples is 2, expected 1: --policy \(policy) does the same each time"),
      ("--k", "--k is 2, expected 1 to the number of samples, 1"),
    ] {
      let outcome = try HindsightCommand.run(
        ["eval", "--policy", policy, "--tasks", tasks, option, "2"], in: folder.url)
      #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder["runs"].path))
  }

  /// A report says what ended the episodes: one that ran out of time may say more about the machine.
  @Test func whatEndedEpisodesIsShown() throws {
    let folder = try TestFolder()
    let report = """
      {"dropped":0,"episodes":10,"malformedShare":0,"meanActionTokens":1,"meanTurns":1,"passAtK":[],
       "stopReasons":{"submitted":2,"time_limit":7,"turn_limit":1},"submittedShare":0.2,"tasks":[]}
      """
    try Data(report.utf8).write(to: folder["report.json"])
    let outcome = try HindsightCommand.run(["report", "."], in: folder.url)
    let endings = "20.0 % submitted, 70.0 % ended by time_limit, 10.0 % ended by turn_limit, 1.0"
    #expect(outcome.output.contains(endings), "\(outcome.output) \(outcome.errors)")
  }
}
