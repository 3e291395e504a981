import Foundation
import Testing
import Tools

private let sandbox: Sandbox =
  FileManager.default.isExecutableFile(atPath: "/usr/bin/bwrap") ? .bubblewrap : .none

@Suite struct ToolboxTests {
  private let folder: TemporaryFolder
  private let outside: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    outside = try TemporaryFolder()
    try outside.write("secret", "secret\n")
    try folder.write(
      "src/a.py", (1...100).map { "def f\($0)():\n    return \($0)\n" }.joined())
    try folder.write("src/b.txt", "alpha\nbeta\nalpha beta\n")
    try folder.write("src/binary", [1, 0, 2])
    try run(
      """
      ln -s \(outside.path) out; ln -s \(outside["secret"]) leak; ln -s src/b.txt in
      ln -s /workspace/src abs; ln -s loop loop; mkfifo fifo; ln -s ../../etc up; mkdir empty
      """, in: folder.path)
  }

  private func box(
    test: String? = nil, _ options: Toolbox.Options = .init(), limits: SandboxLimits = .init()
  ) -> Toolbox {
    Toolbox(
      root: folder.path, sandbox: sandbox, limits: limits, testCommand: test, options: options)
  }

  @Test func viewShowsAWindowWithNumbers() async throws {
    let whole = try await box().run(.view(path: "src/a.py"))
    #expect(whole.text.hasPrefix("src/a.py, lines 1-60 of 200:\n1|def f1():\n2|    return 1\n"))
    #expect(whole.text.hasSuffix("60|    return 30\n[140 more lines below; view from line 61]"))
    let part = try await box().run(.view(path: "./src/../src/a.py", firstLine: 199, lastLine: 500))
    #expect(
      part.text == "./src/../src/a.py, lines 199-200 of 200:\n199|def f100():\n200|    return 100")
    let small = try await box(.init(maxCharacters: 300)).run(.view(path: "src/a.py"))
    #expect(small.text.count <= 300 && small.text.contains("more lines below"))
    try folder.write("wide", String(repeating: "é", count: 5000) + "\n")
    #expect(try await box().run(.view(path: "wide")).text.count < 250)
    for (path, first, last) in [("src/a.py", 201, nil), ("src/a.py", 5, 3), ("gone", nil, nil)]
      as [(String, Int?, Int?)]
    {
      #expect(try await box().run(.view(path: path, firstLine: first, lastLine: last)).isError)
    }
    let listing = try await box().run(.view(path: "."))
    #expect(listing.text == "Files in .:\nsrc/a.py\nsrc/b.txt\nsrc/binary\nwide")
    #expect(try await box().run(.view(path: "src/binary")).text.contains("binary file of 3 bytes"))
  }

  /// Harbor's instructions name files by where their image has them.
  @Test(.enabled(if: sandbox == .bubblewrap)) func anotherPlaceIsAsGood() async throws {
    let box = Toolbox(root: folder.path, alsoAt: "/srv/app/", sandbox: sandbox, testCommand: "pwd")
    for call in [.shell(command: "pwd"), .test] as [ToolCall] {
      #expect(try await box.run(call).text == "/srv/app")
    }
    let bytes = try await box.run(.view(path: "src/b.txt")).text.split(separator: "\n").dropFirst()
    for path in ["/srv/app/src/b.txt", "/workspace/src/b.txt", "/srv/./app//abs/b.txt"] {
      let seen = try await box.run(.view(path: path))
      #expect(!seen.isError && seen.text.split(separator: "\n").dropFirst() == bytes)
    }
    for path in ["/srv/src/b.txt", "/srv/app/../../etc/passwd", "/srv/apple/src/b.txt", "/srv"] {
      #expect(try await box.run(.view(path: path)).text.contains("is outside the workspace"))
    }
  }

  /// Where one file alone has the name.
  @Test func aMisspeltFolderIsLookedThrough() async throws {
    for path in ["a.py", "scr/a.py"] {
      let found = try await box().run(.view(path: path, firstLine: 2, lastLine: 2))
      #expect(
        found.text.hasPrefix(
          "There is no file \(path), but there is\nsrc/a.py, lines 2-2 of 200:\n2|    return 1\n"))
      #expect(!found.isError)
    }
    #expect(
      try await box().run(.view(path: "scr/a.py", firstLine: 999)).text
        == "src/a.py has only 200 lines; there is no line 999.")
    // An edit must name what it changes.
    let edit = ToolCall.editLines(path: "scr/a.py", firstLine: 1, lastLine: 1, lines: ["x = 1"])
    let refused = try await box().run(edit)
    #expect(refused.isError && refused.text.contains("Did you mean: src/a.py"))
    try folder.write("other/a.py", "a = 1\n")
    let several = try await box().run(.view(path: "scr/a.py"))
    #expect(several.isError && several.text.contains("Did you mean: other/a.py, src/a.py"))
  }

  /// Its path can't be said, so it can't be opened by it.
  @Test func aFileInAFolderWithoutATextsNameIsOnlyNamed() async throws {
    try run("mkdir $'caf\\xe9'; echo 1 > $'caf\\xe9/only.py'", in: folder.path)
    let result = try await box().run(.view(path: "cafe/only.py"))
    #expect(result.isError && result.text.contains("Did you mean: caf"))
  }

  @Test(arguments: [
    "out/secret", "leak", "../x", "/etc/passwd", "up/passwd", "out", "fifo", "loop", "src/../../x",
    "a\0b",
  ])
  func nothingOutsideIsReadOrWritten(_ path: String) async throws {
    for call in [
      ToolCall.view(path: path), .search(pattern: "secret", path: path),
      .edit(path: path, old: "secret", new: "x"), .create(path: path, contents: "x"),
      .create(path: path + "/new", contents: "x"),
    ] {
      let result = try await box().run(call)
      #expect(result.isError || result.text.hasPrefix("No line"), "\(call): \(result.text)")
      #expect(!result.text.contains("secret\n"))
    }
    #expect(try outside.text("secret") == "secret\n" && !outside.exists("new"))
  }

  @Test func linksInsideAndTheSandboxsPathWork() async throws {
    for path in ["in", "abs/b.txt", "/workspace/src/b.txt", "./in"] {
      #expect(try await box().run(.view(path: path)).text.contains("1|alpha"), "\(path)")
    }
    #expect(try await !box().run(.edit(path: "in", old: "alpha\nbeta", new: "x")).isError)
    #expect(try folder.text("src/b.txt") == "x\nalpha beta\n")
  }

  @Test func searchListsLinesAndCounts() async throws {
    let plain = try await box().run(.search(pattern: "alpha"))
    #expect(plain.text == "2 matches in 1 file:\nsrc/b.txt:1:alpha\nsrc/b.txt:3:alpha beta")
    let many = try await box().run(.search(pattern: "return", path: "src"))
    #expect(many.text.hasPrefix("100 matches in 1 file:\nsrc/a.py:2:    return 1\n"))
    #expect(many.text.hasSuffix("[80 more; search for something narrower]"))
    let expression = try await box().run(.search(pattern: #"def f(9\d|100)\("#))
    #expect(expression.text.hasPrefix("11 matches in 1 file:\nsrc/a.py:179:def f90():"))
    #expect(try await box().run(.search(pattern: "^beta$")).text.contains("src/b.txt:2:beta"))
    #expect(try await box().run(.search(pattern: "zzz")).text == "No line contains zzz")
    try folder.write("aaa", String(repeating: "a", count: 3000) + "\n")
    let hostile = try await box().run(.search(pattern: "(a*)*(a|aa)*b"))
    #expect(hostile.text.hasPrefix("2 matches") == false || !hostile.isError)
    for pattern in ["", "a\nb"] {
      #expect(try await box().run(.search(pattern: pattern)).isError)
    }
    #expect(try await !box().run(.search(pattern: "([")).isError)
  }

  @Test func editReplacesExactlyOnce() async throws {
    let good = try await box().run(
      .edit(path: "src/a.py", old: "    return 50\n", new: "    x = 1\n    return x\n"))
    #expect(
      good.text == """
        Edited src/a.py:
        96|    return 48
        97|def f49():
        98|    return 49
        99|def f50():
        100|    x = 1
        101|    return x
        102|def f51():
        103|    return 51
        104|def f52():
        105|    return 52
        """)
    let many = try await box().run(.edit(path: "src/b.txt", old: "alpha", new: "x"))
    #expect(many.isError && many.text.contains("2 times (lines 1, 3)"))
    let none = try await box().run(
      .edit(path: "src/a.py", old: "def f60():\n  return 60", new: "x"))
    #expect(
      none.isError && none.text.contains("Only spaces differ")
        && none.text.contains("|    return 60"))
    let near = try await box().run(.edit(path: "src/b.txt", old: "alpha betta", new: "x"))
    #expect(near.isError && near.text.contains("closest") && near.text.contains("3|alpha beta"))
    for (old, new) in [("", "x"), ("beta\nalpha", "beta\nalpha")] {
      #expect(try await box().run(.edit(path: "src/b.txt", old: old, new: new)).isError)
    }
    #expect(try folder.text("src/b.txt") == "alpha\nbeta\nalpha beta\n")
    try folder.write("crlf", "one\r\ntwo\r\nthree\r\n")
    #expect(try await !box().run(.edit(path: "crlf", old: "one\ntwo", new: "1\n2")).isError)
    #expect(try folder.text("crlf").utf8.elementsEqual("1\r\n2\r\nthree\r\n".utf8))
    try folder.write("accents", "e\u{301}\n")
    #expect(try await box().run(.edit(path: "accents", old: "\u{E9}", new: "e")).isError)
    try run("chmod 755 src/b.txt", in: folder.path)
    #expect(try await !box().run(.edit(path: "src/b.txt", old: "alpha beta", new: "")).isError)
    #expect(FileManager.default.isExecutableFile(atPath: folder["src/b.txt"]))
  }

  @Test(arguments: [
    ("m.py", "def f():\n    return 1\n", "return 1", "return (1", "SyntaxError"),
    ("m.json", "{\"a\": 1}\n", "1}", "1", "\"a\": 1"),
    ("m.sh", "if true; then echo; fi\n", "fi", "FI", "Syntax error"),
    ("run", "#!/bin/bash\nfor i in 1; do echo; done\n", "done", "don", "line"),
    ("sub/m.c", "#include \"m.h\"\nint f(void) { return ONE; }\n", "ONE;", "ONE", "error:"),
  ])
  func anEditThatAddsASyntaxErrorIsRefused(
    _ name: String, _ text: String, _ old: String, _ new: String, _ said: String
  ) async throws {
    try folder.write(name, text)
    try folder.write("sub/m.h", "#define ONE 1\n")
    let refused = try await box().run(.edit(path: name, old: old, new: new))
    #expect(refused.isError && refused.text.hasPrefix("Edit refused"), "\(refused.text)")
    #expect(refused.text.contains(said) && refused.text.contains("It still is:"))
    #expect(try folder.text(name) == text)
    #expect(!refused.text.contains("/check"))
    // What was broken before may stay broken.
    try folder.write(name, text.replacingOccurrences(of: old, with: new))
    let allowed = try await box().run(.edit(path: name, old: new, new: new + " "))
    #expect(!allowed.isError, "\(allowed.text)")
    #expect(try await !box().run(.edit(path: name, old: new + " ", new: old)).isError)
  }

  @Test func linesAreReplacedByTheirNumbers() async throws {
    let box = box()
    func edit(_ first: Int, _ last: Int, _ lines: [String]) async throws -> ToolResult {
      try await box.run(
        .editLines(path: "src/b.txt", firstLine: first, lastLine: last, lines: lines))
    }
    #expect(try await edit(2, 2, ["  gamma"]).text == "Edited. Line 2 was:\n2|beta")
    #expect(try folder.text("src/b.txt") == "alpha\n  gamma\nalpha beta\n")
    #expect(
      try await edit(1, 2, []).text
        == "Edited. Lines 1-2 were:\n1|alpha\n2|  gamma\nsrc/b.txt has 1 line now.")
    #expect(try await !edit(1, 1, ["", "x", ""]).isError)
    #expect(try folder.text("src/b.txt") == "\nx\n\n")
    for (first, last) in [(0, 1), (3, 2), (2, 4), (-1, -1)] {
      #expect(try await edit(first, last, ["y"]).isError)
    }
    #expect(try await edit(2, 2, ["x"]).text.contains("nothing would change"))
    #expect(try folder.text("src/b.txt") == "\nx\n\n")
    try folder.write("crlf", "one\r\ntwo")
    for (line, text) in [(2, "2"), (1, "1")] {
      _ = try await box.run(
        .editLines(path: "crlf", firstLine: line, lastLine: line, lines: [text]))
    }
    #expect(try folder.text("crlf").utf8.elementsEqual("1\r\n2".utf8))
    try folder.write("m.py", "def f():\n    return 1\n")
    let refused = try await box.run(
      .editLines(path: "m.py", firstLine: 2, lastLine: 2, lines: ["return 1"]))
    #expect(refused.isError && refused.text.hasPrefix("Edit refused"))
    #expect(try folder.text("m.py") == "def f():\n    return 1\n")
  }

  @Test func linesAreInsertedAfterALine() async throws {
    let box = box()
    func insert(_ path: String, _ line: Int, _ lines: [String]) async throws -> ToolResult {
      try await box.run(.insert(path: path, line: line, lines: lines))
    }
    #expect(
      try await insert("src/b.txt", 1, ["x", ""]).text
        == "Edited src/b.txt:\n1|alpha\n2|x\n3|\n4|beta\n5|alpha beta")
    #expect(try await !insert("src/b.txt", 0, ["first"]).isError)
    #expect(try await !insert("src/b.txt", 6, ["last"]).isError)
    #expect(try folder.text("src/b.txt") == "first\nalpha\nx\n\nbeta\nalpha beta\nlast\n")
    for (line, lines) in [(-1, ["y"]), (8, ["y"]), (.max, ["y"]), (1, [])] {
      #expect(try await insert("src/b.txt", line, lines).isError)
    }
    #expect(try await !box.run(.undo).isError)
    #expect(try folder.text("src/b.txt") == "first\nalpha\nx\n\nbeta\nalpha beta\n")
    // The file's own line breaks, and none at its end where it had none.
    try folder.write("crlf", "one\r\ntwo")
    #expect(try await !insert("crlf", 2, ["three"]).isError)
    #expect(try await !insert("crlf", 1, ["1.5"]).isError)
    #expect(try folder.text("crlf").utf8.elementsEqual("one\r\n1.5\r\ntwo\r\nthree".utf8))
    try folder.write("blank", "")
    #expect(try await insert("blank", 0, ["a"]).text == "Edited blank:\n1|a")
    #expect(try folder.text("blank") == "a\n")
    try folder.write("m.py", "def f():\n    return 1\n")
    let refused = try await insert("m.py", 1, ["  x = 1"])
    #expect(refused.isError && refused.text.hasPrefix("Edit refused"))
    #expect(try folder.text("m.py") == "def f():\n    return 1\n")
  }

  @Test func linesWithoutAPathAreThoseOfTheOpenFile() async throws {
    let box = box()
    func edit(_ line: Int, _ text: String) async throws -> ToolResult {
      try await box.run(.editLines(path: nil, firstLine: line, lastLine: line, lines: [text]))
    }
    #expect(try await edit(1, "x").text == "No file was viewed yet: view one, or name its path.")
    // What can't be seen isn't open, and a folder is no file.
    #expect(try await box.run(.view(path: "src/none.txt")).isError)
    #expect(try await !box.run(.view(path: "src")).isError)
    #expect(try await edit(1, "x").isError)
    #expect(try await !box.run(.view(path: "src/b.txt")).isError)
    #expect(try await edit(2, "x").text == "Edited. Line 2 was:\n2|beta")
    #expect(try await !box.run(.create(path: "new", contents: "1\n")).isError)
    #expect(try await !edit(1, "2").isError)
    #expect(try folder.text("new") == "2\n")
    #expect(try folder.text("src/b.txt") == "alpha\nx\nalpha beta\n")
  }

  @Test func anEditThatWasTakenBackIsKnownAgain() async throws {
    let box = box()
    let note = "\nYou did this before: try something else."
    func edit(_ line: Int, _ text: String) async throws -> String {
      try await box.run(
        .editLines(path: "src/b.txt", firstLine: line, lastLine: line, lines: [text])
      ).text
    }
    for isKnown in [false, true, true] {
      #expect(try await edit(2, "x").hasSuffix(note) == isKnown)
      #expect(try await !box.run(.undo).isError)
    }
    #expect(try await !edit(2, "y").hasSuffix(note))
    _ = try await box.run(.undo)
    // With another change beside it, it is another attempt.
    #expect(try await !edit(1, "z").hasSuffix(note))
    #expect(try await !edit(2, "x").hasSuffix(note))
    _ = try await box.run(.undo)
    #expect(try await edit(2, "x").hasSuffix(note))
  }

  @Test func whatWasRefusedIsKnownAgain() async throws {
    let note = "You did this before: try something else."
    var old = Toolbox.Options()
    old.knowsRepeats = nil
    for (options, isSaid) in [(Toolbox.Options(), true), (old, false)] {
      let box = Toolbox(root: folder.path, sandbox: .none, options: options)
      let calls: [ToolCall] = [
        .undo, .view(path: "src/none"), .edit(path: "src/b.txt", old: "no", new: "x"),
        .editLines(path: "src/b.txt", firstLine: 9, lastLine: 9, lines: ["x"]),
      ]
      for call in calls {
        #expect(try await !box.run(call).text.contains(note))
        #expect(try await box.run(call).text.hasSuffix(note) == isSaid, "\(call)")
      }
      // What works isn't refused, however often.
      for _ in 0..<2 {
        #expect(try await !box.run(.view(path: "src/b.txt")).text.contains(note))
      }
    }
  }

  @Test func undoTakesEditsBackOneByOne() async throws {
    let box = box()
    #expect(try await box.run(.undo).text == "There is no edit to take back.")
    _ = try await box.run(.edit(path: "src/b.txt", old: "alpha\n", new: ""))
    _ = try await box.run(.create(path: "new/file", contents: "x\n"))
    _ = try await box.run(.editLines(path: "src/b.txt", firstLine: 1, lastLine: 1, lines: ["1"]))
    let refused = ToolCall.editLines(path: "src/b.txt", firstLine: 9, lastLine: 9, lines: ["1"])
    #expect(try await box.run(refused).isError)
    #expect(try folder.text("src/b.txt") == "1\nalpha beta\n")
    #expect(try await box.run(.undo).text == "Undone.")
    #expect(try folder.text("src/b.txt") == "beta\nalpha beta\n")
    #expect(try await box.run(.undo).text == "Undone. new/file is gone again.")
    #expect(!FileManager.default.fileExists(atPath: folder["new/file"]))
    // What something else has changed since stays.
    try folder.write("src/b.txt", "other\n")
    #expect(try await box.run(.undo).isError)
    #expect(try folder.text("src/b.txt") == "other\n")
    try folder.write("src/b.txt", "beta\nalpha beta\n")
    #expect(try await !box.run(.undo).isError)
    #expect(try folder.text("src/b.txt") == "alpha\nbeta\nalpha beta\n")
    #expect(try await box.run(.undo).isError)
  }

  @Test func createWritesNewFilesOnly() async throws {
    let new = try await box().run(.create(path: "x/y z/new.py", contents: "a = 1\n"))
    #expect(new.text == "Created x/y z/new.py with 1 line.")
    #expect(try folder.text("x/y z/new.py") == "a = 1\n")
    #expect(try await box().run(.create(path: "src/b.txt", contents: "")).isError)
    #expect(try await box().run(.create(path: "src/b.txt/c", contents: "")).isError)
    #expect(try await box().run(.create(path: ".", contents: "")).isError)
    #expect(
      try await box().run(.create(path: "bad.py", contents: "a = (\n")).text.contains("SyntaxError")
    )
  }

  @Test func shellTellsOutputAndExitCode() async throws {
    let silent = try await box().run(.shell(command: "true"))
    #expect(silent.text == "The command ran successfully and did not produce any output.")
    #expect(silent.exitCode == 0 && !silent.isError)
    let failed = try await box().run(.shell(command: "echo a; exit 3"))
    #expect(failed.text == "a\nExit code 3." && failed.exitCode == 3 && failed.isError)
    let long = try await box().run(.shell(command: "seq 100000"))
    #expect(
      long.text.count <= 1600 && long.text.hasPrefix("1\n2\n") && long.text.hasSuffix("100000"))
    // 588,895 bytes were printed.
    let (shown, note) = (
      long.text.utf8.count, try #require(long.text.firstMatch(of: /\n\[(\d+) bytes left out\]\n/))
    )
    #expect(Int(note.1) == 588_894 - (shown - note.0.utf8.count))
    let slow = try await box(limits: SandboxLimits(wallSeconds: 3)).run(
      .shell(command: "echo begun; sleep 41"))
    #expect(
      slow.timedOut && slow.exitCode == nil && slow.text.hasPrefix("begun\n")
        && slow.text.hasSuffix("Stopped: more than 3 seconds.")
    )
    #expect(try await box().run(.shell(command: " \n")).isError)
    #expect(try await box().run(.submit).text == "Submitted.")
  }

  @Test func aLargeRepositoryLeavesRoomForAsMuchMore() async throws {
    try run("mkdir many; cd many; touch $(seq 200)", in: folder.path)
    let box = box(limits: SandboxLimits(workspaceFiles: 100))
    #expect(try await box.run(.shell(command: "sleep 1; echo done")).text == "done")
    let more = try await box.run(.shell(command: "seq -f new-%g 150 | xargs touch; sleep 5"))
    #expect(more.isError && more.text.contains("Stopped: more than"), "\(more.text)")
  }

  @Test func aWorkspaceThatWasClosedIsOpenAgain() async throws {
    let box = box()
    _ = try await box.run(.shell(command: "chmod 000 ."))
    #expect(try await box.run(.shell(command: "cat src/b.txt")).text.hasPrefix("alpha\n"))
  }

  @Test func testTellsCountsAndTheFirstFailure() async throws {
    try folder.write(
      "test_x.py",
      """
      import unittest
      class T(unittest.TestCase):
          def test_good(self): pass
          def test_bad(self): self.assertEqual(1 + 1, 3)
          def test_worse(self): raise KeyError("k")
      """)
    let result = try await box(test: "python3 -m unittest").run(.test)
    #expect(result.exitCode == 1 && result.isError)
    #expect(result.text.hasPrefix("1 of 3 tests passed, 2 failed:\nERROR: test_worse (test_x.T"))
    #expect(
      result.text.contains("First failure:") && result.text.contains("KeyError: 'k'"))
    #expect(!result.text.contains("AssertionError") && !result.text.contains("0.0"))
    let good = try await box(test: "python3 -m unittest test_x.T.test_good").run(.test)
    #expect(good.text == "1 of 1 test passed." && good.exitCode == 0)
    let tap = try await box(test: "printf '1..2\\nok 1 - a\\nnot ok 2 - b\\n# got 1\\n'; exit 1")
      .run(.test)
    #expect(
      tap.text
        == "1 of 2 tests passed, 1 failed:\nnot ok 2 - b\nFirst failure:\n# got 1\nExit code 1.")
    let crash = try await box(test: "echo make: error; exit 2").run(.test)
    #expect(crash.text == "make: error\nExit code 2.")
    #expect(try await box().run(.test).isError)
  }

  @Test func callsAreCodedAsNameAndArguments() throws {
    let calls: [ToolCall] = [
      .view(path: "a", firstLine: 1, lastLine: nil), .search(pattern: "p", path: nil),
      .edit(path: "a", old: "o\n", new: "\"n\""), .create(path: "a", contents: "c"),
      .shell(command: "ls"), .test, .submit, .undo,
      .editLines(path: "a", firstLine: 2, lastLine: 3, lines: ["x", ""]),
      .editLines(path: "a", firstLine: 2, lastLine: 2, lines: []),
      .insert(path: "a", line: 0, lines: ["x", ""]),
      .tryOut(lines: ["  x", "y"]), .tryOut(firstLine: 2, lines: []),
      .tryOut(firstLine: 2, lastLine: 3, lines: ["x"]),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    for call in calls {
      let data = try encoder.encode(call)
      #expect(try JSONDecoder().decode(ToolCall.self, from: data) == call)
    }
    #expect(
      String(decoding: try encoder.encode(calls[0]), as: UTF8.self)
        == #"{"arguments":{"first_line":1,"path":"a"},"name":"view"}"#)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ToolCall.self, from: Data(#"{"name":"fly","arguments":{}}"#.utf8))
    }
    #expect(calls[4].summary == "shell ls" && calls[5].summary == "test")
    #expect(
      sha256Hex(Data("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(sha256Hex([UInt8]()).hasPrefix("e3b0c44298fc1c14"))
  }
}

@Suite struct SmallPartsTests {
  @Test(arguments: [
    ("tests/**", "tests/a/b.py", true), ("tests/**", "src/tests/a.py", false),
    ("**/conftest.py", "conftest.py", true), ("conftest.py", "a/b/conftest.py", true),
    ("test_*.py", "src/test_a.py", true), ("test_*.py", "src/a_test_.py", false),
    ("/setup.cfg", "sub/setup.cfg", false), ("/setup.cfg", "setup.cfg", true),
    ("src/*.c", "src/a/b.c", false), ("src/?.[ch]", "src/b.h", true),
    ("src/[!a].c", "src/a.c", false),
    ("tests", "tests/deep/x", true), ("tests/", "a/tests/x", true), ("a/**/z", "a/b/c/z", true),
    ("*", "x", true), ("**", "x/y", true), ("", "x", false), ("a*b*c", "aXbYbZc", true),
    ("[a-c]x", "bx", true), ("[a", "[a", true),
  ])
  func globs(_ pattern: String, _ path: String, _ expected: Bool) {
    #expect(Glob(pattern).matches(path) == expected)
  }
}
