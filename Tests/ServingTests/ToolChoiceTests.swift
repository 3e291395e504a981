import Foundation
import Serving
import Testing

private let look = #"{"type": "function", "function": {"name": "look", "parameters": {}}}"#
private let touch = #"{"type": "function", "function": {"name": "touch", "parameters": {}}}"#
private let named = #"{"type": "function", "function": {"name": "touch"}}"#

extension APIServerTests {
  @Test func aModelIsToldOfToolsUnlessItMayNotCallThem() async throws {
    try await serving { client in
      let fields = #""seed": 2, "max_tokens": 8"#
      let plain = try await client.chat(fields)
      let tools = fields + #", "tools": [\#(look), \#(touch)]"#
      let auto = try await client.chat(tools + #", "tool_choice": "auto""#)
      #expect(auto.status == 200 && auto.promptTokens! > plain.promptTokens!)
      let none = try await client.chat(tools + #", "tool_choice": "none""#)
      #expect(none.promptTokens == plain.promptTokens && none.content == plain.content)
    }
  }

  @Test(arguments: [
    (#""tools": [\#(look), \#(touch)], "tool_choice": \#(named)"#, "touch"),
    (#""tools": [\#(look)], "tool_choice": "required""#, "look"),
  ])
  func aForcedCallIsMade(_ fields: String, _ name: String) async throws {
    try await serving { client in
      let fields = fields + #", "temperature": 0, "max_tokens": 24"#
      let whole = try await client.chat(fields)
      #expect(whole.message?["content"] is NSNull, "\(whole.text)")
      let reason = whole.choice?["finish_reason"] as? String
      #expect(["tool_calls", "length", "stop"].contains(reason))
      let calls = try #require(whole.message?["tool_calls"] as? [[String: Any]])
      let function = try #require(calls.first?["function"] as? [String: Any])
      let arguments = try #require(function["arguments"] as? String)
      #expect(calls.count == 1 && function["name"] as? String == name)
      if reason == "tool_calls" {
        #expect(arguments.hasSuffix("}") && !arguments.contains("</tool_call>"))
      }

      let streamed = try await client.chat(fields + #", "stream": true"#)
      let pieces = try streamed.text.split(separator: "\n\n").dropLast().map {
        try JSONSerialization.jsonObject(with: Data($0.dropFirst(6).utf8)) as? [String: Any]
      }
      let told = pieces.compactMap { piece -> [String: Any]? in
        let choice = (piece?["choices"] as? [[String: Any]])?.first
        let delta = choice?["delta"] as? [String: Any]
        let call = (delta?["tool_calls"] as? [[String: Any]])?.first
        return call?["function"] as? [String: Any]
      }
      #expect(told.count == 1 && told.first?["name"] as? String == name)
      #expect(told.first?["arguments"] as? String == arguments)
    }
  }

  @Test(arguments: [
    (#""tools": [\#(look), \#(touch)], "tool_choice": "required""#, "one tool only"),
    (#""tools": [\#(look)], "tool_choice": \#(named)"#, "names touch"),
    (#""tools": [\#(look)], "tool_choice": {"type": "function"}"#, "must be auto, none, required"),
    (#""tools": [\#(look)], "tool_choice": "perhaps""#, "must be auto, none, required"),
  ])
  func aChoiceThatCannotBePromisedIsRefused(_ fields: String, _ message: String) async throws {
    try await serving { client in
      let answer = try await client.chat(fields)
      #expect(answer.status == 400 && answer.error["param"] as? String == "tool_choice")
      #expect((answer.error["message"] as? String)?.contains(message) == true, "\(answer.text)")
    }
  }
}
