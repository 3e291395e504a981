import Foundation
import Testing

/// `hindsight replay --score` of episodes that a tiny network really played.
@Suite struct ScoreTests {
  private static let tasks = HindsightCommand.fixtures.appending(path: "tasks").path

  /// A transcript of an episode at mean-of-none, and its model.
  private func episode(
    _ folder: TestFolder, _ more: [String] = []
  ) throws -> (transcript: String, model: String) {
    let model = try TinyModelFolder.make(in: folder)
    let outcome = try HindsightCommand.run(
      [
        "eval", "--model", model, "--tasks", Self.tasks, "--samples", "1", "--max-turns", "2",
        "--max-action-tokens", "12", "--output", "eval", "mean-of-none",
      ] + more, in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let contexts = more.isEmpty ? "" : "in 2.0 contexts "
    #expect(outcome.output.contains("2.0 turns \(contexts)and"), "\(outcome.output)")
    let names =
      FileManager.default.enumerator(atPath: folder["eval"].path)?
      .compactMap { $0 as? String } ?? []
    let name = try #require(names.first { $0.hasSuffix(".jsonl") && $0.contains("mean-of-none") })
    return ("eval/\(name)", model)
  }

  @Test func everyTokenGetsItsCredit() throws {
    let folder = try TestFolder()
    let (transcript, model) = try episode(folder)
    let scored = try HindsightCommand.run(
      ["replay", "--score", transcript, "--model", model, "--html", "page.html"], in: folder.url)
    #expect(scored.status == 0, "\(scored.errors)")
    #expect(scored.output.contains("Turn 1  ") && scored.output.contains(" nats over 12 tokens"))
    #expect(scored.output.contains("page in page.html"))
    let page = try String(contentsOf: folder["page.html"], encoding: .utf8)
    #expect(page.contains("id=turn-1") && page.contains("id=turn-2"))
    #expect(page.contains("default-src 'none'") && !page.contains("<script"))
    #expect(page.contains("ZeroDivisionError"))
    #expect(page.contains("What each turn changed isn't shown"))
    // A random network says other things with another hint.
    let both = try HindsightCommand.run(
      [
        "replay", "--score", transcript, "--model", model, "--tasks", Self.tasks, "--hindsight",
        "both",
      ], in: folder.url)
    #expect(both.status == 0, "\(both.errors)")
    let lines = { (text: String) in text.split(separator: "\n").filter { $0.hasPrefix("Turn ") } }
    #expect(lines(both.output).count == 2 && lines(both.output) != lines(scored.output))
  }

  /// Each context is scored by itself: the second turn has read nothing of the first.
  @Test func contextsAreScoredByThemselves() throws {
    let folder = try TestFolder()
    let (transcript, model) = try episode(folder, ["--reset-after", "1"])
    try folder.shell(
      """
      python3 - <<'PYTHON'
      import json
      lines = [json.loads(line) for line in open("\(transcript)")]
      assert "new_context" not in lines[1] and lines[2]["new_context"] is True
      assert lines[1]["context_tokens"] == lines[2]["context_tokens"]
      second = dict(lines[2], turn=1)
      second.pop("new_context")
      last = dict(lines[3], turns=1)
      open("second.jsonl", "w").writelines(json.dumps(line) + "\\n" for line in [lines[0], second, last])
      PYTHON
      """)
    func turns(_ transcript: String) throws -> [Substring] {
      let scored = try HindsightCommand.run(
        ["replay", "--score", transcript, "--model", model], in: folder.url)
      #expect(scored.status == 0, "\(scored.errors)")
      return scored.output.split(separator: "\n").filter { $0.hasPrefix("Turn ") }
    }
    let (both, second) = (try turns(transcript), try turns("second.jsonl"))
    #expect(both.count == 2 && second.count == 1)
    let (found, expected) = ("Turn 2, in a new context", "Turn 1")
    #expect(both[1].hasPrefix(found) && second[0].hasPrefix(expected))
    #expect(both[1].dropFirst(found.count) == second[0].dropFirst(expected.count))
  }

  /// A run of one's own has no grade: what its tests said last is what hindsight knows.
  @Test func aRunIsScoredByItsOwnTests() throws {
    let folder = try TestFolder()
    let (transcript, model) = try episode(folder)
    try folder.shell(
      """
      python3 - <<'PYTHON'
      import json
      lines = [json.loads(line) for line in open("\(transcript)")]
      turn = lines[2]
      turn.pop("format_error", None)
      turn["call"] = {"name": "test", "arguments": {}}
      turn["result"] = {"text": "AssertionError: 42", "is_error": True, "exit_code": 1, "seconds": 0.1,
                        "timed_out": False, "out_of_memory": False}
      lines[-1].pop("grade")
      open("run.jsonl", "w").writelines(json.dumps(line) + "\\n" for line in lines)
      PYTHON
      """)
    let scored = try HindsightCommand.run(
      ["replay", "--score", "run.jsonl", "--model", model, "--html", "page.html"], in: folder.url)
    #expect(scored.status == 0, "\(scored.errors)")
    let page = try String(contentsOf: folder["page.html"], encoding: .utf8)
    #expect(page.contains("AssertionError: 42") && !page.contains("ZeroDivisionError"))
  }

  @Test func whatCantBeScored() throws {
    let folder = try TestFolder()
    let (transcript, model) = try episode(folder)
    try folder.shell("grep -v '\"type\":\"end\"' \(transcript) > cut.jsonl")
    try folder.shell("sed 's/Mend it/Mend all/' \(transcript) > other.jsonl")
    try folder.shell(
      "sed 's/\"action_tokens\":\\[[0-9,]*\\]/\"action_tokens\":[]/; s/\"logprobs\":\\[[-0-9.e,]*\\]/\"logprobs\":[]/' \(transcript) > bare.jsonl"
    )
    let table: [([String], String)] = [
      (["cut.jsonl"], "it holds no feedback on a failure"),
      (["other.jsonl"], "its first messages have other tokens with this model"),
      (["bare.jsonl"], "it holds no tokens"),
      ([transcript, "--hindsight", "solution", "--tasks", "eval"], "eval"),
      ([transcript, "--hindsight", "all"], "--hindsight"),
      ([transcript, "--html", "nowhere/page.html"], "but there is no folder"),
    ]
    for (more, sentence) in table {
      let outcome = try HindsightCommand.run(
        ["replay", "--score", "--model", model] + more, in: folder.url)
      #expect(outcome.status != 0, "\(more): \(outcome.output)")
      #expect(outcome.errors.contains(sentence), "\(more): \(outcome.errors)")
    }
  }
}
