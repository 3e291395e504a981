import Foundation
import FoundationNetworking
import LanguageModel
import Serving
import Testing

@Suite(
  .serialized,
  .enabled(
    if: FileManager.default.fileExists(atPath: modelPath),
    "needs models/SmolLM2-135M-Instruct.Q4_1.gguf (or HINDSIGHT_MODEL); scripts/fetch-model.sh gets it"
  ))
struct APIServerTests {
  @Test func theSameSeedSaysTheSameWholeOrStreamed() async throws {
    try await serving { client in
      let health = try await client.ask("/health")
      #expect(health.status == 200 && health.json["status"] as? String == "ok")
      let models = try await client.ask("/v1/models")
      #expect((models.json["data"] as? [[String: Any]])?.first?["id"] as? String == "small")
      let model = try await client.ask("/v1/models/small")
      #expect(model.status == 200 && model.json["id"] as? String == "small")
      #expect(model.json["object"] as? String == "model")

      let fields = #""seed": 5, "max_tokens": 20"#
      let whole = try await client.chat(fields)
      let text = try #require(whole.content)
      #expect(try await client.chat(fields).content == text && !text.isEmpty)
      let streamed = try await client.chat(
        fields + #", "stream": true, "stream_options": {"include_usage": true}"#)
      let lines = streamed.text.split(separator: "\n\n").map { $0.dropFirst(6) }
      #expect(streamed.text.hasPrefix("data: {") && lines.last == "[DONE]")
      var joined = ""
      var usage: NSDictionary?
      for line in lines.dropLast() {
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let choice = (event?["choices"] as? [[String: Any]])?.first
        joined += (choice?["delta"] as? [String: Any])?["content"] as? String ?? ""
        usage = event?["usage"] as? NSDictionary ?? usage
      }
      #expect(joined == text)
      #expect(usage != nil && usage == whole.json["usage"] as? NSDictionary)
    }
  }

  /// A trainer that asks for log-probabilities gets what it would compute itself.
  @Test func logprobsAreTheTrainers() async throws {
    try await serving { client in
      let answer = try await client.ask(
        "/v1/completions",
        #"{"prompt": "def add(a, b):\n", "max_tokens": 12, "seed": 3, "temperature": 0.8, "#
          + #""logprobs": 3, "return_token_ids": true}"#)
      let prompt = try #require(answer.json["prompt_token_ids"] as? [Int]).map { TokenID($0) }
      let choice = try #require((answer.json["choices"] as? [[String: Any]])?.first)
      let ids = try #require(choice["token_ids"] as? [Int]).map { TokenID($0) }
      let logprobs = try #require(choice["logprobs"] as? [String: Any])
      let own = try #require(logprobs["token_logprobs"] as? [Double])
      let top = try #require(logprobs["top_logprobs"] as? [[String: Double]])
      let model = try served.get()
      let tokenizer = model.tokenizer
      #expect(tokenizer.decode(ids, skippingSpecial: true) == choice["text"] as? String)
      let scores = try await model.engine.read {
        $0.score(prompt + ids, adapter: nil, temperature: 0.8, top: 3)
      }.suffix(ids.count)
      for (index, score) in scores.enumerated() {
        #expect(abs(Double(score.token.logprob) - own[index]) < 1e-3)
        for alternative in score.top {
          let text = tokenizer.decode([alternative.id], skippingSpecial: false)
          let given = try #require(top[index][text])
          #expect(abs(given - Double(alternative.logprob)) < 1e-3)
        }
      }
    }
  }

  @Test func stopStringsAndSeveralAnswers() async throws {
    try await serving { client in
      let long = try await client.ask(
        "/v1/completions", #"{"prompt": "1, 2, 3,", "max_tokens": 24, "temperature": 0}"#)
      #expect(long.content?.contains("6") == true)
      let cut = try await client.ask(
        "/v1/completions",
        #"{"prompt": "1, 2, 3,", "max_tokens": 24, "temperature": 0, "stop": [" 6", "7"]}"#)
      #expect(cut.content.map { long.content!.hasPrefix($0 + " 6") } == true)
      let reason = (cut.json["choices"] as? [[String: Any]])?.first?["finish_reason"] as? String
      #expect(reason == "stop")
      let several = try await client.chat(
        #""n": 4, "max_tokens": 6, "temperature": 1.5, "seed": 1"#)
      let texts = (several.json["choices"] as? [[String: Any]])?.compactMap {
        ($0["message"] as? [String: Any])?["content"] as? String
      }
      #expect(texts?.count == 4 && Set(texts ?? []).count > 1)
    }
  }

  @Test(arguments: [
    ("{", "isn't valid JSON"), ("{}", "'messages' is missing"),
    (#"{"messages": []}"#, "'messages' is empty"),
    (#"{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1.5}"#, "doesn't fit"),
    (#"{"messages": [{"role": "user", "content": "a"}], "seed": 1e400}"#, "doesn't fit"),
    (#"{"messages": [{"role": "wizard", "content": "a"}]}"#, "messages[0].role"),
    (#"{"messages": [{"role": "user", "content": 3}]}"#, "messages[0].content"),
    (#"{"messages": [{"role": "user"}], "temperature": -1}"#, "temperature is -1.0"),
    (#"{"messages": [{"role": "user"}], "n": 0}"#, "'n' is 0"),
    (#"{"messages": [{"role": "user"}], "max_tokens": 0}"#, "'max_tokens' is 0"),
    (#"{"messages": [{"role": "user"}], "stop": [""]}"#, "'stop'"),
    (#"{"messages": [{"role": "user"}], "logit_bias": {"1": 2}}"#, "'logit_bias'"),
    (#"{"messages": [{"role": "user"}], "tool_choice": "required"}"#, "'tool_choice'"),
    (#"{"messages": [{"role": "user"}], "response_format": {"type": "json_object"}}"#, "text"),
    (#"{"messages": [{"role": "user"}], "logprobs": true, "top_logprobs": 99}"#, "'top_logprobs'"),
  ])
  func aWrongRequestIsToldWhatIsWrong(_ body: String, _ message: String) async throws {
    try await serving { client in
      let answer = try await client.ask("/v1/chat/completions", body)
      #expect(answer.status == 400 && answer.error["type"] as? String == "invalid_request_error")
      #expect((answer.error["message"] as? String)?.contains(message) == true, "\(answer.text)")
    }
  }

  @Test func whatIsTooMuchIsSentAway() async throws {
    var options = APIServer.Options()
    options.key = "open sesame"
    options.bodyBytes = 100_000
    options.parallel = 1
    try await serving(options) { client in
      var stranger = client
      stranger.key = "open sesam"
      #expect(try await stranger.ask("/v1/models").status == 401)
      #expect(try await stranger.ask("/health").status == 200)
      #expect(try await client.ask("/v1/models").status == 200)
      #expect(try await stranger.ask("/v2/models").status == 401)
      #expect(try await client.ask("/v2/models").status == 404)
      let words = String(repeating: "word ", count: 15_000)
      let full = try await client.ask(
        "/v1/chat/completions", #"{"messages": [{"role": "user", "content": "\#(words)"}]}"#)
      #expect(full.status == 400 && full.error["code"] as? String == "context_length_exceeded")
      let huge = try await client.ask("/v1/completions", String(repeating: " ", count: 200_000))
      #expect(huge.status == 413)
      let wrong = try await client.ask("/v1/completions", #"{"prompt": [9999999]}"#)
      #expect(wrong.status == 400)

      // One works on a long answer; a second is sent away until the first one's client has gone.
      let long = #"{"prompt": "Once", "max_tokens": 8000, "logit_bias": {}}"#
      var first = URLSession.shared.dataTask(with: client.request("/v1/completions", long))
      first.resume()
      var refusals = 0
      for _ in 0..<400 where refusals == 0 {
        let answer = try await client.chat(#""max_tokens": 1"#)
        if answer.status == 429 { refusals += 1 }
        // It came while the other had the only place.
        if first.state == .completed {
          first = URLSession.shared.dataTask(with: client.request("/v1/completions", long))
          first.resume()
        }
      }
      #expect(refusals == 1)
      first.cancel()
      var answers = 0
      for _ in 0..<200 where answers == 0 {
        if try await client.chat(#""max_tokens": 1"#).status == 200 { answers += 1 }
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(answers == 1)
    }
  }
}
