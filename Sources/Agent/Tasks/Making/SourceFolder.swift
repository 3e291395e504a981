public import Foundation

/// A repository on this machine with a command that runs its tests, in any language.
public struct SourceFolder: Sendable {
  public var name: String
  public var path: URL
  public var testCommand: String
  public var language: RepairTask.Language
  public var split: RepairTask.Split
  /// Globs of the files in which bugs are made; all that aren't tests if there are none.
  public var files: [String]
  /// Tasks taken from it at most.
  public var limit: Int?

  public init(
    name: String, path: URL, testCommand: String, language: RepairTask.Language,
    split: RepairTask.Split = .train, files: [String] = [], limit: Int? = nil
  ) {
    self.name = name
    self.path = path
    self.testCommand = testCommand
    self.language = language
    self.split = split
    self.files = files
    self.limit = limit
  }

  init(name: String, _ entry: inout TOMLReader, base: URL) throws(TaskError) {
    let path = try entry.required("path")
    guard let language = try entry.choice("language", of: RepairTask.Language.self) else {
      throw TaskError("\(entry.file): missing key folders.\(name).language")
    }
    self.init(
      name: name, path: URL(filePath: path, relativeTo: base).standardizedFileURL,
      testCommand: try entry.required("test_command"), language: language,
      split: try entry.choice("split", of: RepairTask.Split.self) ?? .train,
      files: try entry.strings("files") ?? [],
      limit: try entry.positiveInteger("limit", limit: 1_000_000))
    try entry.finish()
  }
}
