import Agent
import Foundation
import LanguageModel
import Testing
import Tools

@Suite struct TranscriptTests {
  static let snapshot = Snapshot(
    commit: ObjectID(String(repeating: "a", count: 40))!,
    tree: ObjectID(String(repeating: "0b", count: 20))!)

  static let header = TranscriptHeader(
    task: "mean", sample: 3, seed: .max, base: snapshot,
    policy: PolicyIdentity(kind: "scripted", name: "s", sampling: ["temperature": 0.7]),
    dialect: "compact", tools: ToolName.allCases,
    messages: [ChatMessage(role: .user, content: "a\r\nb\u{0}\u{2028}é")], testCommand: nil,
    protectedPaths: ["tests/**"], limits: EpisodeLimits(totalTokens: 9),
    environment: ToolEnvironment(sandbox: .none), agentRepository: false, time: 1.25)

  static let hostileText = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{202e}evil\u{9b}31m\u{0}<|im_end|>\n"

  static let turns = [
    Turn(
      number: 1,
      action: PolicyTurn(
        contextTokens: [1, 2], actionTokens: [3, 49151], logprobs: [-0.1, -3.4e-38],
        text: hostileText, finish: .length, usage: nil),
      call: .edit(path: "a\nb", old: "x\r\n", new: "e\u{301}"),
      result: ToolResult(
        text: hostileText, exitCode: -7, isError: true, timedOut: true, outOfMemory: true,
        seconds: 0.1),
      observation: "ok", snapshot: snapshot, time: 1_700_000_000.123, policySeconds: 0.25),
    Turn(
      number: 2,
      action: PolicyTurn(
        text: "", finish: .stop, usage: TokenUsage(promptTokens: 4, completionTokens: 5)),
      formatError: FormatError(problem: "p", example: "e"), snapshot: snapshot, time: 2,
      policySeconds: 0),
  ]

  static let end = TranscriptEnd(
    turns: 2, stopReason: .infrastructure("no space left"), finalDiff: [0x2B, 0xFF, 0xFE, 0x0A],
    protectedPathsTouched: ["tests/a.py"],
    grade: Grade(reward: 0.5, resolved: false, feedback: hostileText), seconds: 3)

  private func withFile<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "hindsight-transcript-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file)
  }

  private func write(_ file: URL, turns: [Turn] = turns, end: TranscriptEnd? = end) throws {
    let writer = TranscriptWriter(file)
    try writer.began(Self.header)
    for turn in turns { try writer.took(turn) }
    if let end { try writer.finish(end) } else { writer.close() }
  }

  @Test func readsBackWhatWasWritten() throws {
    try withFile { file in
      try write(file)
      let transcript = try Transcript.read(file)
      #expect(
        transcript == Transcript(header: Self.header, turns: Self.turns, end: Self.end))
      #expect(transcript.trajectory.allTokens == [1, 2, 3, 49151])
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.split(separator: "\n").count == 4)
      #expect(text.contains("\"diff_base64\""))
    }
  }

  @Test func floatsKeepEveryBit() throws {
    var random = SplitMix(state: 5)
    var logprobs: [Float] = [
      0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
      -0.1, .ulpOfOne,
    ]
    for _ in 0..<5_000 {
      logprobs.append(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
    }
    var turn = Self.turns[0]
    turn.action = PolicyTurn(
      actionTokens: Array(repeating: 1, count: logprobs.count), logprobs: logprobs, text: "",
      finish: .stop)
    try withFile { file in
      try write(file, turns: [turn], end: nil)
      let read = try Transcript.read(file).turns[0].logprobs
      for (before, after) in zip(logprobs, read) {
        #expect(before.bitPattern == after.bitPattern || (before.isNaN && after.isNaN))
      }
      #expect(read.count == logprobs.count)
    }
  }

  /// A kill can leave any beginning of the last line.
  @Test func everyTruncationIsReadable() throws {
    try withFile { file in
      try write(file)
      let data = try Data(contentsOf: file)
      let lines = data.split(separator: UInt8(ascii: "\n"))
      for kept in 1..<lines.count {
        let start = lines[0..<kept].reduce(0) { $0 + $1.count + 1 }
        for length in stride(from: 1, to: lines[kept].count - 1, by: 7) {
          try data.prefix(start + length).write(to: file)
          let transcript = try Transcript.read(file)
          #expect(transcript.truncatedLine == kept + 1)
          #expect(transcript.turns.count == kept - 1)
          #expect(transcript.end == nil)
        }
        try data.prefix(start + lines[kept].count).write(to: file)
        #expect(try Transcript.read(file).truncatedLine == nil)
      }
    }
  }

  @Test func errorsNameFileLineAndWhatWasExpected() throws {
    try withFile { file in
      try write(file)
      let lines = try String(contentsOf: file, encoding: .utf8)
        .split(separator: "\n").map(String.init)
      let cases: [([String], String)] = [
        ([], ":1: expected the header"),
        (["{"], ":1: not JSON; expected a line of type header"),
        ([lines[1]], ":1: a line of type 'turn'; expected a line of type header"),
        (["{}"], ":1: 'type' is missing"),
        ([lines[0].replacing("\"version\":1", with: "\"version\":2")], "version 2 is not known"),
        ([lines[0], lines[0]], ":2: a line of type 'header'; expected a line of type turn or end"),
        ([lines[0], lines[2]], ":2: has turn 2; expected turn 1"),
        ([lines[0], "nonsense", lines[1]], ":2: not JSON"),
        ([lines[0], lines[3]], ":2: counts 2 turns; there are 0"),
        (Array(lines) + [lines[1]], ":5: a line of type 'turn'; nothing may follow the end"),
        (
          [lines[0], lines[1].replacing("[3,49151]", with: "[3]")],
          ":2: has 1 action_tokens but 2 logprobs"
        ),
        ([lines[0], lines[1].replacing("49151", with: "\"x\"")], "'action_tokens.Index 1'"),
        ([lines[0], lines[1].replacing("\"tree\":\"0b", with: "\"tree\":\"zz")], ":2: 'tree'"),
        (
          lines.dropLast() + [lines[3].replacing("infrastructure", with: "tired")],
          ":4: 'stop_reason': 'tired' is no stop reason"
        ),
      ]
      for (content, expected) in cases {
        try Data(content.map { $0 + "\n" }.joined().utf8).write(to: file)
        let error = #expect(throws: TranscriptError.self) { try Transcript.read(file) }
        let sentence = try #require(error).description
        #expect(sentence.hasPrefix(file.path) && sentence.contains(expected), "\(sentence)")
      }
    }
    #expect(throws: TranscriptError.self) { try Transcript.read(URL(filePath: "/nowhere/t.jsonl")) }
    #expect(throws: TranscriptError.self) { try Transcript.read(URL(filePath: "/tmp")) }
  }

  @Test func aNumberOutOfRangeIsNamed() throws {
    try withFile { file in
      try write(file)
      let lines = try String(contentsOf: file, encoding: .utf8)
        .split(separator: "\n").map(String.init)
      func refusal(of line: String) throws -> String? {
        #expect(line != lines[1])
        try Data("\(lines[0])\n\(line)\n".utf8).write(to: file)
        let error = #expect(throws: TranscriptError.self) { try Transcript.read(file) }
        return error?.description
      }
      let count = lines[1].replacing("\"turn\":1,", with: "\"turn\":1e400,")
      let expected =
        "\(file.path):2: the number 1e400 is out of range; expected one that 64 bits hold"
      #expect(try refusal(of: count) == expected)
      let checked = #expect(throws: TranscriptError.self) { try TranscriptChain.check(file) }
      #expect(checked?.description == expected)
      // A Double holds it, and a Float doesn't.
      let logprob = lines[1].replacing(#/"logprobs":\[[^,]+/#, with: "\"logprobs\":[1e40")
      let other = try refusal(of: logprob)
      #expect(other?.contains(":2: a number in it is out of range") == true, "\(other ?? "")")
    }
  }

  @Test func numbersOutOfRangeAreToldFromTexts() {
    let harmless = #"{"1e400": "1e400\"-1e400\\", "a": [1e308, -1e-400, true]}"#
    for text in [harmless, #"["\"#, "", "-"] {
      #expect(JSONOverflow.first(in: text.utf8)?.number == nil, "\(text)")
    }
    let found = JSONOverflow.first(in: "{\"a\": 1,\n\n\"\\\"\": [2,-1E+999]}".utf8)
    #expect(found?.number == "-1E+999" && found?.line == 3)
    let long = JSONOverflow.first(in: String(repeating: "9", count: 400).utf8)
    #expect(long?.line == 1 && (long?.problem.count ?? 400) < 100)
  }

  @Test func unknownKeysAreLeftAlone() throws {
    try withFile { file in
      try write(file)
      let text = try String(contentsOf: file, encoding: .utf8)
      let lines = text.split(separator: "\n").map { "{\"a_new_key\":[1],\($0.dropFirst())\n" }
      try Data(lines.joined().utf8).write(to: file)
      #expect(try Transcript.read(file).turns.count == 2)
    }
  }

  @Test func nothingIsOverwritten() throws {
    try withFile { file in
      try write(file, end: nil)
      let error = #expect(throws: TranscriptError.self) {
        try TranscriptWriter(file).began(Self.header)
      }
      #expect(error?.description.contains("cannot be created: File exists") == true)
    }
    let closed = TranscriptWriter(URL(filePath: "/nowhere/t.jsonl"))
    #expect(throws: TranscriptError.self) { try closed.began(Self.header) }
    #expect(throws: TranscriptError.self) { try closed.took(Self.turns[0]) }
    try closed.finish(Self.end)
  }

  @Test func viewPassesNoControlCharacterThrough() throws {
    let transcript = Transcript(
      header: Self.header, turns: Self.turns, end: Self.end, truncatedLine: 5)
    let text = TranscriptView(usesColor: false).render(transcript)
    let allowed: Set<Unicode.Scalar> = ["\n", "\t"]
    for scalar in text.unicodeScalars where !allowed.contains(scalar) {
      #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value))
      #expect(scalar.value != 0x202E)
    }
    #expect(text.contains("\\u{1b}[2J") && text.contains("\\u{202e}evil"))
    #expect(text.contains("Line 5 was cut off") && text.contains("Protected paths touched"))
    let colored = TranscriptView(usesColor: true).render(transcript)
    #expect(colored.contains("\u{1b}[1mTurn 1") && !colored.contains("\u{1b}]0;"))
  }

  /// What a patch has of binary files is left out before it is shortened: none of them goes unnamed.
  @Test func aLongPatchIsShownByItsEndsWithoutBinaryContents() {
    func view(_ patch: String) -> String {
      var end = Self.end
      end.finalDiff = Array(patch.utf8)
      return TranscriptView(usesColor: false).render(end, patchCharacters: 2_000)
    }
    let contents = String(repeating: "zcmZQzU|?VbWMlv!1%m\n", count: 200)
    let binary = (0..<10).map {
      "diff --git a/\($0) b/\($0)\nGIT binary patch\nliteral 9\n\(contents)\nliteral 0\n\(contents)\n"
    }
    let short = view(binary.joined())
    #expect(short.ranges(of: "(binary contents)").count == 10 && short.contains("a/9 b/9"))
    #expect(!short.contains("zcm") && !short.contains("left out"))
    let added = "diff --git a/t b/t\n@@ -0,0 +1,900 @@\n" + String(repeating: "+line\n", count: 900)
    let long = view(binary[0] + added + binary[1])
    #expect(long.contains("characters left out]\n+line"))
    #expect(long.ranges(of: "(binary contents)").count == 2 && !long.contains("zcm"))
  }

  @Test(arguments: [
    ("Ran 3 tests in 0.002s", "Ran 3 tests in 12.5s"),
    ("== 2 passed in 0.01 seconds ==", "== 2 passed in 0.32 seconds =="),
    ("real\t0m0.012s", "real\t1m3.250s"),
    ("<A object at 0x7f3a21b0>", "<A object at 0x55d0c8ff10>"),
    ("File \"/tmp/tmpx1_2/a.py\", line 3", "File \"/tmp/hindsight-9/a.py\", line 3"),
    ("==12==ERROR: AddressSanitizer", "==4711==ERROR: AddressSanitizer"),
    ("drwxr-xr-x 2 a a 40 Nov 27 22:22 .", "drwxr-xr-x 2 a a 40 Nov 27 22:23 ."),
    ("-rw-r--r-- 1 a a 9 Nov  7 09:05 f", "-rw-r--r-- 1 a a 9 Nov  7  2025 f"),
    ("Fri Nov 27 23:59:59 UTC 2026", "Sat Nov 28 00:00:00 UTC 2026"),
    ("Date:   Thu Jan 1 00:00:00 2026 +0000", "Date:   Fri Jan 2 00:00:01 2026 +0000"),
    ("2026-11-27T22:22:10,123456789+00:00", "2026-11-28T09:00:00,5+01:00"),
    ("2026-11-27 22:22:10.123 +0000 f", "2026-11-27 22:23:00.4 -0530 f"),
    ("at 2026-11-27T22:22:10Z.", "at 2026-11-27T22:22:11Z."),
    ("2026-11-27 22:22 f", "2026-11-27 22:23 f"),
  ]) func normalizationHidesWhatMayDiffer(first: String, second: String) {
    #expect(first != second)
    #expect(
      OutputNormalization.normalized(first) == OutputNormalization.normalized(second))
  }

  @Test(arguments: [
    ("Ran 3 tests in 0.002s", "Ran 4 tests in 0.002s"), ("3 s", "4 s"), ("0x1", "0x2"),
    ("expected 1.5, got 2.5", "expected 1.5, got 3.5"), ("/tmp/a/x", "/tmp/a/y"),
    ("-rw-r--r-- 1 a a 9 Nov 27 22:22 f", "-rw-r--r-- 1 a a 8 Nov 27 22:22 f"),
    ("of 2026-11-27", "of 2026-11-28"), ("on Nov 27", "on Nov 28"), ("at 22:22", "at 22:23"),
    ("May 12 2025", "May 13 2025"), ("line 12 10:30", "line 13 10:30"),
  ]) func normalizationKeepsWhatMatters(first: String, second: String) {
    #expect(
      OutputNormalization.normalized(first) != OutputNormalization.normalized(second))
  }

  @Test func divergenceIsShownSideBySide() {
    let long = String(repeating: "x", count: 200)
    let text = TranscriptView(usesColor: false).render(
      Divergence(
        turn: 4, kind: .output, recorded: "a\nb\nc\nsame\n\(long)1\nend",
        replayed: "a\nb\nc\nsame\n\(long)2"), width: 61)
    let lines = text.split(separator: "\n")
    #expect(lines[0] == "Turn 4: the output differs")
    #expect(lines[2].hasPrefix("c ") && lines[3].hasPrefix("same"))
    #expect(lines[4].contains("≠") && lines[4].contains("x1") && lines[4].contains("x2"))
    #expect(lines[5].hasPrefix("end"))
    #expect(lines.allSatisfy { $0.count <= 61 })
  }

  /// Every line, changed, left out or moved, is found.
  @Test func theChainTellsWhichLineIsNotAsWritten() throws {
    try withFile { file in
      try write(file)
      #expect(try TranscriptChain.check(file) == .intact(lines: 4))
      #expect(try Transcript.read(file).turns.count == 2)
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(
        String.init)
      func check(_ lines: [String]) throws -> TranscriptChain.Finding {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        return try TranscriptChain.check(file)
      }
      for index in lines.indices {
        var edited = lines
        // A space between two entries means nothing to JSON.
        edited[index].insert(" ", at: edited[index].lastIndex(of: ",")!)
        #expect(try check(edited) == .changed(line: index + 1))
      }
      var resealed = lines
      resealed[3] = String(resealed[3].replacing("\"seconds\":3", with: "\"seconds\":4"))
      #expect(try check(resealed) == .changed(line: 4))
      #expect(try check(Array(lines[1...])) == .dropped(before: 1))
      #expect(try check([lines[0], lines[2], lines[3]]) == .dropped(before: 2))
      #expect(try check(Array(lines[..<3])) == .cutOff(lines: 3))
      var forged = lines
      forged[2] = String(lines[2].replacing(#/"previous":"[0-9a-f]+",/#, with: ""))
      #expect(try check(forged) == .changed(line: 3))
      let bare = lines.map {
        String($0.replacing(#/"(previous|digest)":"[0-9a-f]+",/#, with: ""))
      }
      #expect(try check(bare) == .unmarked)
      try Data("x\n".utf8).write(to: file)
      #expect(throws: TranscriptError.self) { try TranscriptChain.check(file) }
    }
  }

  @Test func theChainOfAnEpisodeThatWasCutOff() throws {
    try withFile { file in
      try write(file, end: nil)
      #expect(try TranscriptChain.check(file) == .cutOff(lines: 3))
      let handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"type\":\"tu".utf8))
      try handle.close()
      #expect(try TranscriptChain.check(file) == .cutOff(lines: 3))
    }
  }
}
