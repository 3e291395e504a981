import Foundation
import Testing

/// `hindsight run` on a repository of one's own, and `hindsight replay` of what it saved.
@Suite(.serialized) struct RunAndReplayTests {
  private let folder: TestFolder
  private let endpoint: Endpoint
  private var repository: URL { folder["repository"] }

  init() throws {
    folder = try TestFolder()
    endpoint = try Endpoint()
    try folder.makeRepository()
    try folder.shell(
      """
      cd repository
      echo "# not committed" >> stats/average.py && echo new > untracked.txt
      """)
  }

  private func run(_ kind: String, _ more: [String] = []) -> [String] {
    [
      "run", "--repo", repository.path, "--issue", "The mean of NOTHING fails!\nMore words.",
      "--test", "python3 -m unittest discover -s tests -t .", "--model", endpoint.address(kind),
    ] + more
  }

  @discardableResult
  private func git(_ arguments: String) throws -> String {
    try folder.shell("git -C repository \(arguments)")
  }

  private func userState() throws -> String {
    try git("status --porcelain") + git("rev-parse HEAD") + git("diff")
      + git("branch --show-current") + git("stash list")
  }

  @Test func aRunGivesABranchAPatchAndATranscript() throws {
    let before = try userState()
    let outcome = try HindsightCommand.run(run("mend"), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("Turn 2") && outcome.output.contains("→ format error"))
    #expect(!outcome.output.contains("\u{1b}"))
    #expect(outcome.output.ranges(of: " changed, +").count == 1)
    #expect(outcome.output.contains("  1 file changed, +2 −0\n"))
    let branch = "hindsight/the-mean-of-nothing-fails"
    #expect(outcome.output.contains("\(branch) ("))
    let subjects = try git("log --reverse --format=%s main..\(branch)")
    #expect(
      subjects.split(separator: "\n").map { $0.prefix(24) } == [
        "view stats", "edit stats/average.py", "format error: no line be", "submit",
      ])
    #expect(try git("diff --stat main \(branch)").contains("1 file changed, 2 insertions"))
    #expect(try git("branch --list 'hindsight/*'").split(separator: "\n").count == 1)
    #expect(try userState() == before)
    try git("stash -q -u")
    try git("apply .git/hindsight/the-mean-of-nothing-fails.patch")
  }

  @Test func aSavedRunIsReadAndVerified() throws {
    #expect(try HindsightCommand.run(run("mend"), in: folder.url).status == 0)
    let file = repository.appending(path: ".git/hindsight/the-mean-of-nothing-fails.jsonl").path
    let view = try HindsightCommand.run(["replay", file], in: folder.url)
    #expect(view.status == 0 && view.output.contains("oops\\u{1b}[2J"))
    #expect(view.output.contains("Ended after 4 turns: submitted"))
    let verify = ["replay", file, "--verify", "--repo", repository.path, "--revision", "main"]
    let verified = try HindsightCommand.run(verify, in: folder.url)
    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    #expect(verified.output.contains("all 4 turns are the same"))

    let check = ["replay", "--check", repository.appending(path: ".git/hindsight").path]
    let intact = try HindsightCommand.run(check, in: folder.url)
    #expect(intact.status == 0, "\(intact.output)\(intact.errors)")
    #expect(intact.output.contains("all 6 lines are as they were written"))
    #expect(intact.output.contains("1 of 1 transcripts are as they were written"))

    try folder.shell("sed -i 's/\"tree\":\"[0-9a-f]\\{4\\}/\"tree\":\"0000/' '\(file)'")
    let tampered = try HindsightCommand.run(verify, in: folder.url)
    #expect(tampered.status == 1)
    #expect(tampered.output.contains("Turn 1: the tree differs"))
    #expect(tampered.output.contains("≠ "))

    let changed = try HindsightCommand.run(check, in: folder.url)
    #expect(changed.status == 1)
    #expect(changed.output.contains("line 2 was changed after it was written"))
    #expect(changed.output.contains("0 of 1 transcripts"))

    // A second run takes other names.
    let again = try HindsightCommand.run(run("mend"), in: folder.url)
    #expect(again.output.contains("hindsight/the-mean-of-nothing-fails-2 ("))
    #expect(again.output.contains("the-mean-of-nothing-fails-2.patch"))
  }

  @Test func resultsAreUpdatedNeverSilently() throws {
    #expect(try HindsightCommand.run(run("mend"), in: folder.url).status == 0)
    let file = repository.appending(path: ".git/hindsight/the-mean-of-nothing-fails.jsonl").path
    func replay(_ options: String...) throws -> HindsightCommand.Outcome {
      try HindsightCommand.run(
        ["replay", file] + options + ["--repo", repository.path, "--revision", "main"],
        in: folder.url)
    }
    func contents() throws -> Data { try Data(contentsOf: URL(filePath: file)) }
    let written = try contents()
    let same = try replay("--verify", "--update")
    #expect(same.status == 0 && same.output.contains("nothing to update"), "\(same.errors)")
    #expect(try contents() == written)

    // An edited transcript isn't made to look like one that is as it was written.
    let tamper = "s/\"tree\":\"[0-9a-f]\\{4\\}/\"tree\":\"0000/"
    try folder.shell("sed -i '\(tamper)' '\(file)'")
    let edited = try replay("--verify", "--update")
    #expect(edited.status == 2 && edited.errors.contains("edited after it was written"))
    try folder.shell("sed -i -E 's/\"(previous|digest)\":\"[0-9a-f]{64}\",//g' '\(file)'")
    let changed = try contents()
    let updated = try replay("--verify", "--update")
    #expect(updated.status == 0, "\(updated.errors)")
    for turn in 1...4 { #expect(updated.output.contains("Turn \(turn): the tree differs")) }
    #expect(updated.output.contains("4 results replaced; the earlier file is "))
    let kept = file + ".before-update"
    #expect(try Data(contentsOf: URL(filePath: kept)) == changed)
    #expect(try replay("--verify").status == 0)
    #expect(try replay("--check").status == 0)
    #expect(String(decoding: try contents(), as: UTF8.self).contains("\"updated_from\""))

    // What an earlier update kept is never lost, and another action is no matter of results.
    let again = try replay("--verify", "--update")
    #expect(again.status == 2 && again.errors.contains("is there from an earlier update"))
    try folder.shell(
      """
      rm '\(kept)'; sed -i -E 's/"(previous|digest)":"[0-9a-f]{64}",//g; \
      s/"text":"view stats"/"text":"view tests"/' '\(file)'
      """)
    let forged = try replay("--verify", "--update")
    #expect(forged.status == 2 && forged.errors.contains("doesn't say what was called"))
    #expect(try replay("--update").status != 0)
  }

  /// Starts a run whose endpoint answers twice and then hangs, and waits for its second turn.
  private func startStalledRun() throws -> (Process, () throws -> HindsightCommand.Outcome, URL) {
    let (process, outcome) = try HindsightCommand.start(
      arguments: run("stall", ["--output", "saved"]), in: folder.url)
    let file = folder["saved/the-mean-of-nothing-fails.jsonl"]
    func lines() -> Int {
      ((try? Data(contentsOf: file)) ?? Data()).count { $0 == UInt8(ascii: "\n") }
    }
    while process.isRunning, lines() < 3 { Thread.sleep(forTimeInterval: 0.02) }
    return (process, outcome, file)
  }

  @Test func aKilledRunLeavesAReadableTranscript() throws {
    let (process, outcome, file) = try startStalledRun()
    kill(process.processIdentifier, SIGKILL)
    _ = try outcome()
    let view = try HindsightCommand.run(["replay", file.path], in: folder.url)
    #expect(view.status == 0, "\(view.errors)")
    #expect(view.output.contains("The episode was cut off after turn 2."))
    let verify = try HindsightCommand.run(
      ["replay", file.path, "--verify", "--repo", repository.path], in: folder.url)
    #expect(verify.status == 0, "\(verify.errors)")
    #expect(verify.output.contains("the episode was cut off"))
  }

  /// Ctrl-C, or a terminal that is closed.
  @Test(arguments: [SIGINT, SIGHUP])
  func anInterruptedRunDeliversWhatThereIs(_ signal: Int32) throws {
    let (process, outcome, _) = try startStalledRun()
    kill(process.processIdentifier, signal)
    let result = try outcome()
    #expect(result.status == 130, "\(result.errors)")
    #expect(result.output.contains("Ended after 2 turns: cancelled"))
    #expect(try git("log -1 --format=%s hindsight/the-mean-of-nothing-fails") == "view stats\n")
    let patch = try String(
      contentsOf: folder["saved/the-mean-of-nothing-fails.patch"], encoding: .utf8)
    #expect(patch.contains("+    if not values:"))
  }

  @Test func aStoppedRunGoesOn() throws {
    let (process, outcome, file) = try startStalledRun()
    kill(process.processIdentifier, SIGINT)
    _ = try outcome()
    func goOn(_ file: String) throws -> HindsightCommand.Outcome {
      try HindsightCommand.run(
        [
          "run", "--repo", repository.path, "--continue", file, "--model",
          endpoint.address("busy"),
        ], in: folder.url)
    }
    let more = try goOn(file.path)
    #expect(more.status == 0, "\(more.errors)")
    #expect(
      more.output.contains("Turn 1") && more.output.contains("Ended after 3 turns: submitted"))
    #expect(more.output.contains("hindsight/the-mean-of-nothing-fails-2 ("))
    let saved = repository.appending(path: ".git/hindsight/the-mean-of-nothing-fails.jsonl").path
    let verified = try HindsightCommand.run(
      ["replay", saved, "--verify", "--repo", repository.path, "--revision", "main"],
      in: folder.url)
    #expect(verified.output.contains("all 3 turns are the same"), "\(verified.output)")

    let edited = folder["edited.jsonl"].path
    try folder.shell(
      "sed '2s/view stats/view Stats/; 2s/edit stats/edit Stats/' '\(file.path)' > '\(edited)'")
    for arguments in [
      ["run", "--repo", repository.path, "--continue", edited],
      ["replay", edited, "--repo", repository.path, "--fork-from", "1"],
    ] {
      let forged = try HindsightCommand.run(
        arguments + ["--model", endpoint.address("busy")], in: folder.url)
      #expect(forged.status == 2, "\(forged.output)")
      #expect(forged.errors.contains("edited.jsonl:2: this line was changed"), "\(forged.errors)")
    }

    let over = try goOn(saved)
    #expect(over.status == 2 && over.errors.contains("turn 3 submits"), "\(over.errors)")
    try git("-c user.name=a -c user.email=a@b commit -q -a -m another")
    let moved = try goOn(file.path)
    #expect(moved.status == 2 && moved.errors.contains("it can't go on from them"))
  }

  @Test func anEpisodeIsTakenUpAtATurn() throws {
    #expect(try HindsightCommand.run(run("mend"), in: folder.url).status == 0)
    let file = repository.appending(path: ".git/hindsight/the-mean-of-nothing-fails.jsonl").path
    func fork(_ turn: String) throws -> HindsightCommand.Outcome {
      try HindsightCommand.run(
        [
          "replay", file, "--fork-from", turn, "--repo", repository.path, "--revision", "main",
          "--model", endpoint.address("busy"),
        ], in: folder.url)
    }
    let forked = try fork("2")
    #expect(forked.status == 0, "\(forked.errors)")
    #expect(forked.output.contains("Ended after 3 turns: submitted"))
    let other = file.replacing(".jsonl", with: "-fork-2.jsonl")
    let (old, new) = (try lines(file), try lines(other))
    #expect(new.count == 5)
    func said(_ line: String) throws -> String? {
      try (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["text"]
        as? String
    }
    #expect(try said(new[1]) == "view stats")
    #expect(try said(new[2]) == said(old[2]) && said(new[3]) == "submit")
    #expect(new[0].contains("\"fork\":{\"transcript\":") && new[0].contains("\"turn\":2}"))
    let verified = try HindsightCommand.run(
      ["replay", other, "--verify", "--repo", repository.path, "--revision", "main"],
      in: folder.url)
    #expect(verified.output.contains("all 3 turns are the same"), "\(verified.output)")
    let none = try fork("9")
    #expect(none.status == 2 && none.errors.contains("has 4 turns"), "\(none.errors)")
    let after = try fork("4")
    #expect(after.status == 2 && after.errors.contains("turn 4 submits"), "\(after.errors)")
  }

  /// The transcript that it begins with may lie in a folder under version control.
  @Test func aForkIsWrittenToAFolderOfItsOwn() throws {
    let package = HindsightCommand.fixtures.appending(path: "../..").standardizedFileURL.path
    try folder.shell(
      "mkdir saved && cp '\(package)/transcripts/base64-accents.jsonl' saved/a.jsonl")
    let cases: [([String], String)] = [
      ([], "runs/fork/a-fork-2.jsonl"), ([], "runs/fork/a-fork-2-2.jsonl"),
      (["--output", "mine"], "mine/a-fork-2.jsonl"),
    ]
    for (options, file) in cases {
      let outcome = try HindsightCommand.run(
        [
          "replay", "saved/a.jsonl", "--fork-from", "2", "--tasks", "\(package)/tasks", "--model",
          endpoint.address("busy"),
        ] + options, in: folder.url)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("\(file)\n"), "\(outcome.output)")
      #expect(try lines(folder[file].path).count == 5)
    }
    #expect(try folder.shell("ls saved") == "a.jsonl\n")

    let refused: [([String], String)] = [
      (["--output", "mine"], "--output goes with --fork-from"),
      (["--fork-from", "2", "--output", " "], "--output is empty"),
      (["--fork-from", "2", "--output", "saved/a.jsonl"], "saved/a.jsonl can't be made"),
      (["--fork-from", "2", "--repo", "repository/stats"], "is not the top folder"),
    ]
    for (options, sentence) in refused {
      let outcome = try HindsightCommand.run(
        [
          "replay", "saved/a.jsonl", "--tasks", "\(package)/tasks", "--model",
          endpoint.address("busy"),
        ] + options, in: folder.url)
      #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
    }
  }

  private func lines(_ file: String) throws -> [String] {
    try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func badInputIsAnsweredWithOneSentence() throws {
    try folder.shell("git init -q unborn")
    let cases: [([String], String)] = [
      (run("mend", ["--repo", "unborn"]), "unborn has no commit yet"),
      (run("mend", ["--adapter", "x"]), "--adapter needs a local model"),
      (run("mend", ["--issue", " "]), "--issue is empty"),
      (run("mend", ["--issue", "nowhere.md"]), "--issue nowhere.md names no file"),
      (run("mend", ["--issue", "notes/nowhere"]), "--issue notes/nowhere names no file"),
      (run("mend", ["--repo", folder.url.path]), "is not the top folder of a git repository"),
      (run("mend", ["--model", "nowhere.gguf"]), "nowhere.gguf"),
      (run("mend", ["--max-turns", "0"]), "--max-turns must be from 1"),
      (run("garbage"), "not a chat completion"),
      (["replay", "nowhere.jsonl"], "nowhere.jsonl is not there; expected a transcript"),
      (["replay", "repository/untracked.txt"], "untracked.txt:1: not JSON"),
    ]
    for (arguments, expected) in cases {
      let outcome = try HindsightCommand.run(arguments, in: folder.url)
      #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
      let sentence = outcome.errors.split(separator: "\n").first ?? ""
      #expect(sentence.hasPrefix("hindsight: ") && sentence.contains(expected), "\(sentence)")
    }
  }

  @Test func aRunThatChangesNothingSaysSo() throws {
    let outcome = try HindsightCommand.run(run("busy"), in: folder.url)
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.output.contains("The agent changed nothing."))
    #expect(try git("branch --list 'hindsight/*'") == "")
  }

  @Test func theRevisionAndTheWorkTreesChanges() throws {
    try git("config user.name a")
    try git("config user.email a@b")
    try folder.shell("echo 'Use tabs.' > repository/AGENTS.md")
    let prompt = try HindsightCommand.run(
      run("mend", ["--print-prompt", "--include-uncommitted"]), in: folder.url)
    #expect(prompt.status == 0, "\(prompt.errors)")
    #expect(prompt.output.contains("The mean of NOTHING fails!\nMore words."))
    #expect(prompt.output.contains("Notes on this repository:\nUse tabs."))
    #expect(prompt.output.contains("untracked.txt"))
    // A submodule whose folder is missing is no change of the user's.
    try git("update-index --add --cacheinfo 160000,$(git -C repository rev-parse HEAD),sub")
    try git("-c user.name=a -c user.email=a@b commit -q -m submodule")
    let missing = try HindsightCommand.run(
      run("mend", ["--print-prompt", "--include-uncommitted"]), in: folder.url)
    #expect(missing.status == 0 && missing.output.contains("untracked.txt"), "\(missing.errors)")
    try git("reset -q --soft HEAD~1 && git -C repository rm -q --cached sub")
    try folder.shell("printf 'a\\033[2Jb' > escapes")
    let escapes = try HindsightCommand.run(
      run("mend", ["--print-prompt"]).map { $0.hasPrefix("The mean") ? "escapes" : $0 },
      in: folder.url)
    #expect(escapes.output.contains("a\\u{1b}[2Jb"), "\(escapes.output)\(escapes.errors)")
    let clean = try HindsightCommand.run(run("mend", ["--print-prompt"]), in: folder.url)
    #expect(!clean.output.contains("Use tabs.") && !clean.output.contains("untracked.txt"))

    let before = try userState()
    let outcome = try HindsightCommand.run(
      run("mend", ["--include-uncommitted", "--squash"]), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let branch = "hindsight/the-mean-of-nothing-fails"
    #expect(
      try git("log --reverse --format=%s main..\(branch)")
        == "Uncommitted changes of the work tree\nThe mean of NOTHING fails!\n")
    #expect(try git("show \(branch):untracked.txt") == "new\n")
    #expect(try git("show \(branch):stats/average.py").contains("# not committed"))
    #expect(try userState() == before)
    // The patch is the agent's own work alone.
    let patch = try String(
      contentsOf: repository.appending(path: ".git/hindsight/the-mean-of-nothing-fails.patch"),
      encoding: .utf8)
    #expect(!patch.contains("untracked") && patch.contains("+    if not values:"))

    try git("stash -q -u")
    try git("commit -q --allow-empty -m second")
    let old = try HindsightCommand.run(
      run("mend", ["--ref", "HEAD~1", "--squash"]), in: folder.url)
    #expect(old.status == 0, "\(old.errors)")
    #expect(
      try git("rev-parse \(branch)-2~1") == git("rev-parse main~1"))
    let unknown = try HindsightCommand.run(run("mend", ["--ref", "nowhere"]), in: folder.url)
    #expect(unknown.status == 2 && unknown.errors.contains("has no revision nowhere"))
  }

  @Test func applyingThePatch() throws {
    let outcome = try HindsightCommand.run(run("mend", ["--apply"]), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("Applied to the work tree."))
    let file = repository.appending(path: "stats/average.py")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("    if not values:") && text.contains("# not committed"))

    // Once more it doesn't fit, and nothing is touched.
    let before = try userState()
    let again = try HindsightCommand.run(run("mend", ["--apply"]), in: folder.url)
    #expect(again.status == 1, "\(again.errors)")
    #expect(again.output.contains("Not applied to the work tree: it doesn't apply cleanly"))
    #expect(try userState() == before)
  }

  /// The server refuses a conversation in which a call isn't answered, as OpenAI's does.
  @Test func nativeCallsAreMadeAndAnswered() throws {
    let outcome = try HindsightCommand.run(run("native", ["--dialect", "openai"]), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    for part in [
      "A look first.", "only one call a reply", "the call is not valid JSON",
      "the reply calls no tool", "Patch: ",
    ] {
      #expect(outcome.output.contains(part), "\(part): \(outcome.output)")
    }
    let file = repository.appending(path: ".git/hindsight/the-mean-of-nothing-fails.jsonl").path
    let verified = try HindsightCommand.run(
      ["replay", file, "--verify", "--repo", repository.path, "--revision", "main"], in: folder.url)
    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")

    // What was said goes on as calls and answers, too.
    var arguments = run("native", ["--dialect", "openai", "--max-turns", "3", "--output", "short"])
    #expect(try HindsightCommand.run(arguments, in: folder.url).status == 1)
    arguments = [
      "run", "--repo", repository.path, "--model", endpoint.address("native"), "--output", "long",
      "--continue", folder["short/the-mean-of-nothing-fails.jsonl"].path,
    ]
    let continued = try HindsightCommand.run(arguments, in: folder.url)
    #expect(continued.status == 0, "\(continued.output)\(continued.errors)")
    let prompt = try HindsightCommand.run(
      run("native", ["--dialect", "openai", "--print-prompt"]), in: folder.url)
    #expect(prompt.output.contains("[tool]\n{\"function\":{\"description\":"), "\(prompt.output)")

    let local = try HindsightCommand.run(
      [
        "run", "--repo", repository.path, "--issue", "x", "--dialect", "openai",
        "--model", try TinyModelFolder.make(in: folder),
      ], in: folder.url)
    #expect(
      local.status == 2 && local.errors.contains("is an endpoint's"), "\(local.errors)")
  }

  /// One refuses tools; the other takes them, and its model hears nothing of them.
  @Test(arguments: [("toolless", 2), ("wordy", 4)])
  func whereThereAreNoNativeCallsTheyAreMadeInTheText(_ kind: String, _ turns: Int) throws {
    let outcome = try HindsightCommand.run(run(kind, ["--dialect", "openai"]), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("Ended after \(turns) turns: submitted"), "\(outcome.output)")
    #expect(outcome.output.contains("+    if not values:"))
  }

  @Test func attemptsUntilTheTestsPass() throws {
    // The visible tests pass already, so the first attempt is enough.
    let first = try HindsightCommand.run(run("mend", ["--attempts", "3"]), in: folder.url)
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("Attempt 1 of 3") && !first.output.contains("Attempt 2 of 3"))

    var arguments = run("mend", ["--attempts", "2"])
    arguments[arguments.firstIndex(of: "--test")! + 1] = "exit 3"
    let second = try HindsightCommand.run(arguments, in: folder.url)
    #expect(second.status == 1)
    #expect(second.output.contains("The tests fail after attempt 2."))
    #expect(second.output.contains("Kept:       attempt 1"))
    #expect(second.output.contains("the-mean-of-nothing-fails-2.patch"))
    let none = try HindsightCommand.run(
      ["run", "--repo", repository.path, "--issue", "x", "--attempts", "2"], in: folder.url)
    #expect(none.status == 2 && none.errors.contains("--attempts needs --test"))
  }

  @Test func attemptsLearnFromWhatTheTestsSaid() throws {
    let model = try TinyModelFolder.make(in: folder)
    let failing = "python3 -c 'raise AssertionError(6 * 7)'"
    func attempts(_ output: String, _ more: [String]) throws -> HindsightCommand.Outcome {
      try HindsightCommand.run(
        [
          "run", "--repo", repository.path, "--issue", "x", "--test", failing, "--model", model,
          "--attempts", "3", "--max-turns", "2", "--max-tokens", "10", "--output", output,
        ] + more, in: folder.url)
    }
    func opening(_ output: String, _ attempt: Int) throws -> String {
      let name = attempt == 1 ? "x" : "x-attempt-\(attempt)"
      let text = try String(contentsOf: folder["\(output)/\(name).jsonl"], encoding: .utf8)
      return String(text.prefix { $0 != "\n" })
    }
    func replies(_ output: String, _ attempt: Int) throws -> [String] {
      let name = attempt == 1 ? "x" : "x-attempt-\(attempt)"
      let text = try String(contentsOf: folder["\(output)/\(name).jsonl"], encoding: .utf8)
      return text.matches(of: /"text":"((?:[^"\\]|\\.)*)","time"/).map { String($0.1) }
    }
    let adapted = try attempts("adapted", ["--adapt"])
    #expect(adapted.status == 1, "\(adapted.errors)")
    #expect(adapted.output.ranges(of: "Learnt from it: from hindsight").count == 2)
    #expect(
      FileManager.default.fileExists(
        atPath: folder["adapted/x-adapter/adapter_model.safetensors"].path))
    // The student is told nothing; what it says after learning is another thing than without.
    #expect(try !opening("adapted", 3).contains("AssertionError: 42"))
    let plain = try attempts("plain", [])
    #expect(try replies("adapted", 1) == replies("plain", 1))
    #expect(try replies("adapted", 3) != replies("plain", 3))
    #expect(plain.status == 1 && !plain.output.contains("Learnt"))
    #expect(!FileManager.default.fileExists(atPath: folder["plain/x-adapter"].path))

    _ = try attempts("told", ["--with-feedback"])
    #expect(try !opening("told", 1).contains("AssertionError: 42"))
    #expect(try opening("told", 2).contains("AssertionError: 42"))

    for (arguments, problem) in [
      (["--adapt", "--model", endpoint.address("mend")], "--adapt needs a local model"),
      (["--adapt", "--attempts", "1"], "give 2 or more"),
    ] {
      let refused = try attempts("refused", arguments)
      #expect(refused.status == 2 && refused.errors.contains(problem), "\(refused.errors)")
    }
  }
}
