import Agent
import Foundation
import Testing
import Tools

struct TaskMakerTests {
  private static let words = ("words", RepairTask.Split.train, ["words.py": MakingFixtures.words])

  @Test func tasksAreValidAndSayWhereTheyComeFrom() async throws {
    try await MakingFixtures.withFolder { folder in
      let report = try await MakingFixtures.make([Self.words], perFunction: 2, in: folder)
      let tasks = try TaskSet.load(folder.appending(path: "tasks")).tasks
      #expect(report.tasks == tasks.count && tasks.count >= 5)
      for task in tasks {
        let validation = try await TaskValidator(sandbox: .bubblewrap, runs: 1).validate(task)
        #expect(validation.problems == [] && validation.infrastructureFailure == nil, "\(task.id)")
        #expect(validation.visibleTestsFailBefore, "\(task.id)")
        let origin = try #require(task.origin)
        #expect(origin.package == "words" && origin.path == "words.py" && origin.seed == 1)
        #expect(origin.mutation == task.bug && origin.difficulty.lines > 3)
        #expect(["split", "longest", "shout"].contains(origin.function))
        #expect(!task.failToPass.isEmpty && !task.passToPass.isEmpty)
        #expect(!task.instruction.contains("line "))
      }
      // Comments go along with what they are about, examples don't: they are the tests.
      let split = try #require(tasks.first { $0.origin?.function == "split" })
      let text = try String(
        contentsOf: split.environmentDirectory.appending(path: "words.py"), encoding: .utf8)
      #expect(
        text.contains("# Splits at anything") && text.contains("Splits a text into its words."))
      #expect(!text.contains(">>>") && !text.contains("MARKS") && !text.contains("from os"))
    }
  }

  @Test func theSameSeedGivesTheSameBytes() async throws {
    try await MakingFixtures.withFolder { folder in
      for (seed, output) in [(1, "a"), (1, "b"), (2, "c")] {
        _ = try await MakingFixtures.make(
          [Self.words], seed: seed, perFunction: 2, in: folder, output: output)
      }
      let contents = try ["a", "b", "c"].map {
        try MakingFixtures.contents(of: folder.appending(path: $0))
      }
      #expect(contents[0] == contents[1])
      #expect(contents[0] != contents[2])
    }
  }

  @Test func aFinishedRunIsFoundAgainAndOtherOptionsAreRefused() async throws {
    try await MakingFixtures.withFolder { folder in
      let first = try await MakingFixtures.make([Self.words], in: folder)
      let output = folder.appending(path: "tasks")
      let before = try MakingFixtures.contents(of: output)
      // As a kill between two tasks, and one amid a file, would leave it.
      let folders = try TaskSet.folders(in: output)
      try FileManager.default.removeItem(at: folders[0])
      try Data().write(to: folders[1].appending(path: "instruction.md"))
      var second = try await MakingFixtures.make([Self.words], in: folder)
      #expect(try MakingFixtures.contents(of: output) == before)
      for name in second.packages.keys {
        #expect(second.packages[name]?.seconds == 0)
        second.packages[name]?.seconds = first.packages[name]?.seconds ?? 0
      }
      #expect(second == first)
      await #expect(throws: TaskError.self) {
        try await MakingFixtures.make([Self.words], seed: 2, in: folder)
      }
      #expect(try MakingFixtures.contents(of: output) == before)
    }
  }

  @Test func splitsShareNeitherFunctionsNorOperators() async throws {
    try await MakingFixtures.withFolder { folder in
      let copied = MakingFixtures.words.replacing("def shout", with: "def yell")
        .replacing("shout(", with: "yell(").replacing("upper", with: "title")
      let other = ("other", RepairTask.Split.heldOut, ["other.py": copied])
      let heldOut: Set = ["comparison", "constant", "removed-branch", "slice", "operator"]
      let report = try await MakingFixtures.make(
        [Self.words, other], heldOut: heldOut, in: folder)
      let set = try TaskSet.load(folder.appending(path: "tasks"))
      let train = set.tasks.filter { $0.split == .train }
      let held = set.tasks.filter { $0.split == .heldOut }
      #expect(!train.isEmpty && !held.isEmpty)
      #expect(train.allSatisfy { !heldOut.contains($0.bug) && $0.repository == "words" })
      #expect(held.allSatisfy { heldOut.contains($0.bug) && $0.repository == "other" })
      // Only `shout` is in one package alone.
      #expect(Set(train.compactMap(\.origin?.function)) == ["shout"])
      #expect(report.packages["words"]?.rejected["like a held-out function"] ?? 0 > 0)
    }
  }

  @Test func whatNoTestTellsApartIsOneTask() async throws {
    try await MakingFixtures.withFolder { folder in
      let code = """
        def sign(number):
            \"\"\"
            >>> sign(5)
            1
            >>> sign(0)
            0
            >>> sign(-3)
            -1
            \"\"\"
            if number > 0:
                return 1
            return 0 if number == 0 else -1
        """
      let report = try await MakingFixtures.make(
        [("signs", .train, ["signs.py": code + "\n"])], perFunction: 20, in: folder)
      let package = try #require(report.packages["signs"])
      #expect(package.rejected["behaves like another"] ?? 0 > 0)
      let tasks = try TaskSet.load(folder.appending(path: "tasks")).tasks
      #expect(Set(tasks.map(\.instruction)).count > 1)
      let bugs = try tasks.map {
        try Data(contentsOf: $0.environmentDirectory.appending(path: "signs.py"))
      }
      #expect(Set(bugs).count == bugs.count && bugs.count == report.tasks)
    }
  }

  @Test func testsThatLeaveSomethingForEachOtherAreNoTests() async throws {
    try await MakingFixtures.withFolder { folder in
      let code = """
        COUNT = 0


        def number(prefix=""):
            \"\"\"
            >>> number()
            '1'
            >>> number("a")
            'a2'
            >>> len(number("abc"))
            4
            >>> number(None)
            Traceback (most recent call last):
            ...
            TypeError: no prefix
            \"\"\"
            global COUNT
            if prefix is None:
                raise TypeError("no prefix")
            COUNT += 1
            return prefix + str(COUNT)
        """
      let report = try await MakingFixtures.make(
        [("counts", .train, ["counts.py": code + "\n"])], in: folder)
      #expect(report.tasks == 0)
      #expect(report.packages["counts"]?.left["its tests depend on each other"] == 1)
    }
  }

  @Test func aListOfSourcesNamesWhatIsWrongWithIt() async throws {
    try await MakingFixtures.withFolder { folder in
      let file = folder.appending(path: "sources.toml")
      for (text, part) in [
        ("[packages.toolz]\nsplit = \"train\"\n", "packages.toolz.version"),
        ("[packages.toolz]\nversion = \"--index\"\n", "no version"),
        ("[packages.toolz]\nversion = \"1\"\nsplit = \"half\"\n", "packages.toolz.split"),
        ("[packages.\"../x\"]\nversion = \"1\"\n", "no package's name"),
        ("[folders.x]\npath = \".\"\nlanguage = \"c\"\n", "folders.x.test_command"),
        ("[folders.x]\npath = \".\"\nlanguage = \"javascript\"\n", "files = [\"*.js\"]"),
        (
          "[folders.x]\npath = \".\"\nlanguage = \"c\"\ntest_command = \"make\"\ntests = \"check\"\n",
          "folders.x.tests must be an array of strings"
        ),
        ("held_out = []\n", "unknown key held_out"),
        ("held_out_operators = []\n", "names no source"),
      ] {
        try Data(text.utf8).write(to: file)
        let error = #expect(throws: TaskError.self) { try SourceList(contentsOf: file) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
      }
    }
  }
}
