import Foundation
import Testing

/// The saved episodes of `transcripts/` are evidence as long as they hold when they're run again.
@Suite struct SavedTranscriptTests {
  private static let package = HindsightCommand.fixtures.deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let files =
    ((try? FileManager.default.contentsOfDirectory(
      atPath: package.appending(path: "transcripts").path)) ?? []).filter {
      $0.hasSuffix(".jsonl")
    }.sorted()

  @Test func thereAreADozen() { #expect(Self.files.count >= 12) }

  @Test func noneWasEdited() throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      ["replay", "--check", Self.package.appending(path: "transcripts").path], in: folder.url)
    let lines = outcome.output.split(separator: "\n").dropLast()
    #expect(lines.count == Self.files.count, "\(outcome.output) \(outcome.errors)")
    #expect(lines.count { $0.contains("as they were written") } == Self.files.count)
    #expect(outcome.status == 0)
  }

  @Test(arguments: files)
  func everyTurnIsTheSameAgain(_ name: String) throws {
    let folder = try TestFolder()
    let outcome = try HindsightCommand.run(
      [
        "replay", "--verify", Self.package.appending(path: "transcripts/\(name)").path,
        "--tasks", Self.package.appending(path: "tasks").path,
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    #expect(outcome.output.contains("turns are the same"))
  }
}
