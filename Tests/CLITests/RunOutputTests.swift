import Foundation
import Testing

/// What a run prints, and where nobody reads it.
@Suite(.serialized) struct RunOutputTests {
  private let folder: TestFolder
  private let endpoint: Endpoint

  init() throws {
    folder = try TestFolder()
    endpoint = try Endpoint()
    try folder.makeRepository()
  }

  private func run(_ kind: String) -> [String] {
    ["run", "--repo", "repository", "--issue", "mend it", "--model", endpoint.address(kind)]
  }

  /// What somebody reads of a command's output, then its exit code and its complaints.
  private func read(by reader: String, _ arguments: [String]) throws -> String {
    let command = ([HindsightCommand.executable.path] + arguments).map { "'\($0)'" }
      .joined(separator: " ")
    return try folder.shell(
      "(\(command); echo $? > status) 2> complaints | \(reader); cat status complaints")
  }

  private func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      .filter { $0.hasPrefix("hindsight-") }
  }

  @Test func itGoesOnWhereNobodyReadsOn() throws {
    #expect(try read(by: "head -1", run("mend")) == "Task run/mend-it, sample 0\n0\n")
    #expect(
      try folder.shell("git -C repository log -1 --format=%s hindsight/mend-it") == "submit\n")
    let saved = folder["repository/.git/hindsight"]
    #expect(
      FileManager.default.fileExists(atPath: saved.appending(path: "mend-it.patch").path))
    let fork = [
      "replay", saved.appending(path: "mend-it.jsonl").path, "--fork-from", "2", "--repo",
      "repository", "--model", endpoint.address("mend"),
    ]
    #expect(try read(by: "head -1", fork) == "Task run/mend-it, sample 0\n0\n")
    let check = try HindsightCommand.run(["replay", "--check", saved.path], in: folder.url)
    #expect(check.output.contains("2 of 2 transcripts are as they were written"))
    #expect(try leftovers() == [])
  }

  /// It ends where nobody reads it, and leaves nothing either.
  @Test func whatIsOnlyPrinted() throws {
    let package = HindsightCommand.fixtures.appending(path: "../..").standardizedFileURL
    for arguments in [
      run("mend") + ["--print-prompt"],
      [
        "replay", "--verify", package.appending(path: "transcripts/base64-accents.jsonl").path,
        "--tasks", package.appending(path: "tasks").path,
      ],
    ] {
      _ = try read(by: "true", arguments)
      #expect(try leftovers() == [])
    }
  }

  @Test func aReplyOfMegabytesIsShownByItsEnds() throws {
    let outcome = try HindsightCommand.run(
      run("huge") + ["--max-turns", "1", "--output", "saved"], in: folder.url)
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.output.contains("xxx\n  [292040 characters left out]\n  xxx"))
    #expect(outcome.output.utf8.count < 20_000)
    #expect(try Data(contentsOf: folder["saved/mend-it.jsonl"]).count > 300_000)
  }

  @Test func everyBinaryFileIsNamedAtTheEnd() throws {
    let outcome = try HindsightCommand.run(run("blobs"), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.ranges(of: "(binary contents)").count == 10, "\(outcome.output)")
    for number in 0..<10 { #expect(outcome.output.contains("b/\(number).bin")) }
  }
}
