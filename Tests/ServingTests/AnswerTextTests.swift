import Serving
import Testing

@Suite struct AnswerTextTests {
  @Test func charactersComeWhole() {
    var text = AnswerText(stops: [])
    let bytes = Array("aé€😀".utf8)
    var pieces: [String] = []
    for byte in bytes { pieces.append(text.append([byte])) }
    #expect(pieces.filter { !$0.isEmpty } == ["a", "é", "€", "😀"])
    #expect(text.append([0xE2, 0x82]) == "" && text.flush() == "\u{FFFD}")
  }

  @Test(arguments: [
    (["END"], ["abEN", "D more"], "ab"), (["\n\n"], ["a\n", "b\n", "\nc"], "a\nb"),
    (["aab"], ["aaab"], "a"), (["xyz", "b"], ["axb", "c"], "ax"), (["zz"], ["zyz", "y"], "zyzy"),
    (["never"], ["nev", "er is", "t"], ""),
  ])
  func nothingOfAStopStringIsShown(_ stops: [String], _ pieces: [String], _ shown: String) {
    var text = AnswerText(stops: stops)
    var result = ""
    for piece in pieces { result += text.append(Array(piece.utf8)) }
    #expect(result + text.flush() == shown)
    #expect(text.isStopped == (shown != pieces.joined()))
  }

  @Test(arguments: [
    ([#" {"a""#, #": "}"}"#, " </tool"], #" {"a": "}"}"#, true),
    ([#"{"a": {}"#, "}}} so"], #"{"a": {}}"#, true),
    ([#"{ "\"#, #""}""#, " }x"], #"{ "\"}" }"#, true),
    ([#"{"a": "<"#, #"/b"}"#], #"{"a": ""#, true),
    (["\n", "{", "}"], "\n{}", true), (["none {", "}}"], "none {}}", false),
    ([#"{"a"#, #"": {}"#], #"{"a": {}"#, false),
  ])
  func anObjectEndsTheText(_ pieces: [String], _ shown: String, _ isStopped: Bool) {
    var text = AnswerText(stops: ["</"], endsWithObject: true)
    var result = ""
    for piece in pieces { result += text.append(Array(piece.utf8)) }
    #expect(result + text.flush() == shown)
    #expect(text.isStopped == isStopped)
  }
}

@Suite struct ToolTextTests {
  @Test func callsAreReadOutOfAnAnswer() {
    let answer = """
      I look.
      <tool_call>
      {"name": "view", "arguments": {"path": "a/b.py", "first": 2}}
      </tool_call>
      <tool_call>{"name": "test"}
      """
    let (text, calls) = ToolText.parse(answer)
    #expect(text == "I look.")
    #expect(
      calls == [
        ToolText.Call(name: "view", arguments: #"{"first":2,"path":"a/b.py"}"#),
        ToolText.Call(name: "test", arguments: "{}"),
      ])
  }

  /// Of an answer that begins within a call, in which more may follow.
  @Test(arguments: [
    (#" {"a": {"b": "}\"{"}}}"#, #"{"a": {"b": "}\"{"}}"#, true), ("{}}\n so", "{}", true),
    (#" {"a": "b}"#, #"{"a": "b}"#, false), (" none }", "none }", false),
    (#" [1, {"a": 2}]}"#, #"[1, {"a": 2}]}"#, false), ("", "", false),
    (#" {"a": "</tool_call>"}}"#, #"{"a": "</tool_call>"}"#, true),
    (" none}\n</tool_call>", "none}", false),
  ])
  func argumentsEndWithTheirObject(_ answer: String, _ arguments: String, _ isWhole: Bool) {
    let found = ToolText.arguments(answer)
    #expect(found.text == arguments && found.isWhole == isWhole)
  }

  @Test(arguments: [
    "no call", "<tool_call>{\"name\": 3}</tool_call>", "<tool_call>nonsense</tool_call>",
    "<tool_call>{\"name\": \"a\", \"arguments\": \"x\"}</tool_call>",
  ])
  func whatIsNoCallStaysText(_ answer: String) {
    let (text, calls) = ToolText.parse(answer)
    #expect(text == answer && calls.isEmpty)
  }
}
