import Foundation
import Testing

/// The commands that look inside a model, on a tiny one.
@Suite struct InspectTests {
  private let folder: TestFolder
  private let reference = HindsightCommand.fixtures.appending(path: "reference")
  private var model: String { reference.appending(path: "tiny-llama").path }

  init() throws { folder = try TestFolder() }

  private func run(
    _ command: String, _ lines: String, _ options: [String] = []
  ) throws -> HindsightCommand.Outcome {
    try Data(lines.utf8).write(to: folder["input.jsonl"])
    return try HindsightCommand.run(
      [command, "--model", model] + options + ["input.jsonl"], in: folder.url)
  }

  private func rows(_ outcome: HindsightCommand.Outcome) throws -> [[String: Any]] {
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try outcome.output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }

  @Test func tokensAsTheReferenceHasThem() throws {
    let text = try String(
      contentsOf: reference.appending(path: "tiny-llama/tokens.jsonl"), encoding: .utf8)
    let expected = try text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    let found = try rows(run("tokenize", text, ["--special"]))
    let back = try rows(run("tokenize", text, ["--decode"]))
    #expect(found.count == expected.count && back.count == expected.count)
    for (index, row) in expected.enumerated() {
      #expect(found[index]["ids"] as? [Int] == row["ids"] as? [Int])
      #expect(back[index]["text"] as? String == row["text"] as? String)
    }
  }

  @Test func logprobsOfWhatWasGenerated() throws {
    let prompt = [5, 17, 300, 42]
    let generated = try rows(
      run("generate", "{\"ids\": \(prompt)}\n", ["--seed", "7", "--max-tokens", "12"]))
    let ids = try #require(generated[0]["ids"] as? [Int])
    let sampled = try #require(generated[0]["logprobs"] as? [Double])
    #expect(ids.count == sampled.count && !ids.isEmpty)
    let scored = try rows(run("logprobs", "{\"ids\": \(prompt + ids)}\n", ["--top", "3"]))
    let logprobs = try #require(scored[0]["logprobs"] as? [Double])
    let top = try #require(scored[0]["top"] as? [[String: [Double]]])
    #expect(logprobs.count == prompt.count + ids.count - 1 && top.count == logprobs.count)
    #expect(zip(logprobs.suffix(ids.count), sampled).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(top.allSatisfy { $0["ids"]?.count == 3 && $0["logprobs"]?.count == 3 })
  }

  @Test func aLineGetsTheSameInEveryBatch() throws {
    let lines = (1...9).map { "{\"ids\": [\($0), \($0 * 50)]}\n" }.joined()
    let options = ["--temperature", "0.8", "--top-p", "0.9", "--max-tokens", "10"]
    let alone = try run("generate", lines, options + ["--batch", "1"])
    let together = try run("generate", lines, options + ["--batch", "9"])
    #expect(alone.status == 0 && alone.output == together.output)
    #expect(alone.output.split(separator: "\n").count == 9)
  }

  @Test(arguments: [
    ("logprobs", "{\"ids\": [1]}\n\n{\"ids\": [1, 512]}", "input.jsonl:3: the id 512 is outside"),
    ("logprobs", "{\"ids\": []}", "input.jsonl:1: \"ids\" is empty"),
    ("logprobs", "nonsense", "input.jsonl:1: the line can't be understood"),
    ("tokenize", "{\"ids\": [1]}", "input.jsonl:1: the key \"text\" is missing"),
    ("generate", "{\"ids\": [1], \"messages\": []}", "input.jsonl:1: expected either"),
    ("generate", "{\"ids\": [-1]}", "input.jsonl:1: the id -1 is outside"),
    (
      "generate", "{\"messages\": [{\"role\": \"x\", \"content\": \"y\"}]}",
      "input.jsonl:1: the value of messages[0].role"
    ),
  ])
  func badLinesAreNamed(command: String, lines: String, sentence: String) throws {
    let outcome = try run(command, lines)
    #expect(outcome.status == 2)
    #expect(outcome.errors.hasPrefix("hindsight: \(sentence)"), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test func badModelsAndAdaptersAreNamed() throws {
    let missing = try HindsightCommand.run(["tokenize", "--model", "x.gguf"], in: folder.url)
    #expect(missing.status == 2)
    #expect(missing.errors.contains("x.gguf: there is no such file; `make model` fetches"))
    let adapter = reference.appending(path: "tiny-qwen3/adapter").path
    let wrong = try run("logprobs", "{\"ids\": [1, 2]}", ["--adapter", adapter])
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains(adapter) && wrong.errors.contains("made for another model"))
  }

  @Test func theDoctorSaysWhatIsMissing() throws {
    let outcome = try HindsightCommand.run(["doctor", "--model", "none"], in: folder.url)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("FAIL  model        none: there is no such file"))
    #expect(outcome.output.contains("ok    arithmetic"))
    #expect(outcome.output.contains("  pytest       python3 "))
  }
}
