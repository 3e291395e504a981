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
}
