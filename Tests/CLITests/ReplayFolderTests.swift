import Foundation
import Testing

/// `hindsight replay` of a folder: it says of every file what became of it, and no name reaches the terminal as it is.
@Suite struct ReplayFolderTests {
  private static let package = HindsightCommand.fixtures
    .appending(path: "../..").standardizedFileURL

  private let folder: TestFolder

  /// One that is the same again, one with another result, one that was edited, and no transcript at all.
  init() throws {
    folder = try TestFolder()
    let source = Self.package.appending(path: "transcripts/base64-accents.jsonl").path
    try folder.shell(
      #"""
      mkdir saved && cd saved && cp '\#(source)' a.jsonl
      edit='2s/"tree":"..../"tree":"0000/'
      sed -E -e 's/"(previous|digest)":"[0-9a-f]{64}",//g' -e "$edit" a.jsonl > "$(printf 'b\033[2J.jsonl')"
      sed "$edit" a.jsonl > c.jsonl
      echo x > "$(printf 'd\033[2J.jsonl')"
      """#)
  }

  private func replay(_ options: String...) throws -> String {
    let outcome = try HindsightCommand.run(
      ["replay", "saved", "--tasks", Self.package.appending(path: "tasks").path] + options,
      in: folder.url)
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(!outcome.output.contains("\u{1b}") && outcome.errors.isEmpty, "\(outcome.errors)")
    return outcome.output
  }

  @Test func checked() throws {
    let output = try replay("--check")
    for sentence in [
      "saved/a.jsonl: all 9 lines are as they were written\n",
      "saved/b\\u{1b}[2J.jsonl: its lines carry no digests",
      "saved/c.jsonl: line 2 was changed after it was written\n",
      "saved/d\\u{1b}[2J.jsonl:1: not a JSON object\n",
      "1 of 4 transcripts are as they were written\n",
    ] {
      #expect(output.contains(sentence), "\(output)")
    }
  }

  @Test func updated() throws {
    let unchanged = try Data(contentsOf: folder["saved/a.jsonl"])
    let output = try replay("--verify", "--update")
    for sentence in [
      "saved/a.jsonl: all 7 turns are the same; nothing to update\n",
      "Turn 1: the tree differs\n",
      "saved/b\\u{1b}[2J.jsonl: 1 result replaced; the earlier file is ",
      "saved/b\\u{1b}[2J.jsonl.before-update\n",
      "saved/c.jsonl was edited after it was written (--check), so it isn't updated\n",
      "saved/d\\u{1b}[2J.jsonl:1: not JSON",
      "4 transcripts: 1 updated, 1 the same, 2 refused\n",
    ] {
      #expect(output.contains(sentence), "\(output)")
    }
    #expect(try Data(contentsOf: folder["saved/a.jsonl"]) == unchanged)
    #expect(try folder.shell("ls saved | wc -l").hasPrefix("5"))
    #expect(try replay("--check").contains("2 of 4 transcripts are as they were written\n"))
  }

  /// What goes wrong with one file, here with its task, is said of it, and the others have their turn.
  @Test(arguments: [
    (
      ["--verify"],
      "base64-accents: all 7 turns are the same\n1 of 2 transcripts are the same again\n"
    ),
    (
      ["--verify", "--update"],
      "saved/b.jsonl: all 7 turns are the same; nothing to update\n"
        + "2 transcripts: 0 updated, 1 the same, 1 refused\n"
    ),
  ])
  func anErrorIsOfOneFileAlone(_ options: [String], _ end: String) throws {
    let package = Self.package.path
    try folder.shell(
      """
      rm -r saved && mkdir -p saved tasks/semver-prerelease-hyphen
      cp '\(package)/transcripts/semver-prerelease-hyphen.jsonl' saved/a.jsonl
      cp '\(package)/transcripts/base64-accents.jsonl' saved/b.jsonl
      cp -r '\(package)/tasks/base64-accents' tasks
      echo 'x = ' > tasks/semver-prerelease-hyphen/task.toml
      """)
    let outcome = try HindsightCommand.run(["replay", "saved"] + options, in: folder.url)
    #expect(outcome.status == 1 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.contains(#/saved/a\.jsonl: .*/instruction\.md is missing\n/#))
    #expect(outcome.output.hasSuffix(end), "\(outcome.output)")
  }
}
