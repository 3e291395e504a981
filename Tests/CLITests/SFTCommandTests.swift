import Foundation
import Testing

/// `hindsight sft` on a tiny network and real tasks in the real sandbox.
@Suite struct SFTCommandTests {
  private func arguments(_ model: String, _ output: String, _ more: [String] = []) -> [String] {
    [
      "sft", "--model", model, "--output", output,
      "--tasks", HindsightCommand.fixtures.appending(path: "tasks").path, "--epochs", "4",
      "--per-task", "2", "--batch", "1", "--held-out", "2", "--learning-rate", "1e-3",
    ] + more
  }

  private func adapter(_ folder: TestFolder, _ output: String) throws -> Data {
    try Data(contentsOf: folder["\(output)/adapter/adapter_model.safetensors"])
  }

  /// What was learnt after any number of kills is what one run learns, bit for bit.
  @Test func goesOnWhereItWasStopped() throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let whole = try HindsightCommand.run(arguments(model, "whole"), in: folder.url)
    #expect(whole.status == 0, "\(whole.errors)")

    let metrics = folder["stopped/metrics.jsonl"]
    func steps() -> Int {
      ((try? Data(contentsOf: metrics)) ?? Data()).count { $0 == UInt8(ascii: "\n") }
    }
    let (process, outcome) = try HindsightCommand.start(
      arguments: arguments(model, "stopped"), in: folder.url)
    while process.isRunning, steps() < 3 { Thread.sleep(forTimeInterval: 0.005) }
    kill(process.processIdentifier, SIGINT)
    let stopped = try outcome()
    #expect([0, 130].contains(stopped.status), "\(stopped.errors)")
    let again = try HindsightCommand.run(arguments(model, "stopped"), in: folder.url)
    #expect(again.status == 0, "\(again.errors)")
    if stopped.status == 130 {
      #expect(stopped.output.contains("the same command goes on"))
      #expect(again.output.contains("going on after update"))
    }
    #expect(try adapter(folder, "stopped") == adapter(folder, "whole"))
  }

  /// What a policy did is carried out again, and what was right then is shown after it.
  @Test func goesOnFromRollouts() throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let played = try HindsightCommand.run(
      [
        "eval", "--model", model,
        "--tasks", HindsightCommand.fixtures.appending(path: "tasks").path,
        "--samples", "1", "--max-turns", "3", "--max-action-tokens", "8", "--split", "train",
        "--output", "played",
      ], in: folder.url)
    #expect(played.status == 0, "\(played.errors)")
    func sft(_ more: String...) throws -> (status: Int32, output: String, errors: String) {
      let outcome = try HindsightCommand.run(
        arguments(model, "sft", ["--demonstrations-only"] + more), in: folder.url)
      return (outcome.status, outcome.output, outcome.errors)
    }
    let made = try sft("--rollouts", "played/transcripts")
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains(/\b[1-9]\d* corrected/), "\(made.output)")
    let demonstrations = try String(
      contentsOf: folder["sft/demonstrations.jsonl"], encoding: .utf8)
    #expect(demonstrations.contains("\"kind\":\"corrected\""))
    #expect(!demonstrations.contains("\"kind\":\"straight\""))

    let open = try sft("--rollouts", "played/transcripts", "--sandbox", "none")
    #expect(open.status == 2 && open.errors.contains("needs --sandbox bubblewrap"))
    let none = try sft("--rollouts", "nowhere")
    #expect(none.status == 2 && none.errors.contains("nowhere"))
    let other = try sft("--rollouts", "played/transcripts", "--split", "held-out")
    #expect(other.status == 2, "\(other.output)")
    let hermes = try sft("--rollouts", "played/transcripts", "--dialect", "hermes")
    #expect(hermes.status == 2 && hermes.errors.contains("is of dialect compact, expected hermes"))
  }

  @Test func onlySomeKindsOfBugs() throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let none = try HindsightCommand.run(
      arguments(model, "none", ["--bug", "nothing", "at-all"]), in: folder.url)
    #expect(none.status == 2)
    #expect(none.errors.contains("no task of train has a bug of kind nothing, at-all"))
    let list = try HindsightCommand.run(
      [
        "tasks", "list", "--json", "--split", "train", "--tasks",
        HindsightCommand.fixtures.appending(path: "tasks").path,
      ], in: folder.url)
    let kinds = try list.output.split(separator: "\n").map { line in
      let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(row?["bug"] as? String)
    }
    let kind = try #require(kinds.first)
    let some = try HindsightCommand.run(
      arguments(model, "some", ["--demonstrations-only", "--bug", kind]), in: folder.url)
    #expect(some.status == 0, "\(some.errors)")
    #expect(some.output.contains("of \(kinds.count { $0 == kind }) train tasks"))
  }
}
