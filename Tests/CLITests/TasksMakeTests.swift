import Foundation
import Testing

/// `hindsight tasks make` as a person runs it, and kills it.
struct TasksMakeTests {
  /// Modules enough that a kill comes between them.
  private static func package(in folder: TestFolder, modules: Int = 5) throws {
    let root = folder["sums/sums"]
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try Data().write(to: root.appending(path: "__init__.py"))
    for number in 1...modules {
      let text = """
        def total(values, start=\(number)):
            \"\"\"Adds up.

            >>> total([1, 2])
            \(3 + number)
            >>> total([])
            \(number)
            >>> total([5, 5, \(number)], 0)
            \(10 + number)
            \"\"\"
            result = start
            for value in values:
                if value != \(number + 10):
                    result = result + value
            return result
        """
      try Data((text + "\n").utf8).write(to: root.appending(path: "part\(number).py"))
    }
  }

  @Test func aKilledRunGoesOnAndMakesTheSame() throws {
    let folder = try TestFolder()
    try Self.package(in: folder)
    let arguments = { (output: String) in
      ["tasks", "make", "sums", "--output", output, "--jobs", "1", "--per-function", "3"]
    }
    let whole = try HindsightCommand.run(arguments("whole"), in: folder.url)
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.output.contains("sums") && whole.output.contains("difficulty:"))
    // Killed as soon as there are more results than before, and then as soon as there is a task.
    let count = { (path: String) in
      (try? FileManager.default.contentsOfDirectory(atPath: folder[path].path))?.count ?? 0
    }
    for kill in 0..<3 {
      let before = count(kill < 2 ? "parts/.making/results" : "parts")
      let (process, outcome) = try HindsightCommand.start(
        arguments: arguments("parts"), in: folder.url)
      while process.isRunning, count(kill < 2 ? "parts/.making/results" : "parts") <= before {
        usleep(2000)
      }
      Foundation.kill(process.processIdentifier, SIGKILL)
      _ = try outcome()
    }
    let rest = try HindsightCommand.run(arguments("parts"), in: folder.url)
    #expect(rest.status == 0, "\(rest.errors)")
    try folder.shell("diff -r -x .making -x report.json whole parts")
    let list = try HindsightCommand.run(["tasks", "list", "--tasks", "parts"], in: folder.url)
    #expect(list.output.contains(" train, 0 held-out"), "\(list.output)")
  }

  @Test func mistakesAreOneSentenceAndNothingIsWritten() throws {
    let folder = try TestFolder()
    try folder.shell(
      "mkdir full empty pkg && touch full/mine.txt e.toml && echo 'x = 1' >pkg/a.py")
    for (arguments, sentence) in [
      (["nonsense"], "neither a package with its version"),
      ([""], "\"\" is neither a package with its version"),
      (["empty"], "holds no Python files of empty; another language's folder is named"),
      (["pkg", "./pkg/"], "two of the packages are called \"pkg\""),
      (["pkg", "--output", "full"], "isn't empty and wasn't made by this command"),
      (["--sources", "none.toml"], "none.toml can't be read as text"),
      (["--sources", "e.toml"], "e.toml names no source"),
      (["pkg", "--jobs", "0"], "--jobs must be from 1 to 64"),
    ] {
      let outcome = try HindsightCommand.run(["tasks", "make"] + arguments, in: folder.url)
      #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
    }
    try folder.shell("test \"$(ls full)\" = mine.txt")
  }

  @Test func theTableSaysWhyThereIsNothing() throws {
    let folder = try TestFolder()
    try folder.shell("mkdir pkg && echo 'x = 1' >pkg/a.py && echo 'y = 1' >pkg/b.py")
    let outcome = try HindsightCommand.run(
      ["tasks", "make", "pkg", "--output", "out"], in: folder.url)
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.output.contains("module has no examples (2)"), "\(outcome.output)")
  }
}
