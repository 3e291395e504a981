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

  /// Writes a JSON file anew with a line of Python about its value `d`.
  private func change(_ file: String, to other: String, _ line: String) throws {
    try folder.shell(
      "python3 -c \"import json; d = json.load(open('\(file)')); \(line); "
        + "json.dump(d, open('\(other)', 'w'))\"")
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

  /// Before 2.0 commands and exit codes stood in texts only. The end is that of its instructions for SWE-bench.
  @Test func whatAnEarlyMiniSWEAgentRecordedIsCarriedOutAgain() throws {
    try Data(
      #"""
      {"trajectory_format": "mini-swe-agent-1", "info": {"exit_status": "Submitted"}, "messages": [
        {"role": "system", "content": "s"}, {"role": "user", "content": "Add a file."},
        {"role": "assistant", "content": "I add it.\n\n```bash\necho 1 > new.txt && ls -la\n```"},
        {"role": "user", "content": "<returncode>0</returncode>\n<output>\nnew.txt\n</output>"},
        {"role": "assistant", "content": "No block here."},
        {"role": "user", "content": "Please always provide EXACTLY ONE action."},
        {"role": "assistant", "content": "```bash\ngit diff -- new.txt > patch.txt\n```"},
        {"role": "user", "content": "<returncode>0</returncode>\n<output>\n</output>"},
        {"role": "assistant", "content":
         "```bash\necho COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git add new.txt && git diff --cached\n```"},
        {"role": "user", "content": "diff --git a/new.txt b/new.txt"}]}
      """#.utf8
    ).write(to: folder["early.json"])
    let outcome = try command(
      "import", "early.json", "--repo", "repository", "--output", "early.jsonl")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.hasPrefix("4 turns carried out again"), "\(outcome.output)")
    let view = try command("replay", "early.jsonl").output
    #expect(view.contains("I add it.") && view.contains("new file mode 100644"))
    #expect(view.ranges(of: "→ format error").count == 1)
    #expect(view.contains("Ended after 4 turns: submitted"))
    let verified = try command("replay", "early.jsonl", "--verify", "--repo", "repository")
    #expect(verified.output.contains("all 4 turns are the same"), "\(verified.output)")

    try change("early.json", to: "none.json", "d['messages'] = [d['messages'][i] for i in (1, 4)]")
    let none = try command("import", "none.json", "--repo", "repository", "--output", "none.jsonl")
    #expect(none.status == 1, "\(none.errors)")
    #expect(none.output.hasPrefix("1 turn without an action that could be carried out"))
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

  @Test func anATIFThatWasEditedIsRefused() throws {
    try importRecorded(to: "mini.jsonl")
    #expect(
      try command("export", "mini.jsonl", "--format", "atif", "--output", "a.json").status == 0)
    func edit(_ line: String) throws -> HindsightCommand.Outcome {
      try folder.shell("rm -f out.jsonl")
      try change("a.json", to: "edited.json", "s = d['steps']; \(line)")
      return try command("import", "edited.json", "--output", "out.jsonl")
    }
    for (line, part) in [
      ("s[1]['reasoning_content'] = 'hm'", "step 2"),
      ("s[2]['tool_calls'][0]['arguments']['command'] = 'ls'", "step 3"),
      ("s[5]['message'] = s[3]['message'] = 'Other.'", "step 4"),
      ("s[4]['observation']['results'][0]['content'] = ''", "step 5"), ("del s[6]", "step 7"),
      ("s.append(s[6])", "step 8"), ("d['agent']['name'] = 'other'", "'agent.name'"),
      ("d['agent']['extra'] = {'a': 1}", "'agent.extra'"),
      ("d['final_metrics']['total_steps'] = 6", "'final_metrics.total_steps'"),
      ("del d['final_metrics']", "'final_metrics.total_completion_tokens'"),
    ] {
      let outcome = try edit(line)
      #expect(outcome.status == 2, "\(line): \(outcome.output)")
      #expect(
        outcome.errors.contains("edited.json: \(part) isn't what the transcript in 'extra'"),
        "\(line): \(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder["out.jsonl"].path))
    }
    // Written anew by a program that names every key.
    let nulls = "s[2]['reasoning_content'] = d['agent']['extra'] = d['notes'] = None"
    #expect(try edit(nulls).status == 0)
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
    try change("a.json", to: "b.json", "del d['extra']")
    try importRecorded(folder["b.json"].path, to: "again.jsonl")
  }

  @Test func miniSWEAgentsFormComesBack() throws {
    try importRecorded(to: "mini.jsonl")
    // Imported from ATIF, so that this form is made of the turns.
    _ = try command("export", "mini.jsonl", "--format", "atif", "--output", "a.json")
    try change("a.json", to: "b.json", "del d['extra']")
    try importRecorded(folder["b.json"].path, to: "turns.jsonl")
    #expect(
      try command("export", "turns.jsonl", "--format", "mini-swe-agent", "--output", "m.json")
        .status == 0)
    let mini = try json("m.json")
    #expect(mini["trajectory_format"] as? String == "mini-swe-agent-1.1")
    let roles = (mini["messages"] as? [[String: Any]])?.map { $0["role"] as? String }
    #expect(roles?.first == "system" && roles?.last == "exit" && roles?.count == 12)
    #expect(try command("import", "m.json", "--output", "back.jsonl").status == 0)
    #expect(try Data(contentsOf: folder["back.jsonl"]) == Data(contentsOf: folder["turns.jsonl"]))

    // Another program's, which doesn't know our lines, is carried out again.
    try change("m.json", to: "n.json", "del d['info']['hindsight']")
    try importRecorded(folder["n.json"].path, to: "again.jsonl")
    let chats = try command("export", "turns.jsonl", "again.jsonl", "--format", "openai").output
      // Carried out again, tests take another time.
      .replacing(/\d+\.\d+s\\n/, with: "<duration>")
      .split(separator: "\n")
    #expect(chats.count == 2 && chats[0].hasPrefix(#"{"messages":[{"content":"#))
    #expect(chats[0] == chats[1])
  }

  /// Of all that another program wrote nothing is lost, and nothing is added but the transcript that was made of it.
  @Test(arguments: [
    ("mini-swe-agent.traj.json", "mini-swe-agent"),
    ("mini-swe-agent-tools.traj.json", "mini-swe-agent"),
    // Written with Harbor 0.26.0's models: every field that they have.
    ("every-field.atif.json", "atif"),
  ])
  func whatCameInGoesOutAgain(file: String, format: String) throws {
    let (other, room) = format == "atif" ? ("mini-swe-agent", "extra") : ("atif", "info")
    let source = HindsightCommand.fixtures.appending(path: "transcripts/\(file)").path
    let made = try command("import", source, "--repo", "repository", "--output", "a.jsonl")
    #expect(made.status == 0, "\(made.output)\(made.errors)")
    // The second time by way of the other format.
    for (transcript, format) in [("a.jsonl", format), ("a.jsonl", other), ("b.jsonl", format)] {
      try folder.shell("rm -f out.json b.jsonl.new")
      let out = try command("export", transcript, "--format", format, "--output", "out.json")
      #expect(out.status == 0, "\(out.errors)")
      let back = try command("import", "out.json", "--output", "b.jsonl.new")
      #expect(back.status == 0, "\(back.errors)")
      try folder.shell("cmp a.jsonl b.jsonl.new && mv b.jsonl.new b.jsonl")
      if format == other { continue }
      try folder.shell(
        """
        python3 - '\(source)' out.json <<'END'
        import json, sys
        came, went = (json.load(open(file)) for file in sys.argv[1:])
        del went["\(room)"]["hindsight"]
        assert went == came
        END
        """)
    }
    let checked = try command("replay", "b.jsonl", "--verify", "--repo", "repository")
    #expect(checked.output.contains("turns are the same"), "\(checked.output)")
  }

  /// Our own lines need an object: nothing that another program wrote is replaced by them.
  @Test func anExtraThatIsNoObjectStays() throws {
    try Data(
      #"""
      {"schema_version": "ATIF-v1.6", "agent": {"name": "other", "version": "1"}, "extra": "mine",
       "steps": [{"step_id": 1, "source": "agent", "message": "A look.", "tool_calls": [
        {"tool_call_id": "a", "function_name": "bash", "arguments": {"command": "ls"}}]}]}
      """#.utf8
    ).write(to: folder["foreign.json"])
    let made = try command("import", "foreign.json", "--repo", "repository", "--output", "a.jsonl")
    #expect(made.status == 0, "\(made.output)\(made.errors)")
    let refused = try command("export", "a.jsonl", "--format", "atif", "--output", "a.json")
    #expect(
      refused.status == 2
        && refused.errors.contains("a.jsonl:1: 'imported.extra' isn't an object"),
      "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder["a.json"].path))
    let other = try command("export", "a.jsonl", "--format", "mini-swe-agent", "--output", "m.json")
    #expect(other.status == 0, "\(other.errors)")
    #expect(try command("import", "m.json", "--output", "b.jsonl").status == 0)
    try folder.shell("cmp a.jsonl b.jsonl")

    let help = try command("export", "--help").output
    #expect(help.contains("extra.hindsight") && help.contains("info.hindsight"), "\(help)")
  }

  /// Whether the record, the turns or what is exported of them was edited, it isn't passed on.
  @Test func whatWasEditedIsRefused() throws {
    try importRecorded(to: "mini.jsonl")
    _ = try command("export", "mini.jsonl", "--format", "mini-swe-agent", "--output", "m.json")
    let lines = "d['info']['hindsight']['lines']"
    for (edit, sentence) in [
      ("d['messages'][2]['content'] = 'ls'", "message 3 isn't what the transcript in 'info' says"),
      ("d['messages'][2]['extra']['cost'] = 1", "message 3 isn't what"),
      (
        "d['info']['submission'] = 'x'",
        "'info.submission' isn't what the transcript in 'info' says"
      ),
      (
        "\(lines)[0] = \(lines)[0].replace('I look.', 'I see.')",
        "out.jsonl:1: this line was changed"
      ),
      ("del \(lines)[2]", "what it says of the transcript is damaged"),
    ] {
      try change("m.json", to: "edited.json", edit)
      let outcome = try command("import", "edited.json", "--output", "out.jsonl")
      #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder["out.jsonl"].path))
    }
    try folder.shell("sed '1s/\"cost\":0/\"cost\":1/' mini.jsonl > edited.jsonl")
    for format in ["atif", "mini-swe-agent", "openai", "swebench"] {
      let outcome = try command("export", "edited.jsonl", "--format", format)
      #expect(outcome.status == 2 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("edited.jsonl:1: this line was changed"))
    }
  }

  @Test func badInputIsAnsweredWithOneSentence() throws {
    try folder.shell(
      """
      echo '{' > broken.json; echo '[]' > list.json; echo '{"a": 1}' > other.json
      echo '{"schema_version": "ATIF-v1.2", "steps": []}' > short.json
      echo '{"trajectory_format": "mini-swe-agent-1.1", "info": {}, "messages": []}' > mute.json
      (echo '{"schema_version": "ATIF-v1.2",'; echo '"steps": [1e400]}') > huge.json
      echo there > there.jsonl
      """)
    let cases: [([String], String)] = [
      (["nowhere.json"], "nowhere.json can't be read"), (["broken.json"], "not JSON"),
      (["list.json"], "expected a JSON object"), (["other.json"], "neither a schema_version"),
      (["huge.json"], "huge.json:2: the number 1e400 is out of range; expected one that"),
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
    let nested = String(repeating: "[", count: 510) + String(repeating: "]", count: 510)
    let record = #"""
      {"schema_version": "ATIF-v1.2", "agent": {"name": "other", "version": "1"},
       "notes": \#(nested), "steps": [{"step_id": 1, "source": "agent", "message": "Why."}]}
      """#
    try Data(record.utf8).write(to: folder["deep.json"])
    let deep = try command("import", "deep.json", "--repo", "repository", "--output", "out.jsonl")
    #expect(deep.status == 2 && deep.errors.contains("out.jsonl: a line cannot be encoded: "))
    #expect(!deep.errors.contains("notes"), "\(deep.errors.prefix(1_000))")
    #expect(!FileManager.default.fileExists(atPath: folder["out.jsonl"].path))
    let two = try command("export", "a.jsonl", "b.jsonl", "--format", "atif")
    #expect(two.status == 2 && two.errors.contains("give one"))
  }
}
