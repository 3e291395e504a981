import Agent
import Foundation
import Testing

/// Texts on which the TOML library would end the process, in a task's file and in a list of sources.
struct TOMLCheckTests {
  /// What is said of a list of sources with this text, without the folder's name; empty if it is taken.
  private func refusal(of text: String) async throws -> String {
    try await MakingFixtures.withFolder { folder in
      let file = folder.appending(path: "list.toml")
      try Data(text.utf8).write(to: file)
      do {
        _ = try SourceList(contentsOf: file)
        return ""
      } catch let error as TaskError {
        return error.description.replacing(folder.path + "/", with: "")
      }
    }
  }

  @Test(arguments: ["[!", "[.", "[[#", "[[[", "[\n", "[[ \n", "[\u{1}a]", "[\u{E9}]", " \t[ ="])
  func aTableWithoutAName(header: String) async throws {
    let refusal = try await refusal(of: header)
    #expect(refusal.hasPrefix("list.toml:1: not valid TOML: expected a table's name"))
    let text = "text = '''\n[x\n'''\nlist = [\n  \"]\", # [!\n]\n\(header)"
    #expect(try await self.refusal(of: text).hasPrefix("list.toml:7: not valid TOML: expected"))
  }

  @Test(arguments: [
    ("x = [ }", "[ is closed by }"), ("x = [1, {a = 1]]", "{ is closed by ]"),
    ("x = [\u{2028}", "a character that only a string or a comment may hold"),
    ("x = 1979-05-27T:", "expected a value, not 1979-05-27T:"),
    ("x = 1979-05-27 0", "expected a value, not 1979-05-27 0"),
    ("x = [1979-05-27 0 ]", "expected a value, not 1979-05-27 0 "),
  ])
  func whatTheLibraryDoesNotExpect(text: String, message: String) async throws {
    let refusal = try await refusal(of: "\n" + text)
    #expect(refusal == "list.toml:2: not valid TOML: \(message)")
  }

  @Test func aKeyOfManyParts() async throws {
    let deep = Array(repeating: "a", count: 200_000).joined(separator: ".")
    for text in ["\(deep) = 1", "[\(deep)]", "x = { \(deep) = 1 }", "1.2.\"3.\" . 4.\(deep)"] {
      let refusal = try await refusal(of: text)
      #expect(refusal == "list.toml:1: not valid TOML: a key of more than 16 parts")
    }
  }

  @Test func aHugeFile() async throws {
    let text = "#" + String(repeating: " ", count: 16 << 20)
    #expect(try await refusal(of: text) == "list.toml is larger than 16 MB")
  }

  /// What the library says itself.
  @Test(arguments: ["[", "[[", "[]", "[a", "x = ", "x = [", "x = \"\"\"", "x = '", "\"\\"])
  func otherMistakes(text: String) async throws {
    let refusal = try await refusal(of: text)
    #expect(refusal.contains("not valid TOML") && !refusal.contains("expected a table's name"))
  }

  @Test func brackets() async throws {
    try await TaskFixtures.withCopy { copy in
      try TaskFixtures.edit(copy.appending(path: "task.toml")) { text in
        text + #"""

          [ metadata . "other.[" ] # [!
          nested = [
            [1, -2, 3.5e-7, inf, 0xFF, 1_000],
          [ "[!", '[.', ] , # [[[
            [{ a.b = true, "c" = [[]] }, {}],
          ]
          basic = """
          [!
          \""" [[# """""
          literal = '''
          [.
          \'''''
          dates = [ 1979-05-27 , 1979-05-27T07:32:00.5Z, 1979-05-27 07:32:00-08:00, 07:32:00 ]
          [[metadata.more]]
          1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16 = "\\"
          [[ metadata.more ]]
          """#
      }
      #expect(try RepairTask(directory: copy).id == "mean-of-none")
      // The lines that are no headers are counted.
      try TaskFixtures.edit(copy.appending(path: "task.toml")) { $0 + "\n[!" }
      let text = try String(contentsOf: copy.appending(path: "task.toml"), encoding: .utf8)
      let last = text.split(separator: "\n", omittingEmptySubsequences: false).count
      let error = #expect(throws: TaskError.self) { try RepairTask(directory: copy) }
      #expect(error?.description.contains("task.toml:\(last): ") == true)
    }
  }

  @Test func aByteOrderMark() async throws {
    #expect(try await refusal(of: "\u{FEFF}[!").contains("expected a table's name"))
    #expect(try await refusal(of: "\u{FEFF}[packages.toolz]\nversion = \"1\"\n") == "")
  }
}
