import Agent
import Foundation

/// Small packages in temporary folders, and tasks made from them.
enum MakingFixtures {
  static func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-making-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
  }

  static func write(_ files: [String: String], to folder: URL) throws {
    for (path, text) in files {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  /// Makes tasks from packages given as files, each in a folder of its own below `folder/NAME`.
  static func make(
    _ packages: [(name: String, split: RepairTask.Split, files: [String: String])],
    heldOut: Set<String> = [], seed: Int = 1, perFunction: Int = 5, in folder: URL,
    output: String = "tasks"
  ) async throws -> MakingReport {
    var list = SourceList(heldOutOperators: heldOut)
    for package in packages {
      let root = folder.appending(path: package.name)
      try write(package.files, to: root)
      list.packages.append(
        SourceList.Package(name: package.name, split: package.split, origin: .folder(root)))
    }
    var options = MakingOptions()
    options.seed = seed
    options.perFunction = perFunction
    let maker = TaskMaker(
      sources: list, options: options, output: folder.appending(path: output), jobs: 2)
    return try await maker.make(begin: { _ in }, step: { _ in })
  }

  /// The files of all tasks, by path, as they lie there.
  static func contents(of output: URL) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for folder in try TaskSet.folders(in: output) {
      for path in WorkTreeListing.files(in: folder.path) {
        found["\(folder.lastPathComponent)/\(path)"] = try Data(
          contentsOf: folder.appending(path: path))
      }
    }
    return found
  }

  static let words = """
    \"\"\"Words.

    >>> shout("hi", 2)
    'HI!!'
    \"\"\"

    import re
    from os import path

    MARKS = "!?"  # in order


    # Splits at anything that is no letter.
    def split(text, least=1):
        \"\"\"Splits a text into its words.

        Short ones are left out.

        >>> split("one two, three")
        ['one', 'two', 'three']
        >>> split("a bc d", 2)
        ['bc']
        >>> split("")
        []
        \"\"\"
        return [word for word in re.findall(r"[a-z]+", text) if len(word) >= least]


    def longest(text):
        \"\"\"The longest word; the first of several.

        >>> longest("a bcd efg h")
        'bcd'
        >>> longest("x")
        'x'
        >>> longest(" ")
        Traceback (most recent call last):
        ...
        ValueError: no word
        \"\"\"
        words = split(text)
        if not words:
            raise ValueError("no word")
        best = words[0]
        for word in words[1:]:
            if len(word) > len(best):
                best = word
        return best


    def shout(text, times=1):
        mark = MARKS[0]
        return text.upper() + mark * times


    """
}
