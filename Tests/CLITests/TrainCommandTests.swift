import Foundation
import Testing

/// `hindsight train` on a tiny network and real tasks in the real sandbox.
@Suite(.serialized) struct TrainCommandTests {
  private func model(in folder: TestFolder) throws -> String {
    try TinyModelFolder.make(in: folder)
  }

  private func arguments(_ model: String, _ output: String, _ more: [String] = []) -> [String] {
    [
      "train", "--model", model, "--output", output,
      "--tasks", HindsightCommand.fixtures.appending(path: "tasks").path,
      "--steps", "3", "--tasks-per-step", "1", "--group-size", "2", "--max-turns", "2",
      "--max-action-tokens", "10", "--seed", "3", "--lora-rank", "4", "--learning-rate", "1e-2",
      // A network without training reads nothing out of hindsight.
      "--force",
    ] + more
  }

  private func lines(_ run: URL) throws -> [[String: Any]] {
    let text = try String(contentsOf: run.appending(path: "metrics.jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// What must be the same however often a run was killed; times and memory differ. Step 0 is the
  /// pre-flight.
  private func figures(_ run: URL, times: Bool = false) throws -> [[String: Double]] {
    try lines(run).filter { $0["step"] as? Int != 0 }.map { object in
      object.compactMapValues { $0 as? Double }.filter { key, _ in
        // What the machine did may differ; what was learnt may not.
        times || !["time", "memory", "generation/"].contains(where: key.hasPrefix)
      }
    }
  }

  private func adapter(_ run: URL) throws -> Data {
    let names = ["final/adapter_model.safetensors", "final/model.gguf", "final/model.safetensors"]
    let written = names.map { run.appending(path: $0) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    return try Data(contentsOf: try #require(written.first))
  }

  @Test func aJudgeAndATightDigest() throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    let options = ["--steps", "1", "--judge", model, "--feedback", "tight(120)"]
    let result = try HindsightCommand.run(arguments(model, "run", options), in: folder.url)
    #expect(result.status == 0, "\(result.errors)")
    let run = folder.url.appending(path: "run")
    let step = try #require(try figures(run).first)
    // A network without training says nothing of use, but something, about each of the two.
    #expect(step["judge/asked"] == 2)
    #expect(step["judge/failures"] == 0)
    let configuration = try String(contentsOf: run.appending(path: "config.json"), encoding: .utf8)
    #expect(configuration.contains("\"feedbackForm\" : \"tight(120)\""))
    #expect(configuration.contains("\"judge\" : {"))
    for options in [["--judge", "nowhere.gguf"], ["--feedback", "short"]] {
      let refused = try HindsightCommand.run(arguments(model, "other", options), in: folder.url)
      #expect(refused.status != 0)
      #expect(refused.errors.contains(options[1]), "\(refused.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "other").path))
  }

  /// What the trainer reads of several contexts is what was sampled in them.
  @Test func contextsThatBeganAnewAreTrainedOn() throws {
    let folder = try TestFolder()
    let options = ["--steps", "1", "--max-turns", "3", "--reset-after", "1"]
    let result = try HindsightCommand.run(
      arguments(try model(in: folder), "run", options), in: folder.url)
    #expect(result.status == 0, "\(result.errors)")
    let run = folder.url.appending(path: "run")
    let step = try #require(try figures(run).first)
    #expect(step["policy/action_tokens"] ?? 0 > 0 && step["loss"] ?? 0 > 0)
    #expect(step["policy/turns"] == 3)
    let names = try #require(FileManager.default.enumerator(atPath: run.path))
      .compactMap { $0 as? String }.filter { $0.contains("step-1") && $0.hasSuffix(".jsonl") }
    #expect(names.count == 2, "\(names)")
    for name in names {
      let text = try String(contentsOf: run.appending(path: name), encoding: .utf8)
      #expect(text.ranges(of: "\"new_context\":true").count == 2)
    }
    #expect(step["ratio/trainer_rollout_abs_log_max"] ?? 1 < 1e-4)
    let configuration = try String(contentsOf: run.appending(path: "config.json"), encoding: .utf8)
    #expect(configuration.contains("\"reset_after\" : 1"))
    let refused = try HindsightCommand.run(
      arguments("m", "other", ["--reset-after", "0"]), in: folder.url)
    #expect(refused.status == 2 && refused.errors.contains("--reset-after is 0, expected 1 to"))
  }

  @Test(arguments: [
    ["--signal", "distill"], ["--signal", "mix(0.5)", "--divide-by-deviation"],
    ["--signal", "modulate(0.5)", "--control", "random-magnitude"],
    ["--signal", "distill", "--full", "--teacher", "frozen", "--precision", "bf16"],
  ])
  func resumesBitForBitAfterAKill(_ options: [String]) throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    let whole = try HindsightCommand.run(arguments(model, "whole", options), in: folder.url)
    #expect(whole.status == 0, "\(whole.errors)")
    let configuration = try String(contentsOf: folder["whole/config.json"], encoding: .utf8)
    for (key, option) in [
      ("advantageByDeviation", "--divide-by-deviation"), ("permutesModulation", "--control"),
    ] {
      #expect(configuration.contains("\"\(key)\" : true") == options.contains(option))
    }
    let expected = try figures(folder.url.appending(path: "whole"))
    #expect(expected.count == 3)
    #expect(expected.allSatisfy { $0["policy/action_tokens"] ?? 0 > 0 })
    if options.contains("distill") { #expect(expected.allSatisfy { $0["loss"] ?? 0 > 0 }) }

    let run = folder.url.appending(path: "killed")
    var arguments = arguments(model, "killed", options)
    // Killed somewhere in its first step, then in its second, then left alone.
    for (index, delay) in [0.3, 0.1].enumerated() {
      let (process, wait) = try HindsightCommand.start(arguments: arguments, in: folder.url)
      let metrics = run.appending(path: "metrics.jsonl")
      while process.isRunning {
        // The first line is the pre-flight's.
        let lines = (try? String(contentsOf: metrics, encoding: .utf8))?.split(separator: "\n")
        if lines?.count ?? 0 > index { break }
        usleep(2000)
      }
      usleep(UInt32(delay * 1e6))
      kill(process.processIdentifier, SIGKILL)
      _ = try wait()
      if FileManager.default.fileExists(atPath: run.appending(path: "config.json").path) {
        arguments = ["train", "--resume", "killed"]
      }
    }
    let resumed = try HindsightCommand.run(arguments, in: folder.url)
    #expect(resumed.status == 0, "\(resumed.errors)")
    let found = try figures(run)
    #expect(found.count == 3)
    for (step, (found, expected)) in zip(found, expected).enumerated() {
      let keys = Set(found.keys).union(expected.keys)
      let differing = keys.filter { found[$0] != expected[$0] }.sorted().map {
        "\($0): \(found[$0] ?? .nan) instead of \(expected[$0] ?? .nan)"
      }
      #expect(differing.isEmpty, "step \(step + 1)")
    }
    #expect(try adapter(run) == adapter(folder.url.appending(path: "whole")))
  }

  @Test func anEvaluationIsTracedToo() throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      [
        "eval", "--model", try model(in: folder), "--output", "run", "--tasks",
        HindsightCommand.fixtures.appending(path: "tasks").path, "--samples", "1", "--max-turns",
        "2", "--max-action-tokens", "10", "--seed", "3", "--trace", "trace.json",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let events = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: folder["trace.json"]))
        as? [[String: Any]])
    let names = Set(events.compactMap { $0["name"] as? String })
    #expect(names.isSuperset(of: ["generation", "grading"]))
    #expect(events.allSatisfy { $0["dur"] as? Double ?? -1 >= 0 })
  }

  @Test func aBudgetBoundsPassesAndTheCache() throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    func run(_ name: String, _ more: [String]) throws -> [String: Any] {
      let outcome = try HindsightCommand.run(
        arguments(model, name, ["--steps", "1"] + more), in: folder.url)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: folder["\(name)/config.json"]))
          as? [String: Any])
    }
    let free = try run("free", [])
    #expect(free["microBatchTokens"] as? Int == 2048 && free["cacheBytes"] == nil)
    let bounded = try run("bounded", ["--memory", "300M"])
    let cache = try #require(bounded["cacheBytes"] as? Int)
    #expect(cache > 1 << 20 && cache < 300 << 20)
    let refused = try HindsightCommand.run(
      arguments(model, "refused", ["--memory", "90M"]), in: folder.url)
    #expect(refused.status == 2 && refused.errors.contains("--memory is 90M"))
    #expect(!FileManager.default.fileExists(atPath: folder["refused"].path))
  }

  @Test func tracesWhereAStepsTimeGoes() throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      arguments(
        try model(in: folder), "run",
        ["--steps", "2", "--trace", "trace.json"]), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let events = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: folder["trace.json"]))
        as? [[String: Any]])
    let names = Set(events.compactMap { $0["name"] as? String })
    #expect(
      names.isSuperset(of: [
        "generation", "grading", "teacher", "forward", "backward", "optimizer", "checkpoint",
      ]))
    for event in events { #expect(event["ph"] as? String == "X") }
    // What shares a lane comes one after another; starts of turns are known to the millisecond.
    for lane in Dictionary(grouping: events, by: { $0["tid"] as? Int }).values {
      let spans = lane.map { ($0["ts"] as? Double ?? .nan, $0["dur"] as? Double ?? .nan) }
        .sorted { $0.0 < $1.0 }
      for (span, next) in zip(spans, spans.dropFirst()) {
        #expect(next.0 - (span.0 + span.1) > -2000)
      }
    }
    for line in try figures(folder["run"], times: true) {
      for name in ["generation", "tools", "grading", "teacher", "forward", "backward", "optimizer"]
      {
        #expect(line["time/\(name)_seconds"] != nil, "\(name)")
      }
      #expect(line["time/update_tokens_per_second"] != nil)
    }
  }

  /// A first Ctrl-C leaves a run that goes on.
  @Test func stopsCleanlyWhenInterrupted() throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    let (process, wait) = try HindsightCommand.start(
      arguments: arguments(model, "run", ["--steps", "50"]), in: folder.url)
    let metrics = folder.url.appending(path: "run/metrics.jsonl")
    while process.isRunning {
      let text = (try? String(contentsOf: metrics, encoding: .utf8)) ?? ""
      if text.contains("\"step\":1,") { break }
      usleep(2000)
    }
    kill(process.processIdentifier, SIGINT)
    let outcome = try wait()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(outcome.output.contains("`hindsight train --resume run` goes on"))
  }

  /// A gap of 0 or less means that training can't work.
  @Test func refusesARunWithoutAGap() throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    let unforced = arguments(model, "run", ["--steps", "1"]).filter { $0 != "--force" }
    let refused = try HindsightCommand.run(unforced, in: folder.url)
    #expect(refused.status == 2, "\(refused.output)")
    #expect(refused.output.contains("pre-flight, 2 tasks: with final feedback correct actions are"))
    #expect(refused.errors.contains("doesn't make correct actions likelier"), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder["run"].path))

    let forced = try HindsightCommand.run(unforced + ["--force"], in: folder.url)
    #expect(forced.status == 0 && forced.errors.contains("going on because of --force"))
    let before = try #require(try lines(folder["run"]).first)
    #expect(before["step"] as? Int == 0)
    for kind in ["feedback", "solution"] {
      let name = "preflight/final-\(kind)/token_gap"
      let gap = try ["\(name)_low", name, "\(name)_high"].map {
        try #require(before[$0] as? Double)
      }
      #expect(gap == gap.sorted() && gap.allSatisfy { abs($0) < 1 })
      #expect(before["preflight/final-\(kind)/token_difference"] != nil)
    }
    // What needs no teacher needs no gap.
    let rewarded = try HindsightCommand.run(
      arguments(model, "grpo", ["--steps", "1", "--signal", "grpo"]).filter { $0 != "--force" },
      in: folder.url)
    #expect(rewarded.status == 0 && !rewarded.output.contains("pre-flight"), "\(rewarded.errors)")
  }

  @Test(arguments: ["turn", "next", "lookahead(2)"])
  func hintsStandBeforeActions(_ placement: String) throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      arguments(
        try model(in: folder), "run",
        ["--steps", "1", "--placement", placement, "--max-turns", "3"]), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let step = try #require(try figures(folder["run"]).first)
    #expect(step["loss"] ?? 0 > 0 && step["episodes/without_hindsight"] == 0)
    let configuration = try String(contentsOf: folder["run/config.json"], encoding: .utf8)
    #expect(configuration.contains("\"placement\" : \"\(placement)\""))
  }

  @Test func refusesToGoOnWithChangedTasks() throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    try folder.shell("cp -r '\(HindsightCommand.fixtures.path)/tasks' copy")
    let first = try HindsightCommand.run(
      arguments(model, "run", ["--tasks", "copy", "--steps", "1"]), in: folder.url)
    #expect(first.status == 0, "\(first.errors)")
    try folder.shell("for file in copy/*/instruction.md; do echo more >> $file; done")
    let resumed = try HindsightCommand.run(["train", "--resume", "run"], in: folder.url)
    #expect(resumed.status == 2)
    #expect(resumed.errors.contains("copy: the tasks have changed since the run began"))
  }

  @Test func refusesWhatMakesNoSense() throws {
    let folder = try TestFolder()
    let model = try model(in: folder)
    let table: [([String], String)] = [
      (["--signal", "magic"], "unknown signal \"magic\""),
      (["--teacher", "ema(2)"], "the rate must lie between 0 and 1"),
      (["--placement", "before"], "unknown placement \"before\""),
      (["--placement", "lookahead(0)"], "a lookahead is of 1 to 16 whole turns"),
      (["--temperature", "0"], "the temperature must be above 0"),
      (["--learning-rate", "2"], "the learning rate is 2.0"),
      (["--learning-rate", "-1"], "the learning rate is -1.0"),
      (["--lora-alpha", "0"], "LoRA alpha is 0.0"),
      (["--model", "nowhere.gguf"], "nowhere.gguf: there is no such file"),
      (["--adapter", "nowhere"], "nowhere"),
      (["--tasks", "nowhere"], "nowhere can't be read, or isn't there"),
      (["--lora-targets", "z_proj"], "--lora-targets is \"z_proj\""),
    ]
    for (more, sentence) in table {
      let outcome = try HindsightCommand.run(arguments(model, "bad", more), in: folder.url)
      #expect(outcome.status == 2, "\(more): \(outcome.output)")
      #expect(outcome.errors.contains(sentence), "\(more): \(outcome.errors)")
      #expect(!outcome.errors.contains("Fatal error"))
      #expect(!FileManager.default.fileExists(atPath: folder["bad"].path), "\(more)")
    }
    let resumed = try HindsightCommand.run(["train", "--resume", "nowhere"], in: folder.url)
    #expect(resumed.status == 2 && resumed.errors.contains("nowhere holds no config.json"))
  }
}
