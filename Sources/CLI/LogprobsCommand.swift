internal import ArgumentParser
internal import LanguageModel

struct LogprobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logprobs",
    abstract: "Show how likely a model finds each token of a sequence.",
    discussion: """
      Reads a JSON object a line: {"ids": […]}. Writes one a line: {"logprobs": […]}, the natural \
      logarithm of each next token's probability, so one fewer than ids.

        echo '{"text": "The capital of France is Paris"}' | hindsight tokenize \\
          | hindsight logprobs --top 3

      With --top N also "top": for every place the N likeliest tokens, {"ids": […], \
      "logprobs": […]}, best first.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var adapter: AdapterOptions

  @Option(help: "fp32 (what references are computed in), bf16, quantized or auto.")
  var precision = "fp32"

  @Option(
    help: ArgumentHelp("List this many of the likeliest tokens at every place.", valueName: "n"))
  var top = 0

  @Option(help: "Logits are divided by it before the softmax.")
  var temperature: Float = 1

  @OptionGroup var input: JSONLinesInput

  private struct Row: Encodable {
    struct Best: Encodable {
      var ids: [TokenID]
      var logprobs: [Float?]
    }
    var logprobs: [Float?]
    var top: [Best]?
  }

  func validate() throws {
    guard (0...10_000).contains(top) else {
      throw ValidationError("--top must be from 0 to 10000.")
    }
    guard (0.001...100).contains(temperature) else {
      throw ValidationError("--temperature must be from 0.001 to 100.")
    }
  }

  func run() throws {
    let files = try ModelFiles.find(model.model)
    let adapter = try adapter.load(files.config)
    let transformer = try Transformer(
      files, precision: try PrecisionOption.resolve(precision, isInference: true))
    let reader = try input.reader()
    let writer = JSONLineWriter()
    while let line = try reader.next() {
      let ids = try line.decode(TokenizeCommand.IDsRow.self, example: #"{"ids": [1, 2, 3]}"#).ids
      try line.check(ids, config: files.config, room: 0)
      let scores = transformer.score(ids, adapter: adapter, temperature: temperature, top: top)
      let best = scores.map { score in
        Row.Best(ids: score.top.map(\.id), logprobs: score.top.map(\.logprob.jsonNumber))
      }
      try writer.write(
        Row(logprobs: scores.map(\.token.logprob.jsonNumber), top: top > 0 ? best : nil))
    }
  }
}
