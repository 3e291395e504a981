import Foundation
import Serving
import Testing

/// What clients are told that ask for nothing there is, or don't come to the end of asking.
extension APIServerTests {
  @Test(arguments: [
    ("GET", "/v1/nothing", 404, "unknown_url"), ("POST", "/v2/models", 404, "unknown_url"),
    ("GET", "/", 404, "unknown_url"), ("GET", "/v1/models/other", 404, "model_not_found"),
    ("GET", "/v1/models/a%2Fb/c", 404, "model_not_found"),
    ("GET", "/v1/chat/completions", 405, "method_not_supported"),
    ("DELETE", "/v1/models/small", 405, "method_not_supported"),
    ("OPTIONS", "/v1/completions", 405, "method_not_supported"),
  ])
  func whatIsNotThereIsSaidInTheAPIsForm(
    _ method: String, _ path: String, _ status: Int, _ code: String
  ) async throws {
    try await serving { client in
      let answer = try await client.ask(path, method: method)
      #expect(answer.status == status && answer.error["code"] as? String == code, "\(answer.text)")
      #expect(answer.error["type"] as? String == "invalid_request_error")
      #expect((answer.error["message"] as? String)?.isEmpty == false)
      #expect(answer.error.keys.sorted() == ["code", "message", "param", "type"])
    }
  }

  /// A HEAD gets a GET's headers and no body; a refused method, those that would do.
  @Test func headersAlone() async throws {
    try await serving { client in
      for (request, status, field) in [
        ("HEAD /health", "200 ", "content-type: application/json"),
        ("HEAD /nothing", "404 ", "content-type: application/json"),
        ("HEAD /v1/completions", "405 ", "allow: post"),
      ] {
        let connection = try RawConnection(port: client.port)
        connection.say("\(request) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let answer = try await connection.hear()
        #expect(answer.hasPrefix("HTTP/1.1 \(status)") && answer.hasSuffix("\r\n\r\n"), "\(answer)")
        #expect(answer.lowercased().contains("\r\n\(field)\r\n"), "\(answer)")
      }
    }
  }

  /// Long before the time for a body is over.
  @Test func aBodyThatIsAnnouncedAsTooLargeIsRefusedAtOnce() async throws {
    var options = APIServer.Options()
    options.bodyBytes = 1000
    try await serving(options) { client in
      for path in ["/v1/chat/completions", "/v1/completions"] {
        for length in ["1001", "9999999999999999999"] {
          let connection = try RawConnection(port: client.port)
          connection.say("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n{")
          let answer = try await connection.hear(until: "}}")
          #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
          #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
          let body = try #require(answer.firstRange(of: "\r\n\r\n")).upperBound
          let json = try JSONSerialization.jsonObject(with: Data(answer[body...].utf8))
          let error = try #require((json as? [String: Any])?["error"] as? [String: Any])
          #expect(error["message"] as? String == "the request has more than 1000 bytes")
          #expect(error["type"] as? String == "invalid_request_error")
        }
      }
      // As many as are allowed are waited for.
      let whole = try RawConnection(port: client.port)
      let body = #"{"prompt": "a", "max_tokens": 1}"#
      let padding = String(repeating: " ", count: 1000 - body.utf8.count)
      whole.say("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
      whole.say(body + padding)
      let answer = try await whole.hear(until: "usage")
      #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
    }
  }

  @Test func aBodyThatStallsHoldsNoPlace() async throws {
    var options = APIServer.Options()
    options.parallel = 1
    options.bodyDeadline = .seconds(6)
    try await serving(options) { client in
      let stalled = try RawConnection(port: client.port)
      stalled.say("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{")
      // Time enough for the server to see it.
      try await Task.sleep(for: .milliseconds(300))
      let other = try await client.chat(#""max_tokens": 1"#)
      #expect(other.status == 200, "\(other.text)")
      // But not so many as there are connections.
      let more = try (0..<4).map { _ in try RawConnection(port: client.port) }
      for one in more {
        one.say("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{")
      }
      try await Task.sleep(for: .milliseconds(300))
      #expect(try await client.chat(#""max_tokens": 1"#).status == 429)
      withExtendedLifetime(more) {}
      let answer = try await stalled.hear(until: "}}")
      #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
      #expect(answer.contains("the body wasn't all there after 6.0 seconds"), "\(answer)")
    }
  }
}
