import Agent
import LanguageModel
import Testing
import Tools

@Suite struct DialectTests {
  /// Calls whose contents are made of what could break a format: markers, quotes, tags, line ends.
  static func randomCalls(seed: UInt64, count: Int) -> [ToolCall] {
    var random = SplitMix(state: seed)
    let pieces = [
      "a", "return x", " ", "\t", "\n", "\n\n", "\r\n", "\r", "<<<", ">>>", "===", "===-", ">>>-",
      "<<<<", "====", ">>>>", "\n===\n", "\n>>>\n", "\n====  \n", "\"", "\\", "\\n", "</tool_call>",
      "<tool_call>", "é", "e\u{301}", "日本", "🙂", "\u{0}", "\u{1b}[31m", "\u{2028}", "#", "/", "-",
      "{}", "test", "<|im_end|>", "\u{FEFF}", "\u{85}",
    ]
    func text(_ longest: Int) -> String {
      (0..<Int(random.next() % UInt64(longest + 1))).map { _ in
        pieces[Int(random.next() % UInt64(pieces.count))]
      }.joined()
    }
    func number() -> Int? {
      random.next() % 3 == 0 ? nil : Int(random.next() % 2000) - 100
    }
    func tryOut(_ first: Int?, _ last: Int?, _ lines: [String]) -> ToolCall {
      // Without a number there is a line, and no last line without a first one.
      .tryOut(
        firstLine: first ?? (lines.isEmpty ? 1 : nil), lastLine: first.flatMap { _ in last },
        lines: lines)
    }
    return (0..<count).map { _ in
      switch random.next() % 12 {
      case 0: .view(path: text(4), firstLine: number(), lastLine: number())
      case 1: .search(pattern: text(4), path: random.next() % 2 == 0 ? nil : text(3))
      case 2, 3: .edit(path: text(3), old: text(9), new: text(9))
      case 4: .create(path: text(3), contents: text(12))
      case 5: .shell(command: text(5))
      case 6: .test
      case 7: .undo
      case 8:
        .editLines(
          path: random.next() % 2 == 0 ? nil : random.next() % 5 == 0 ? "12" : text(3),
          firstLine: number() ?? 1, lastLine: number() ?? 1,
          lines: ToolCall.lines(text(9)))
      case 9: .insert(path: text(3), line: number() ?? 0, lines: ToolCall.lines(text(9)))
      case 10: tryOut(number(), number(), ToolCall.lines(text(9)))
      default: .submit
      }
    }
  }

  @Test(arguments: Dialects.names) func parseUndoesRender(name: String) throws {
    let dialect = try #require(Dialects.named(name))
    #expect(dialect.name == name)
    for (index, call) in Self.randomCalls(seed: 7, count: 4_000).enumerated()
    where dialect.tools.contains(ToolName(call)) {
      let text = dialect.render(call)
      let thought = index % 2 == 0 ? text : dialect.render(thought: "test  the\nedge", call: call)
      let parsed = try dialect.parse(thought + (index % 3 == 0 ? "\n \n" : "")).get()
      // Strings compare by canonical equivalence; bytes are what must survive.
      #expect(bytes(parsed) == bytes(call), "\(text.debugDescription)")
    }
  }

  private func bytes(_ call: ToolCall) -> [[UInt8]] {
    let fields: [String] =
      switch call {
      case .view(let path, let first, let last): [path, "\(first ?? -1_000)", "\(last ?? -1_000)"]
      case .search(let pattern, let path): [pattern, path ?? "none", path == nil ? "" : "set"]
      case .edit(let path, let old, let new): [path, old, new]
      case .editLines(let path, let first, let last, let lines):
        [path ?? "none", path == nil ? "" : "set", "\(first)", "\(last)"] + lines
      case .insert(let path, let line, let lines): [path, "\(line)"] + lines
      case .tryOut(let first, let last, let lines):
        ["\(first ?? -1_000)", "\(last ?? -1_000)"] + lines
      case .create(let path, let contents): [path, contents]
      case .shell(let command): [command]
      case .test, .undo, .submit: []
      }
    return ([call.name] + fields).map { Array($0.utf8) }
  }

  @Test func compactReadsWhatPeopleWrite() throws {
    let cases: [(String, ToolCall)] = [
      ("view src/calc.py", .view(path: "src/calc.py")),
      ("  view src/calc.py 1 40  \n", .view(path: "src/calc.py", firstLine: 1, lastLine: 40)),
      ("The bug is in add.\n\ntest", .test),
      ("# search the file\nsubmit\n", .submit),
      ("search def add(a, b):", .search(pattern: "def add(a, b):")),
      ("search \"a  b\" src", .search(pattern: "a  b", path: "src")),
      ("shell ls -la | head", .shell(command: "ls -la | head")),
      ("shell\n<<<\ncd src\nls\n>>>", .shell(command: "cd src\nls\n")),
      ("edit a.py\r\n<<<\r\nx\n===\r\ny\n>>>\r\n", .edit(path: "a.py", old: "x\n", new: "y\n")),
      ("edit a.py\n<<<\nx\n===\n>>>", .edit(path: "a.py", old: "x\n", new: "")),
      ("edit a.py\n<<<\nx\n===-\ny\n>>>-", .edit(path: "a.py", old: "x", new: "y")),
      (
        "edit a.py 3\n    x = 1\n\n    y = 2\n\n",
        .editLines(path: "a.py", firstLine: 3, lastLine: 3, lines: ["    x = 1", "", "    y = 2"])
      ),
      ("edit 3\n  x", .editLines(path: nil, firstLine: 3, lastLine: 3, lines: ["  x"])),
      ("edit 3 5", .editLines(path: nil, firstLine: 3, lastLine: 5, lines: [])),
      ("edit \"3\" 5", .editLines(path: "3", firstLine: 5, lastLine: 5, lines: [])),
      ("edit a.py 3 5", .editLines(path: "a.py", firstLine: 3, lastLine: 5, lines: [])),
      (
        "edit a.py 3\n<<<\nx\n\n>>>",
        .editLines(path: "a.py", firstLine: 3, lastLine: 3, lines: ["x", ""])
      ),
      ("insert a.py 0\nimport os\n\n", .insert(path: "a.py", line: 0, lines: ["import os"])),
      ("try\n    return a\n", .tryOut(lines: ["    return a"])),
      ("try 3 5\nx", .tryOut(firstLine: 3, lastLine: 5, lines: ["x"])),
      ("try 3", .tryOut(firstLine: 3, lines: [])),
      ("try the other one first\ntest", .test),
      ("undo", .undo),
      (
        "create \"a b.txt\"\n<<<<\n<<<\n>>>\n>>>>", .create(path: "a b.txt", contents: "<<<\n>>>\n")
      ),
    ]
    for (text, call) in cases {
      #expect(try CompactDialect().parse(text).get() == call, "\(text)")
    }
  }

  @Test(arguments: [
    ("", "the reply is empty"),
    ("I will look at the file.", "no line begins with an action"),
    ("view", "expected a path"),
    ("view a.py one", "'one' is not a line number"),
    ("view a.py 1 2 3", "expected a path"),
    ("view \"a.py", "double quotes"),
    ("search", "expected the text"),
    ("test now", "nothing may follow it"),
    ("test\nsubmit", "one action at a time"),
    ("edit a.py", "must be <<<"),
    ("edit a.py\nold\n===\nnew", "must be <<<"),
    ("edit a.py\n<<<\nold\n>>>", "has no ==="),
    ("edit a.py\n<<<\nold\n===\nnew", "has no >>>"),
    ("edit a.py\n<<<<\nold\n===\nnew\n>>>", "opened by <<<< has no ===="),
    ("edit a.py\n<<<\nold\n===\nnew\n>>>\ntest", "nothing may follow the closing >>>"),
    ("edit a.py x\ny", "'x' is not a line number"),
    ("edit a.py 1 2 3\ny", "expected a path"),
    ("edit a.py 1\n<<<\ny", "has no >>>"),
    ("undo it", "nothing may follow it"),
    ("create a b.txt\n<<<\n>>>", "expected one path"),
    ("```\nview a.py\n```", "one action at a time"),
  ]) func compactSaysWhatIsWrong(text: String, problem: String) throws {
    try expectFormatError(CompactDialect(), text, problem)
  }

  @Test(arguments: [
    ("view a.py", "has no <tool_call>"),
    ("<tool_call>{}", "has no </tool_call>"),
    ("<tool_call>{name}</tool_call>", "not valid JSON"),
    ("<tool_call>[1]</tool_call>", "not a JSON object"),
    (#"<tool_call>{"name":"fly"}</tool_call>"#, "must be one of view"),
    (#"<tool_call>{"name":"test","id":1}</tool_call>"#, "unknown key 'id'"),
    (#"<tool_call>{"name":"test"}</tool_call> done"#, "nothing may follow"),
    (#"<tool_call>{"name":"view"}</tool_call>"#, "needs the argument \"path\""),
    (#"<tool_call>{"name":"view","arguments":{"path":1}}</tool_call>"#, "must be a string"),
    (
      #"<tool_call>{"name":"view","arguments":{"path":"a","first_line":true}}</tool_call>"#,
      "must be a whole number"
    ),
    (
      #"<tool_call>{"name":"view","arguments":{"path":"a","first_line":1e400}}</tool_call>"#,
      "the number 1e400 is out of range"
    ),
    (#"<tool_call>{"name":"edit","arguments":{"path":"a","new":""}}</tool_call>"#, "\"old\""),
    (
      #"<tool_call>{"name":"edit","arguments":{"path":"a","new":"","old":"","first_line":1}}</tool_call>"#,
      "not both"
    ),
    (#"<tool_call>{"name":"view","arguments":{"file":"a"}}</tool_call>"#, "no argument 'file'"),
    (#"<tool_call>{"name":"view","arguments":"a"}</tool_call>"#, "must be an object"),
    (
      #"<tool_call>{"name":"test"}</tool_call><tool_call>{"name":"test"}</tool_call>"#,
      "only one call"
    ),
  ]) func hermesSaysWhatIsWrong(text: String, problem: String) throws {
    try expectFormatError(HermesDialect(), text, problem)
  }

  /// As small models write them; an endpoint's own calls are read by the same code.
  @Test(arguments: ["hermes", "openai"]) func numbersMayStandInQuotes(name: String) throws {
    let dialect = try #require(Dialects.named(name))
    func text(_ tool: String, _ arguments: String) -> String {
      #"<tool_call>{"name":"\#(tool)","arguments":{"path":"a",\#(arguments)}}</tool_call>"#
    }
    let cases: [(String, ToolCall)] = [
      (
        text("view", #""first_line":"1","last_line":"12""#),
        .view(path: "a", firstLine: 1, lastLine: 12)
      ),
      (
        text("insert", #""line":"0","new":"b""#),
        .insert(path: "a", line: 0, lines: ToolCall.lines("b"))
      ),
      (
        text("edit", #""first_line":"-3","last_line":4,"new":"b""#),
        .editLines(path: "a", firstLine: -3, lastLine: 4, lines: ToolCall.lines("b"))
      ),
    ]
    for (text, call) in cases { #expect(try dialect.parse(text).get() == call) }
    for number in ["", " 1", "1 ", "+1", "01", "-0", "1.0", "one", "99999999999999999999"] {
      let error = #expect(throws: FormatError.self) {
        try dialect.parse(text("view", #""first_line":"\#(number)""#)).get()
      }
      #expect(error?.problem == #"view: "first_line" must be a whole number"#, "\(number)")
    }
  }

  @Test func bashReadsWhatMiniSWEAgentWrites() throws {
    let dialect = BashDialect()
    let cases: [(String, ToolCall)] = [
      ("```mswea_bash_command\nls -la\n```", .shell(command: "ls -la")),
      (
        "THOUGHT: I look.\n\n```mswea_bash_command\ncat <<'EOF' > a\nb\n\nEOF\n```\n",
        .shell(command: "cat <<'EOF' > a\nb\n\nEOF")
      ),
      ("````mswea_bash_command\necho '```'\n````  \nthen", .shell(command: "echo '```'")),
      ("```bash\nid\n```\n```mswea_bash_command\nls\n```", .shell(command: "ls")),
      ("I look.\r\n```mswea_bash_command\r\nls\n```\r\n", .shell(command: "ls")),
      (
        "```mswea_bash_command\n echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT \n```", .submit
      ),
    ]
    for (text, call) in cases { #expect(try dialect.parse(text).get() == call) }
    for text in ["ls", "```mswea_bash_command\nls", "```bash\nls\n```", "", "```"] {
      try expectFormatError(dialect, text, "no closed block")
    }
    let block = "```mswea_bash_command\nls\n```\n"
    try expectFormatError(dialect, "\(block)\(block)", "only one command")
    let failed = ToolResult(text: "no such file", exitCode: 2, isError: true)
    #expect(
      dialect.renderObservation(failed, of: .shell(command: "ls x"))
        == "<returncode>2</returncode>\n<output>\nno such file\n</output>")
  }

  /// As mini-swe-agent: by what the command does, not by how it is written.
  @Test func bashSubmitsByWhatACommandPrints() {
    let dialect = BashDialect()
    let mark = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
    let call = ToolCall.shell(command: "git diff > p && echo \(mark)")
    func submits(_ text: String, _ code: Int32?) -> Bool {
      dialect.submits(call, ToolResult(text: text, exitCode: code))
    }
    #expect(submits(mark, 0) && submits("\n  \(mark) \ndiff --git", 0))
    #expect(!submits(mark, 1) && !submits(mark, nil) && !submits("a\n\(mark)", 0))
    #expect(!submits("\(mark)S", 0) && !submits("", 0))
    #expect(dialect.submits(.submit, ToolResult(text: "Submitted.")))
    #expect(!CompactDialect().submits(call, ToolResult(text: mark, exitCode: 0)))
  }

  /// The error names the problem, and its example is itself understood.
  private func expectFormatError(_ dialect: any Dialect, _ text: String, _ problem: String) throws {
    guard case .failure(let error) = dialect.parse(text) else {
      Issue.record("\(text) was understood")
      return
    }
    #expect(error.problem.contains(problem), "\(error.problem)")
    #expect(error.description.contains(error.example))
    _ = try dialect.parse(error.example).get()
  }

  @Test(arguments: Dialects.names) func hostileTextNeverTraps(name: String) throws {
    let dialect = try #require(Dialects.named(name))
    var random = SplitMix(state: 11)
    for call in Self.randomCalls(seed: 3, count: 1_000) {
      var bytes = Array(dialect.render(call).utf8)
      for _ in 0..<3 where !bytes.isEmpty {
        let place = Int(random.next() % UInt64(bytes.count))
        if random.next() % 2 == 0 {
          bytes.remove(at: place)
        } else {
          bytes[place] = UInt8(random.next() % 256)
        }
      }
      _ = dialect.parse(String(decoding: bytes, as: UTF8.self))
    }
    _ = dialect.parse(String(repeating: "<tool_call>{", count: 20_000))
    _ = dialect.parse("<tool_call>" + String(repeating: "[", count: 100_000) + "</tool_call>")
  }

  @Test func openingIsBoundedAndKeepsItsClosingLine() {
    let long = String(repeating: "é long line\n", count: 4_000)
    let messages = CompactDialect().openingMessages(
      instruction: long, files: (0..<9_000).map { "src/file \($0).py" },
      testCommand: long, hindsight: long)
    #expect(messages.map(\.role) == [.system, .user])
    let text = messages[1].content
    #expect(text.utf8.count < 15_000)
    #expect(text.hasSuffix("\n\nMend it, run the tests, then submit."))
    #expect(text.contains("\"src/file 1.py\""))
    #expect(text.contains(" more\n"))
    #expect(text.contains("bytes left out"))
  }

  @Test func hindsightStandsBeforeTheClosingLine() throws {
    let closing = "Mend it, run the tests, then submit."
    func user(_ hindsight: String?, tools: [ToolName] = ToolName.allCases) -> String {
      CompactDialect().openingMessages(
        instruction: "add() subtracts.\n", files: ["calc.py"],
        testCommand: "python3 -m unittest", hindsight: hindsight, tools: tools)[1].content
    }
    let plain = "add() subtracts.\n\nFiles:\ncalc.py\n\n"
    // Without the tool it has to know the command.
    #expect(user(nil, tools: [.shell]) == plain + "Tests: python3 -m unittest\n\n" + closing)
    #expect(user(nil) == plain + closing)
    let untested = CompactDialect().openingMessages(
      instruction: "add() subtracts.", files: [], testCommand: nil, hindsight: nil, tools: [.view])
    #expect(untested[1].content == "add() subtracts.\n\nMend it, then submit.")
    #expect(user("Hint: {braces} stay.\n") == plain + "Hint: {braces} stay.\n\n" + closing)
  }

  @Test func promptsNameOnlyTheToolsThatAreOffered() {
    let tools: [ToolName] = [.view, .edit, .test, .submit]
    for dialect: any Dialect in [CompactDialect(), HermesDialect()] {
      let prompt = dialect.systemPrompt(tools: tools)
      #expect(!prompt.contains("shell"))
      #expect(prompt.contains("submit"))
    }
    #expect(CompactDialect().systemPrompt(tools: ToolName.allCases).utf8.count < 360)
  }
}

/// A small seeded generator for tests.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
