import Foundation
import LanguageModel
import Serving
import Testing

private func tool(_ name: String) -> String {
  #"{"type": "function", "function": {"name": "\#(name)", "parameters": {}}}"#
}

private let look = tool("look")
private let touch = tool("touch")
private let named = #"{"type": "function", "function": {"name": "touch"}}"#

private struct Call: Equatable {
  var choice: Int
  var name, arguments: String
}

extension Client.Answer {
  /// The choices of a whole answer, or of all of a stream's events.
  fileprivate var choices: [[String: Any]] {
    let events = text.split(separator: "\n\n").map { event -> [String: Any] in
      let data = Data(event.dropFirst(6).utf8)
      return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    }
    return (json.isEmpty ? events : [json]).flatMap { $0["choices"] as? [[String: Any]] ?? [] }
  }

  /// In the choices' order.
  fileprivate var calls: [Call] {
    choices.flatMap { choice -> [Call] in
      let message = (choice["message"] ?? choice["delta"]) as? [String: Any]
      let calls = message?["tool_calls"] as? [[String: Any]] ?? []
      return calls.compactMap { call -> Call? in
        guard let function = call["function"] as? [String: Any],
          let index = choice["index"] as? Int, let name = function["name"] as? String,
          let arguments = function["arguments"] as? String
        else { return nil }
        return Call(choice: index, name: name, arguments: arguments)
      }
    }.sorted { $0.choice < $1.choice }
  }

  fileprivate var reasons: [String] { choices.compactMap { $0["finish_reason"] as? String } }

  fileprivate var promptIDs: [TokenID]? {
    (json["prompt_token_ids"] as? [Int])?.map { TokenID($0) }
  }
}

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
  func aForcedCallEndsWithItsArguments(_ fields: String, _ name: String) async throws {
    try await serving { client in
      let fields = fields + #", "temperature": 0, "max_tokens": "#
      let whole = try await client.chat(fields + #"64, "return_token_ids": true"#)
      #expect(whole.message?["content"] is NSNull, "\(whole.text)")
      #expect(whole.reasons == ["tool_calls"], "\(whole.text)")
      let call = try #require(whole.calls.first)
      #expect(whole.calls.count == 1 && call.name == name)
      let arguments = try JSONSerialization.jsonObject(with: Data(call.arguments.utf8))
      #expect(arguments is [String: Any])

      // The token that ends the arguments is the last.
      let ids = try #require(whole.choice?["token_ids"] as? [Int]).map { TokenID($0) }
      let usage = whole.json["usage"] as? [String: Any]
      #expect(usage?["completion_tokens"] as? Int == ids.count)
      let tokenizer = try served.get().tokenizer
      let told = ToolText.arguments(tokenizer.decode(ids, skippingSpecial: true))
      #expect(told.isWhole && told.text == call.arguments)
      #expect(
        !ToolText.arguments(tokenizer.decode(ids.dropLast(), skippingSpecial: true)).isWhole)

      let exact = try await client.chat(fields + "\(ids.count)")
      #expect(exact.calls == whole.calls && exact.reasons == ["tool_calls"])
      let cut = try await client.chat(fields + "\(ids.count - 1)")
      #expect(cut.calls.map(\.name) == [name] && cut.reasons == ["length"])
      let streamed = try await client.chat(fields + #"64, "stream": true"#)
      #expect(streamed.calls == whole.calls && streamed.reasons == ["tool_calls"])
    }
  }

  /// As the model's own log-probabilities and the answer's random stream have it; the call begins as if that function
  /// had been named.
  @Test func ofSeveralFunctionsOneIsDrawn() async throws {
    try await serving { client in
      let names = ["look", "touch"]
      let fields =
        #""tools": [\#(look), \#(touch)], "max_tokens": 1, "return_token_ids": true, "#
        + #""tool_choice": "#
      var prompts: [[TokenID]] = []
      for name in names {
        let choice = #"{"type": "function", "function": {"name": "\#(name)"}}"#
        let answer = try await client.chat(fields + choice)
        prompts.append(try #require(answer.promptIDs))
      }
      let place = zip(prompts[0], prompts[1]).prefix { $0 == $1 }.count
      let heads = prompts.map { Array($0[...place]) }
      let scores = try await served.get().engine.read { transformer in
        heads.map { transformer.score($0, adapter: nil).last?.token.logprob ?? -.infinity }
      }
      let best = scores[0] >= scores[1] ? 0 : 1
      let likelier = try await client.chat(fields + #""required", "temperature": 0"#)
      #expect(likelier.calls.map(\.name) == [names[best]], "\(likelier.text)")
      #expect(likelier.promptIDs == prompts[best])
      #expect(likelier.promptTokens == prompts[best].count)

      let expected = (0..<8).map { choice -> String in
        var random = SplitMix64(seeds: 3, UInt64(choice))
        var logits = scores
        let drawn = logits.withUnsafeMutableBufferPointer {
          Sampler.draw($0, SamplingParameters(), random: &random)
        }
        return names[Int(drawn.id)]
      }
      let several = try await client.chat(fields + #""required", "n": 8, "seed": 3"#)
      #expect(several.calls.map(\.name) == expected, "\(several.text)")
    }
  }

  /// Also of names that begin alike.
  @Test func everyFunctionCanBeDrawnAndNothingElse() async throws {
    try await serving { client in
      let fields =
        #""tools": [\#(look), \#(tool("look_up")), \#(touch)], "tool_choice": "required", "#
        + #""temperature": 100, "n": 32, "seed": 4, "max_tokens": 1"#
      let whole = try await client.chat(fields + #", "return_token_ids": true"#)
      let names = whole.calls.map(\.name)
      #expect(names.count == 32 && Set(names) == ["look", "look_up", "touch"], "\(names)")
      // Each answer's context has its own name.
      let tokenizer = try served.get().tokenizer
      for (choice, name) in zip(whole.choices, names) {
        let ids = try #require(choice["prompt_token_ids"] as? [Int]).map { TokenID($0) }
        let text = tokenizer.decode(ids, skippingSpecial: true)
        #expect(text.hasSuffix(#"{"name": "\#(name)", "arguments":"#))
      }
      let streamed = try await client.chat(fields + #", "stream": true"#)
      #expect(streamed.calls == whole.calls)
    }
  }

  @Test(arguments: [
    (#""tools": [], "tool_choice": "required""#, "names no function"),
    (#""tools": [{"type": "function"}], "tool_choice": "required""#, "names no function"),
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
