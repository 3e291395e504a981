import Foundation
import Testing

/// `hindsight bench` on a tiny model: that it works and counts right, never how long it takes.
@Suite struct BenchTests {
  private let model = HindsightCommand.fixtures.appending(path: "reference/tiny-llama").path

  @Test func workIsCountedFromTheShape() throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      [
        "bench", "--model", model, "--precision", "fp32", "--lengths", "16", "64",
        "--repetitions", "2", "--json", "found.json",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let found = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: folder["found.json"])) as? [String: Any])
    let results = try #require(found["results"] as? [[String: Any]])
    #expect(
      results.map { $0["work"] as? String } == [
        "prefill of 16", "LoRA step of 1 × 16", "prefill of 64", "LoRA step of 1 × 64",
      ])
    #expect(results.allSatisfy { ($0["seconds"] as? [Double])?.count == 2 })
    for (row, tokens) in [(0, 16.0), (2, 64.0)] {
      // 2 layers of q and o 64 × 64, k and v 64 × 32, gate, up and down 64 × 96; 4 heads of 16.
      let linear = 2 * 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96) * tokens
      let attention = 2 * 4 * 64 * tokens * (tokens + 1) / 2
      let head = 2 * 512 * 64.0
      #expect(results[row]["operations"] as? Double == linear + attention + head)
    }
  }

  @Test(arguments: [
    (["--only", "prefill"], "600 tokens are more than the model's context of 256"),
    (["--lengths", "257"], "257 tokens are more than the model's context of 256"),
    (["--lengths", "16", "--only", "prefill"], "--lengths and --only can't be combined"),
    (["--precision", "fp8"], "--precision"),
  ])
  func whatCannotBeMeasuredIsRefused(options: [String], sentence: String) throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(["bench", "--model", model] + options, in: folder.url)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
  }
}
