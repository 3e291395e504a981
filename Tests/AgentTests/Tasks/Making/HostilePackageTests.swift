import Agent
import Foundation
import Testing
import Tools

/// Packages that mean no good, run for real: what they do stays in the sandbox and is told in the report.
struct HostilePackageTests {
  private static func module(_ head: String, _ body: String) -> String {
    """
    \(head)


    def add(a, b):
        \"\"\"Adds.

        >>> add(1, 2)
        3
        >>> add(2, 2)
        4
        >>> add(0, 0)
        0
        \"\"\"
        \(body)
        return a + b
    """ + "\n"
  }

  private static let files: [String: String] = [
    "evil/__init__.py": "",
    "evil/hangs.py": module("while True: LIMIT = 1", "assert LIMIT"),
    "evil/eats.py": module("import array", "assert len(array.array('b', bytes(1 << 40)))"),
    "evil/writes.py": module(
      "from pathlib import Path",
      """
      for place in ("/workspace/results.jsonl", "/workspace/x", "/tmp/x", "/package/x", "/usr/x"):
              try:
                  Path(place).write_text("written")
              except OSError:
                  pass
      """),
    "evil/forks.py": module(
      "import os",
      """
      if os.fork() == 0:
              os.setsid()
              if os.fork() == 0:
                  while True:
                      pass
              os._exit(0)
      """),
    "evil/bombs.py": module(
      "import os",
      """
      while True:
              if os.fork() == 0:
                  while True:
                      os.getppid()
      """),
    "evil/prints.py": module(
      "RED = '\\x1b[31m\\x07'", "print(RED * 1000)\n    assert a != 2, RED + 'x'\n"),
    "evil/leaves.py": module("import os", "os._exit(0)"),
    "evil/broken.py": "def f(:\n    '''\n    >>> 1\n    1\n    '''\n",
    "evil/binary.py": "'\\0'\n\u{0}>>> 1\n",
    "evil/sound.py": module("", "a = a * 1"),
  ]

  @Test(.timeLimit(.minutes(2))) func isContainedAndReported() async throws {
    try await MakingFixtures.withFolder { folder in
      let report = try await MakingFixtures.make(
        [("evil", .train, Self.files)], perFunction: 1, in: folder)
      let package = try #require(report.packages["evil"])
      #expect(package.failure == nil)
      #expect(package.left["the sound code runs too long"] ?? 0 >= 1, "\(package.left)")
      #expect(package.left["the sound code ends the process"] ?? 0 >= 1, "\(package.left)")
      #expect(package.left["can't be parsed: SyntaxError"] ?? 0 >= 1, "\(package.left)")
      #expect(package.left["no test passes on the sound code"] ?? 0 >= 1, "\(package.left)")
      #expect(package.stopped.contains { $0.contains("bombs") && $0.contains("processes") })
      // The one function that does no harm is used.
      let tasks = try TaskSet.load(folder.appending(path: "tasks")).tasks
      #expect(tasks.contains { $0.origin?.path == "evil/sound.py" })
      for (path, data) in try MakingFixtures.contents(of: folder.appending(path: "tasks")) {
        #expect(!data.contains(0x07), "\(path)")
        if path.hasSuffix("instruction.md") { #expect(!data.contains(0x1B), "\(path)") }
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "evil/x").path))
      // Nothing was lost by the module that empties whatever it can open for writing.
      #expect(tasks.contains { $0.origin?.path == "evil/writes.py" })
      #expect(package.rejected["not written by the script"] == nil)
    }
  }
}
