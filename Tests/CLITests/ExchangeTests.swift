import Foundation
import Testing

/// `hindsight import` and `hindsight export`.
@Suite(.serialized) struct ExchangeTests {
  private let folder: TestFolder
  /// Recorded by mini-swe-agent 2.4.6, whose model was a script.
  private static let recorded =
    HindsightCommand.fixtures.appending(path: "transcripts/mini-swe-agent.traj.json").path
  /// The same with tool calls, several in most messages; the last call, after the submission, never ran.
  private static let withTools =
    HindsightCommand.fixtures.appending(path: "transcripts/mini-swe-agent-tools.traj.json").path

  init() throws {
    folder = try TestFolder()
    try folder.makeRepository()
  }

  private func command(_ arguments: String...) throws -> HindsightCommand.Outcome {
    try HindsightCommand.run(arguments, in: folder.url)
  }

  private func importRecorded(_ file: String = recorded, to name: String) throws {
    let outcome = try command("import", file, "--repo", "repository", "--output", name)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("5 turns carried out again"))
  }

  private func json(_ name: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: folder[name])) as? [String: Any])
  }

  @Test func whatMiniSWEAgentRecordedIsCarriedOutAgain() throws {
    try importRecorded(to: "mini.jsonl")
    let view = try command("replay", "mini.jsonl")
    #expect(view.output.contains("scripted mini-swe-agent, dialect bash"))
    #expect(view.output.contains("Please solve this issue: The mean of nothing fails."))
    #expect(view.output.contains("→ format error") && view.output.contains("No block here."))
    #expect(view.output.contains("Ended after 5 turns: submitted"))
    let verified = try command("replay", "mini.jsonl", "--verify", "--repo", "repository")
    #expect(verified.output.contains("all 5 turns are the same"), "\(verified.output)")
    let diff = try command("export", "mini.jsonl", "--format", "swebench").output
    #expect(diff.contains("+    if not values:") && diff.contains("\"instance_id\":\"import/"))

    // On other files a command fails that didn't then.
    try folder.shell(
      "cd repository && git mv stats/average.py stats/other.py && git -c user.name=a "
        + "-c user.email=a@b commit -q -m moved")
    let other = try command(
      "import", Self.recorded, "--repo", "repository", "--output", "other.jsonl")
    #expect(other.status == 1 && other.output.contains("turn 1: exit code 1 here, 0 recorded"))
  }

  @Test func severalCallsOfAMessageAreTurnsOfTheirOwn() throws {
    let outcome = try command(
      "import", Self.withTools, "--repo", "repository", "--output", "tools.jsonl")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("7 turns carried out again"))
    #expect(!outcome.output.contains("left out"))
    let view = try command("replay", "tools.jsonl").output
    #expect(view.contains("scripted openai/small, dialect bash"))
    #expect(view.contains("→ shell, exit code 1") && !view.contains("→ format error"))
    #expect(view.contains("Ended after 7 turns: submitted"))
    let verified = try command("replay", "tools.jsonl", "--verify", "--repo", "repository")
    #expect(verified.output.contains("all 7 turns are the same"), "\(verified.output)")

    _ = try command("export", "tools.jsonl", "--format", "openai", "--output", "chat.json")
    let messages = try #require(try json("chat.json")["messages"] as? [[String: Any]])
    let said = messages.filter { $0["role"] as? String == "assistant" }
      .compactMap { $0["content"] as? String }
    func block(_ command: String) -> String { "```mswea_bash_command\n\(command)\n```" }
    try #require(said.count == 7)
    #expect(said[0] == "I look.\n\n" + block("cat stats/average.py"))
    #expect(said[1] == block("ls tests") && said[2] == block("ls stats"))
    #expect(said[6] == "Done.\n\n" + block("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"))

    _ = try command("export", "tools.jsonl", "--format", "swebench", "--output", "patch.json")
    let prediction = try json("patch.json")
    #expect(prediction["model_name_or_path"] as? String == "openai/small/0")
    let patch = try #require(prediction["model_patch"] as? String)
    #expect(patch.contains("+    if not values:") && !patch.contains("deleted file"))
  }

  /// Each call of a step has its own result, and who calls nothing more has finished.
  @Test func severalCallsOfAForeignStepAreTurnsOfTheirOwn() throws {
    try Data(
      #"""
      {"schema_version": "ATIF-v1.6", "agent": {"name": "other", "version": "1", "model_name": "m"},
       "steps": [
        {"step_id": 1, "source": "user", "message": "Add two files."},
        {"step_id": 2, "source": "agent", "message": "Both.", "tool_calls": [
          {"tool_call_id": "a", "function_name": "bash", "arguments": {"command": "echo 1 > one.txt"}},
          {"tool_call_id": "b", "function_name": "bash", "arguments": {"command": "ls none"}},
          {"tool_call_id": "c", "function_name": "bash", "arguments": {"command": "echo 2 > two.txt"}}],
         "observation": {"results": [
          {"source_call_id": "b", "content": "<returncode>2</returncode>"},
          {"source_call_id": "c", "content": "<returncode>3</returncode>"},
          {"source_call_id": "a", "content": "<returncode>0</returncode>"}]}},
        {"step_id": 3, "source": "agent", "message": "They are there."}]}
      """#.utf8
    ).write(to: folder["foreign.json"])
    let outcome = try command(
      "import", "foreign.json", "--repo", "repository", "--output", "foreign.jsonl")
    // Only what was made up is another.
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(
      outcome.output.hasPrefix(
        "turn 3: exit code 0 here, 3 recorded\n4 turns carried out again"), "\(outcome.output)")
    let view = try command("replay", "foreign.jsonl").output
    #expect(view.contains("scripted m, dialect bash"))
    #expect(view.contains("Ended after 4 turns: submitted"))
    let patch = try command("export", "foreign.jsonl", "--format", "swebench").output
    #expect(patch.contains("one.txt") && patch.contains("two.txt"))
  }

  @Test func anATIFWhoseStepsWereEditedIsRefused() throws {
    try importRecorded(to: "mini.jsonl")
    #expect(
      try command("export", "mini.jsonl", "--format", "atif", "--output", "a.json").status == 0)
    func edit(_ line: String) throws -> HindsightCommand.Outcome {
      try folder.shell(
        "rm -f out.jsonl; python3 -c \"import json; d = json.load(open('a.json')); "
          + "s = d['steps']; \(line); json.dump(d, open('edited.json', 'w'))\"")
      return try command("import", "edited.json", "--output", "out.jsonl")
    }
    for (line, step) in [
      ("s[1]['reasoning_content'] = 'hm'", 2),
      ("s[2]['tool_calls'][0]['arguments']['command'] = 'ls'", 3),
      ("s[5]['message'] = s[3]['message'] = 'Other.'", 4),
      ("s[4]['observation']['results'][0]['content'] = ''", 5), ("del s[6]", 7),
      ("s.append(s[6])", 8),
    ] {
      let outcome = try edit(line)
      #expect(outcome.status == 2, "\(line): \(outcome.output)")
      #expect(
        outcome.errors.contains("edited.json: step \(step) isn't what the transcript in 'extra'"),
        "\(line): \(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder["out.jsonl"].path))
    }
    // Written anew by a program that names every key.
    #expect(try edit("s[2]['reasoning_content'] = None").status == 0)
    #expect(try Data(contentsOf: folder["out.jsonl"]) == Data(contentsOf: folder["mini.jsonl"]))
  }

  @Test func nothingIsLostOnTheWayThroughATIF() throws {
    try importRecorded(to: "mini.jsonl")
    #expect(
      try command("export", "mini.jsonl", "--format", "atif", "--output", "a.json").status == 0)
    let atif = try json("a.json")
    #expect(atif["schema_version"] as? String == "ATIF-v1.7")
    let steps = try #require(atif["steps"] as? [[String: Any]])
    #expect(steps.map { $0["step_id"] as? Int } == (1...7).map { $0 })
    #expect(
      steps.map { $0["source"] as? String }
        == ["system", "user", "agent", "agent", "agent", "agent", "agent"])
    let call = try #require((steps[2]["tool_calls"] as? [[String: Any]])?.first)
    #expect(call["function_name"] as? String == "shell")
    #expect(
      (call["arguments"] as? [String: String]) == ["command": "cat stats/average.py"])
    let results = (steps[2]["observation"] as? [String: Any])?["results"] as? [[String: Any]]
    #expect(results?.first?["source_call_id"] as? String == call["tool_call_id"] as? String)
    #expect((steps[3]["tool_calls"] as? [Any]) == nil)

    #expect(try command("import", "a.json", "--output", "back.jsonl").status == 0)
    #expect(try Data(contentsOf: folder["back.jsonl"]) == Data(contentsOf: folder["mini.jsonl"]))
    #expect(try command("replay", "--check", "back.jsonl").status == 0)

    // Another program's, which doesn't know our lines, is carried out again.
    try folder.shell(
      "python3 -c \"import json; d = json.load(open('a.json')); del d['extra']; "
        + "json.dump(d, open('b.json', 'w'))\"")
    try importRecorded(folder["b.json"].path, to: "again.jsonl")
  }

  @Test func miniSWEAgentsFormComesBack() throws {
    try importRecorded(to: "mini.jsonl")
    #expect(
      try command("export", "mini.jsonl", "--format", "mini-swe-agent", "--output", "m.json")
        .status == 0)
    let mini = try json("m.json")
    #expect(mini["trajectory_format"] as? String == "mini-swe-agent-1.1")
    let roles = (mini["messages"] as? [[String: Any]])?.map { $0["role"] as? String }
    #expect(roles?.first == "system" && roles?.last == "exit" && roles?.count == 12)
    try importRecorded(folder["m.json"].path, to: "again.jsonl")
    let chats = try command("export", "mini.jsonl", "again.jsonl", "--format", "openai").output
      // Carried out again, tests take another time.
      .replacing(/\d+\.\d+s\\n/, with: "<duration>")
      .split(separator: "\n")
    #expect(chats.count == 2 && chats[0].hasPrefix(#"{"messages":[{"content":"#))
    #expect(chats[0] == chats[1])
  }

  @Test func badInputIsAnsweredWithOneSentence() throws {
    try folder.shell(
      """
      echo '{' > broken.json; echo '[]' > list.json; echo '{"a": 1}' > other.json
      echo '{"schema_version": "ATIF-v1.2", "steps": []}' > short.json
      echo '{"trajectory_format": "mini-swe-agent-1.1", "info": {}, "messages": []}' > mute.json
      echo there > there.jsonl
      """)
    let cases: [([String], String)] = [
      (["nowhere.json"], "nowhere.json can't be read"), (["broken.json"], "not JSON"),
      (["list.json"], "expected a JSON object"), (["other.json"], "neither a schema_version"),
      (["short.json"], "'agent' is missing"), (["mute.json"], "no agent says anything"),
      ([Self.recorded], "give what it worked on with --repo"),
    ]
    for (arguments, expected) in cases {
      let outcome = try HindsightCommand.run(
        ["import", "--output", "out.jsonl"] + arguments, in: folder.url)
      #expect(outcome.status == 2 && outcome.errors.contains(expected), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder["out.jsonl"].path))
    }
    let there = try command(
      "import", Self.recorded, "--repo", "repository", "--output", "there.jsonl")
    #expect(there.status == 2 && there.errors.contains("is there already"))
    let two = try command("export", "a.jsonl", "b.jsonl", "--format", "atif")
    #expect(two.status == 2 && two.errors.contains("give one"))
  }
}
