import Foundation
import Testing

/// `hindsight replay --score` of episodes that a tiny network really played.
@Suite struct ScoreTests {
  private static let tasks = HindsightCommand.fixtures.appending(path: "tasks").path

  /// A transcript of an episode at mean-of-none, and its model.
  private func episode(_ folder: TestFolder) throws -> (transcript: String, model: String) {
    let model = try TinyModelFolder.make(in: folder)
    let outcome = try HindsightCommand.run(
      [
        "eval", "--model", model, "--tasks", Self.tasks, "--samples", "1", "--max-turns", "2",
        "--max-action-tokens", "12", "--output", "eval", "mean-of-none",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
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
