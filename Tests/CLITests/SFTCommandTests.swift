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
