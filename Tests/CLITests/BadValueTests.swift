import Foundation
import Testing

/// Values that no run can have: each is refused with a sentence and exit code 2, and nothing is lost.
@Suite struct BadValueTests {
  private static let transcript = HindsightCommand.fixtures
    .appending(path: "../../transcripts/base64-accents.jsonl").standardizedFileURL
  /// A transcript as it was before lines carried digests, which may be changed unnoticed.
  private static func unmarked() throws -> String {
    try String(contentsOf: transcript, encoding: .utf8)
      .replacing(/"(previous|digest)":"[0-9a-f]{64}",/, with: "")
  }
  private static let ownTasks = HindsightCommand.fixtures
    .appending(path: "../../tasks").standardizedFileURL.path
  private static let tasks = HindsightCommand.fixtures.appending(path: "tasks").path

  private func expect(_ sentence: String, of arguments: [String], in folder: TestFolder) throws {
    let outcome = try HindsightCommand.run(arguments, in: folder.url)
    #expect(outcome.status == 2, "\(arguments): \(outcome.output)\(outcome.errors)")
    #expect(outcome.errors.contains(sentence), "\(arguments): \(outcome.errors)")
  }

  @Test(arguments: [
    (#""lineWidth":160"#, #""lineWidth":-1"#, ":1: environment.options.lineWidth is -1"),
    (#""wallSeconds":\d+"#, #""wallSeconds":1e300"#, "wallSeconds is 1e+300, expected more than 0"),
    (#""processes":\d+"#, #""processes":9223372036854775807"#, "limits.processes is 92"),
    (#""outputBytes":\d+"#, #""outputBytes":0"#, "limits.outputBytes is 0, expected 1 to"),
    (#""turns":\d+"#, #""turns":0"#, ":1: limits.turns is 0"),
    (#""sandbox":"bubblewrap""#, #""sandbox":"none""#, "recorded without a sandbox"),
  ])
  func limitsOfATranscript(pattern: String, value: String, sentence: String) throws {
    let folder = try TestFolder()
    let text = try Self.unmarked()
    let changed = text.replacing(try Regex(pattern), with: value, maxReplacements: 1)
    #expect(changed != text)
    try Data(changed.utf8).write(to: folder["changed.jsonl"])
    for mode in [["--verify"], ["--fork-from", "2"]] {
      try expect(
        sentence, of: ["replay", "changed.jsonl", "--tasks", Self.ownTasks] + mode, in: folder)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        .filter { $0.hasSuffix(".jsonl") } == ["changed.jsonl"])
  }

  @Test func whatHasNoDigests() throws {
    let folder = try TestFolder()
    let text = try Self.unmarked()
    try Data("\(text.prefix { $0 != "\n" })\n".utf8).write(to: folder["killed.jsonl"])
    let killed = try HindsightCommand.run(["replay", "--check", "killed.jsonl"], in: folder.url)
    #expect(
      killed.status == 1 && killed.output.contains("1 line is as written; the end is missing"))
    try Data("{}\n".utf8).write(to: folder["other.jsonl"])
    try expect(
      "other.jsonl:1: expected the header of a transcript",
      of: ["replay", "--check", "other.jsonl"],
      in: folder)
  }

  @Test func anExportDoesNotReplaceItsTranscript() throws {
    let folder = try TestFolder()
    try FileManager.default.copyItem(at: Self.transcript, to: folder["a.jsonl"])
    for output in ["a.jsonl", "../\(folder.url.lastPathComponent)/a.jsonl"] {
      try expect(
        "a.jsonl is a transcript",
        of: ["export", "a.jsonl", "--format", "openai", "--output", output],
        in: folder)
    }
    #expect(try Data(contentsOf: folder["a.jsonl"]) == Data(contentsOf: Self.transcript))
  }

  @Test(arguments: [
    (["--lora-rank", "100000"], "--lora-rank is 100000"),
    (["--group-size", "9223372036854775807"], "group size is 9223372036854775807"),
    (["--tasks-per-step", "4096", "--group-size", "4096"], "too many for a step"),
    (["--concurrency", "9223372036854775807"], "--concurrency is 9223372036854775807"),
    (["--turns-distilled", "-3"], "turns distilled is -3"),
    (["--episode-seconds", "1e300"], "--episode-seconds is 1e+300"),
    (["--control", "random-magnitude"], "needs --signal modulate(λ), and the signal is grpo"),
    (["--control", "random"], "expected one of none, shuffled-feedback, random-magnitude"),
  ])
  func optionsOfTraining(options: [String], sentence: String) throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let arguments = [
      "train", "--model", model, "--tasks", Self.tasks, "--signal", "grpo", "--output", "run",
    ]
    try expect(sentence, of: arguments + options, in: folder)
    #expect(!FileManager.default.fileExists(atPath: folder["run"].path))
  }

  /// Before any work: a pre-flight takes minutes, and its advice would be another.
  @Test func outputsThatCannotBe() throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    try FileManager.default.createDirectory(at: folder["run"], withIntermediateDirectories: true)
    for name in ["run/config.json", "run/report.json", "file"] {
      try Data("{}".utf8).write(to: folder[name])
    }
    let work = [
      ["train", "--signal", "distill", "--tasks", Self.tasks, "--model", model],
      ["eval", "--tasks", Self.tasks, "--model", model],
    ]
    for arguments in work {
      try expect("run already holds a", of: arguments + ["--output", "run"], in: folder)
      try expect("file is a file", of: arguments + ["--output", "file"], in: folder)
      try expect(
        "nowhere/trace can't be written",
        of: arguments + ["--output", "new", "--trace", "nowhere/trace"],
        in: folder)
    }
    #expect(!FileManager.default.fileExists(atPath: folder["new"].path))
    try expect(
      "config.json: this isn't a training configuration", of: ["train", "--resume", "run"],
      in: folder)
    let measured = [
      (["bench", "--model", model], "--json"),
      (["replay", "--score", Self.transcript.path, "--model", model], "--html"),
    ]
    for (arguments, option) in measured {
      for (place, sentence) in [("nowhere/a", "there is no folder"), ("run", "which is a folder")] {
        try expect(sentence, of: arguments + [option, place], in: folder)
      }
    }
    let learning = ["sft", "--tasks", Self.tasks, "--model", model, "--output", "new"]
    try expect(
      "quantised weights can't be trained", of: learning + ["--precision", "quantized"], in: folder)
    try expect("--memory is 1K", of: learning + ["--memory", "1K"], in: folder)
    #expect(!FileManager.default.fileExists(atPath: folder["new/demonstrations.jsonl"].path))
  }

  @Test func whatIsEmpty() throws {
    let folder = try TestFolder()
    try folder.makeRepository()
    try expect("--targets names no layer", of: ["sft", "--targets", ","], in: folder)
    try expect("--per-task", of: ["sft", "--per-task", "9223372036854775807"], in: folder)
    let run = ["run", "--repo", "repository", "--issue", "x", "--model", "nowhere"]
    try expect("--test is empty", of: run + ["--test", " "], in: folder)
    try expect("--output is empty", of: run + ["--output", ""], in: folder)
    try expect(
      "no task is in the split",
      of: ["tasks", "validate", "--tasks", Self.tasks, "--split", "held-out", "greet-words"],
      in: folder)
  }

  @Test func whatTookNoTurnLeavesNoTranscript() throws {
    let folder = try TestFolder()
    try folder.makeRepository()
    let run = [
      "run", "--repo", "repository", "--issue", "x", "--model", "http://127.0.0.1:9/v1",
      "--output", "out",
    ]
    try expect("could not be reached", of: run, in: folder)
    let left = try? FileManager.default.contentsOfDirectory(atPath: folder["out"].path)
    #expect(left ?? [] == [])

    // What a view shows depends on the width, so that nothing can be taken again.
    let text = try Self.unmarked()
    let changed = text.replacing(#""lineWidth":160"#, with: #""lineWidth":8"#)
    try Data(changed.utf8).write(to: folder["a.jsonl"])
    let model = try TinyModelFolder.make(in: folder)
    try expect(
      "a.jsonl: turn",
      of: ["replay", "a.jsonl", "--fork-from", "3", "--tasks", Self.ownTasks, "--model", model],
      in: folder)
    let forks = try? FileManager.default.contentsOfDirectory(atPath: folder["runs/fork"].path)
    #expect(forks ?? [] == [])
  }

  @Test func aClosedStandardErrorChangesNoExitCode() throws {
    let folder = try TestFolder()
    let command = "'\(HindsightCommand.executable.path)' report nowhere"
    #expect(try folder.shell("\(command) 2>&-; echo $?") == "2\n")
    #expect(try folder.shell("\(command) 2>/dev/full; echo $?") == "2\n")
  }

  @Test func aFullStandardOutputIsNoSuccess() throws {
    let folder = try TestFolder()
    let command = "'\(HindsightCommand.executable.path)' tasks list --tasks '\(Self.ownTasks)'"
    #expect(try folder.shell("\(command) >/dev/full 2>errors; echo $?") == "2\n")
    let said = try String(contentsOf: folder["errors"], encoding: .utf8)
    #expect(said.contains("standard output: not all could be written"))
    let validate =
      "'\(HindsightCommand.executable.path)' tasks validate --runs 1 --tasks '\(Self.tasks)' greet-words"
    #expect(try folder.shell("\(validate) >/dev/full 2>errors; echo $?") == "2\n")
    // Nobody reads on: no failure.
    #expect(try folder.shell("\(command) 2>errors | head -1 | wc -l; cat errors") == "1\n")
  }

  @Test(arguments: [
    ("[]", ":1: the line has the wrong type; expected an object"),
    (#"{"type":"header","format":1e999}"#, ":1: the number 1e999 is out of range; expected one"),
    (
      #"{"type":"header","format":"x","version":99999999999999999999}"#,
      ":1: a number in it is out of range"
    ),
    (#"{"type":"header","format":1}"#, ":1: 'format' has the wrong type; expected String"),
    ("{", ":1: not JSON; expected a line of type header"),
  ])
  func linesOfATranscript(line: String, sentence: String) throws {
    let folder = try TestFolder()
    try Data("\(line)\n".utf8).write(to: folder["a.jsonl"])
    try expect("a.jsonl" + sentence, of: ["replay", "a.jsonl"], in: folder)
  }

  @Test(arguments: [
    ("[]", "it isn't an object"), ("{", "it isn't JSON"),
    (
      """
      {"dropped":0,"episodes":1,"malformedShare":0,"meanActionTokens":1,"meanTurns":1,
       "passAtK":[],"submittedShare":0,"tasks":[
         {"id":"t","resolved":0,"samples":-8,"split":"train"}]}
      """, "t has 0 of -8 samples"
    ),
    (
      """
      {"episodes":1,"malformedShare":0,"meanActionTokens":1,"meanTurns":1,"passAtK":[],
       "dropped":1e400,"submittedShare":0,"tasks":[]}
      """, "report: line 2: the number 1e400 is out of range"
    ),
  ])
  func reports(text: String, sentence: String) throws {
    let folder = try TestFolder()
    try Data(text.utf8).write(to: folder["report.json"])
    for options in [[], ["--transcript"]] {
      try expect(sentence, of: ["report", "."] + options, in: folder)
    }
  }

  /// A folder's own name comes before a title.
  @Test func aFolderWhoseNameLooksLikeATitle() throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(
      at: folder["lr=1e-4"], withIntermediateDirectories: false)
    try expect("lr=1e-4 holds no report.json", of: ["report", "lr=1e-4"], in: folder)
    try expect("1e-4 holds no report.json", of: ["report", "other=1e-4"], in: folder)
  }

  @Test func aNameDoesNothingToTheTerminal() throws {
    let folder = try TestFolder()
    for name in ["none\u{1b}[2J.jsonl", "some\u{1b}[2J.jsonl"] {
      if name.hasPrefix("some") { try Data("x\n".utf8).write(to: folder[name]) }
      let outcome = try HindsightCommand.run(["replay", "--view", name], in: folder.url)
      #expect(outcome.status == 2 && !outcome.errors.contains("\u{1b}"), "\(outcome.errors)")
      #expect(outcome.errors.contains(#"\u{1b}[2J.jsonl"#), "\(outcome.errors)")
    }
    try FileManager.default.createDirectory(
      at: folder["tasks/a\u{1b}[2J"], withIntermediateDirectories: true)
    try Data().write(to: folder["tasks/a\u{1b}[2J/task.toml"])
    let tasks = try HindsightCommand.run(["tasks", "validate", "--tasks", "tasks"], in: folder.url)
    #expect(tasks.status == 1 && !tasks.output.contains("\u{1b}"), "\(tasks.errors)")
    #expect(tasks.output.contains(#"INVALID  a\u{1b}[2J: "#), "\(tasks.output)")
  }
}
