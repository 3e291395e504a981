import Agent
import Foundation
import Testing

/// What is read out of other agents' trajectories.
@Suite struct ForeignEpisodeTests {
  private func read(_ json: String) throws -> ForeignEpisode {
    try ForeignEpisode(Data(json.utf8), file: "trajectory.json")
  }

  private func block(_ command: String) -> String { "```mswea_bash_command\n\(command)\n```" }

  /// mini-swe-agent's, in which one message calls twice; then come the answers.
  private func mini(
    _ commands: (String, String) = ("a", "b"), info: String = "{}", answers: [String] = []
  ) throws -> ForeignEpisode {
    let messages =
      [
        #"{"role": "system", "content": "s"}, {"role": "user", "content": "u"}"#,
        """
        {"role": "assistant", "content": "Why.", "extra": {"actions": [
          {"command": "\(commands.0)", "tool_call_id": "1"},
          {"command": "\(commands.1)", "tool_call_id": "2"}]}}
        """,
      ] + answers
    return try read(
      """
      {"trajectory_format": "mini-swe-agent-1.1", "info": \(info),
       "messages": [\(messages.joined(separator: ", "))]}
      """)
  }

  private static func answer(to call: String?, _ code: Int) -> String {
    let id = call.map { ", \"tool_call_id\": \"\($0)\"" } ?? ""
    return #"{"role": "tool", "content": "", "extra": {"returncode": \#(code)}\#(id)}"#
  }

  @Test func everyCallIsATurnWithItsOwnResult() throws {
    let cases: [([String], [Int?])] = [
      ([Self.answer(to: "1", 1), Self.answer(to: "2", 2)], [1, 2]),
      ([Self.answer(to: "2", 2), Self.answer(to: "1", 1)], [1, 2]),
      ([Self.answer(to: nil, 1), Self.answer(to: nil, 2)], [1, 2]),
      ([Self.answer(to: "2", 2)], [nil, 2]), ([], [nil, nil]),
    ]
    for (answers, codes) in cases {
      let foreign = try mini(answers: answers)
      #expect(foreign.replies == ["Why.\n\n" + block("a"), block("b")])
      #expect(foreign.exitCodes == codes, "\(answers)")
      #expect(foreign.left == 0)
    }
  }

  /// What is called after a submission isn't carried out, however that was recognised.
  @Test func nothingFollowsASubmission() throws {
    let submission = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
    #expect(try mini((submission, "rm a")).replies.count == 1)
    let unexecuted = ["1", "2"].map { id in
      """
      {"role": "tool", "content": "", "tool_call_id": "\(id)",
       "extra": {"returncode": -1, "exception_info": "action was not executed"}}
      """
    }
    let end = #"{"role": "exit", "content": "", "extra": {"exit_status": "Submitted"}}"#
    let foreign = try mini(("make && \(submission)", "rm a"), answers: unexecuted + [end])
    #expect(foreign.replies == ["Why.\n\n" + block("make && \(submission)")])
    #expect(foreign.exitCodes == [nil] && foreign.stopReason == .submitted)
  }

  /// Before 2.0 a command stood in the text only: where the agent found one, one is found.
  @Test func theFirstFormatHasItsCommandsInTexts() throws {
    func first(_ said: String, format: String = "mini-swe-agent-1") throws -> ForeignEpisode {
      let observation = "<returncode>2</returncode>\n<output>\n</output>"
      let messages = [
        ["role": "assistant", "content": said], ["role": "user", "content": observation],
      ]
      let json = String(decoding: try JSONEncoder().encode(messages), as: UTF8.self)
      return try read(#"{"trajectory_format": "\#(format)", "info": {}, "messages": \#(json)}"#)
    }
    for (said, reply) in [
      ("Why.\n\n```bash\nls x\n```", "Why.\n\n" + block("ls x")),
      ("Why: ```bash  \n\n ls x \n\n```\nSo.", "Why:\n\nSo.\n\n" + block("ls x")),
      ("```bash\r\nls x\r\n```", block("ls x")),
      ("```python\nx\n```\n```bash\nls x\n```", "'''python\nx\n'''\n\n" + block("ls x")),
      // The block's name was a setting in the last of them.
      (block("ls x"), block("ls x")),
    ] {
      let foreign = try first(said)
      #expect(foreign.replies == [reply] && foreign.exitCodes == [2], "\(said)")
    }
    for said in ["Why.", "```bash\nls\n```\n```bash\nid\n```", "```bash\nls", "```sh\nls\n```"] {
      let foreign = try first(said)
      #expect(foreign.replies == [said] && foreign.exitCodes == [nil], "\(said)")
    }
    let later = try first("```bash\nls x\n```", format: "mini-swe-agent-1.1")
    #expect(later.replies == ["```bash\nls x\n```"])
  }

  @Test func miniSWEAgentSaysWhyItEnded() throws {
    func limits(_ steps: Int) -> String {
      """
      {"exit_status": "LimitsExceeded", "model_stats": {"api_calls": 5},
       "config": {"agent": {"step_limit": \(steps)}}}
      """
    }
    let cases: [(String, StopReason)] = [
      ("{}", .cancelled), (#"{"exit_status": ""}"#, .cancelled),
      (#"{"exit_status": "Submitted"}"#, .submitted),
      (#"{"exit_status": "LimitsExceeded"}"#, .turnLimit), (limits(5), .turnLimit),
      (limits(0), .tokenLimit), (limits(9), .tokenLimit),
      (#"{"exit_status": "TimeExceeded"}"#, .timeLimit),
      (#"{"exit_status": "RepeatedFormatError"}"#, .formatErrors),
      (#"{"exit_status": "ContextWindowExceededError"}"#, .contextFull),
      // As it is exported here.
      (#"{"exit_status": "tool_timeouts"}"#, .toolTimeouts),
      (
        #"{"exit_status": "APIError"}"#,
        .infrastructure("mini-swe-agent ended with APIError")
      ),
    ]
    for (info, reason) in cases { #expect(try mini(info: info).stopReason == reason, "\(info)") }
  }

  @Test func theModelsNameIsTaken() throws {
    #expect(try mini().name == "mini-swe-agent")
    let named = #"{"config": {"model": {"model_name": "openai/small"}, "agent": 1}}"#
    #expect(try mini(info: named).name == "openai/small")
    #expect(try mini(info: #"{"config": {"model": {"model_name": ""}}}"#).name == "mini-swe-agent")
  }

  /// An ATIF with these steps after the task's.
  private func atif(agent: String = "other", _ steps: String...) throws -> ForeignEpisode {
    let steps = [#""source": "user", "message": "u""#] + steps
    let numbered = steps.enumerated().map { "{\"step_id\": \($0.offset + 1), \($0.element)}" }
    return try read(
      """
      {"schema_version": "ATIF-v1.7", "agent": {"name": "\(agent)", "version": "1"},
       "steps": [\(numbered.joined(separator: ", "))]}
      """)
  }

  private static func calls(_ functions: String...) -> String {
    let calls = functions.enumerated().map { index, function in
      """
      {"tool_call_id": "\(index)", "function_name": "\(function)",
       "arguments": {"command": "ls \(index)"}}
      """
    }
    return #""source": "agent", "message": "Why.", "tool_calls": ["#
      + calls.joined(separator: ", ") + "]"
  }

  @Test func anUnknownToolLeavesTheCallsBesideItAlone() throws {
    let foreign = try atif(Self.calls("bash", "browser", "shell"))
    #expect(foreign.replies == ["Why.\n\n" + block("ls 0"), "", block("ls 2")])
    #expect(foreign.left == 1 && foreign.name == "other")
  }

  @Test func anATIFEndsWhereItsAgentCallsNothingMore() throws {
    let last = #""source": "agent", "message": "That's it.""#
    #expect(try atif(Self.calls("bash"), last).stopReason == .submitted)
    #expect(try atif(Self.calls("bash")).stopReason == .cancelled)
    #expect(
      try atif(Self.calls("bash"), last, #""source": "user", "message": "No.""#).stopReason
        == .cancelled)
    // What ours says without a call is a format error.
    #expect(try atif(agent: "hindsight", Self.calls("bash"), last).stopReason == .cancelled)
  }
}
