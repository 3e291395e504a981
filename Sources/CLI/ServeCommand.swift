internal import ArgumentParser
internal import Foundation
internal import LanguageModel
internal import Serving

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a model, with an adapter, behind OpenAI's API.",
    discussion: """
      /v1/chat/completions and /v1/completions (streamed or not, with stop, seed, n, logprobs, tools), \
      /v1/models and /health. Requests are decoded together, and what they begin with is computed once.

        hindsight serve --adapter models/adapters/warm-start
        curl http://127.0.0.1:8080/v1/chat/completions \\
          -d '{"messages": [{"role": "user", "content": "Say hello."}]}'

      With HINDSIGHT_SERVE_KEY in the environment, clients must send it as their API key.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var adapter: AdapterOptions
  @OptionGroup var precision: PrecisionOption

  @Option(
    help: "The address to listen on; others than this machine can ask only if it isn't loopback's.")
  var host = "127.0.0.1"

  @Option(help: "The port; 0 takes one that is free.")
  var port = 8080

  @Option(help: "The model's name for clients; the file's, if not given.")
  var name: String?

  @Option(help: "Requests that are worked on at a time; more are answered with 429.")
  var parallel = 16

  @Option(help: "Bytes that a request may have.")
  var maxBody = 8 << 20

  func validate() throws {
    guard !host.isEmpty else { throw ValidationError("--host is empty.") }
    guard (0...65_535).contains(port) else {
      throw ValidationError("--port must be from 0 to 65535.")
    }
    guard (1...1024).contains(parallel) else {
      throw ValidationError("--parallel must be from 1 to 1024.")
    }
    guard (1...(1 << 30)).contains(maxBody) else {
      throw ValidationError("--max-body must be from 1 to \(1 << 30).")
    }
  }

  func run() async throws {
    let loaded = try LoadedModel.load(
      model.model, precision: try precision.resolvedForInference)
    var options = APIServer.Options()
    options.host = host
    options.port = port
    options.parallel = parallel
    options.bodyBytes = maxBody
    options.key = ProcessInfo.processInfo.environment["HINDSIGHT_SERVE_KEY"]
      .flatMap { $0.isEmpty ? nil : $0 }
    let served = ServedModel(
      name: name ?? loaded.name, engine: Engine(loaded.transformer), tokenizer: loaded.tokenizer,
      chatFormat: loaded.chatFormat, adapter: try adapter.load(loaded.config))
    let server = APIServer(served, options: options) { line in print(line) }
    let (host, hasKey) = (host, options.key != nil)
    do {
      try await cancellingOnInterrupt {
        try await server.run { port, isLoopback in
          if !isLoopback, !hasKey {
            Failure.report(
              "warning: anybody who reaches this machine can use the model; "
                + "set HINDSIGHT_SERVE_KEY to ask for a key")
          }
          print("\(served.name) at http://\(host.contains(":") ? "[\(host)]" : host):\(port)/v1")
        }
      }
    } catch is CancellationError {
      // Stopped as one asked.
    }
  }
}
