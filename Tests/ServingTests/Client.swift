import Foundation
import FoundationNetworking
import LanguageModel
import Serving

let modelPath =
  ProcessInfo.processInfo.environment["HINDSIGHT_MODEL"]
  ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path

/// One engine for all servers of these tests.
let served = Result {
  let model = try LoadedModel.load(modelPath, precision: .fp32)
  return ServedModel(
    name: "small", engine: Engine(model.transformer), tokenizer: model.tokenizer,
    chatFormat: model.chatFormat, adapter: nil)
}

/// A server that listens while the closure runs.
func serving(
  _ options: APIServer.Options = .init(), _ body: (Client) async throws -> Void
) async throws {
  var options = options
  options.port = 0
  let server = APIServer(try served.get(), options: options)
  let (ports, port) = AsyncStream.makeStream(of: Int.self)
  let task = Task { try await server.run { number, _ in port.yield(number) } }
  defer { task.cancel() }
  for await number in ports {
    try await body(Client(port: number, key: options.key))
    break
  }
  task.cancel()
  _ = await task.result
}

struct Client: Sendable {
  let port: Int
  var key: String?

  struct Answer {
    var status: Int
    var text: String
    /// The body as JSON; of a stream, nothing.
    var json: [String: Any]
    var headers: [AnyHashable: Any]

    var choice: [String: Any]? { (json["choices"] as? [[String: Any]])?.first }
    var message: [String: Any]? { choice?["message"] as? [String: Any] }
    /// The first choice's text.
    var content: String? { message?["content"] as? String ?? choice?["text"] as? String }
    var promptTokens: Int? { (json["usage"] as? [String: Any])?["prompt_tokens"] as? Int }

    var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
  }

  func request(_ path: String, _ body: String?, method: String? = nil) -> URLRequest {
    var request = URLRequest(url: URL(string: "http://127.0.0.1:\(port)\(path)")!)
    if let body {
      request.httpMethod = "POST"
      request.httpBody = Data(body.utf8)
    }
    if let method { request.httpMethod = method }
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    return request
  }

  func ask(_ path: String, _ body: String? = nil, method: String? = nil) async throws -> Answer {
    let (data, response) = try await URLSession.shared.data(
      for: request(path, body, method: method))
    let http = response as! HTTPURLResponse
    return Answer(
      status: http.statusCode, text: String(decoding: data, as: UTF8.self),
      json: (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:],
      headers: http.allHeaderFields)
  }

  func chat(_ fields: String) async throws -> Answer {
    try await ask(
      "/v1/chat/completions",
      #"{"messages": [{"role": "user", "content": "Name a colour."}], \#(fields)}"#)
  }
}
