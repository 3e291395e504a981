internal import ArgumentParser
internal import LanguageModel

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Let a model go on from token ids or answer a chat.",
    discussion: """
      Reads a JSON object a line, {"messages": [{"role": "user", "content": …}]} or {"ids": […]}, \
      and writes one a line: the new "ids", their "logprobs", the "text", and "finish": stop, \
      length or contextFull. For messages also "prompt_ids", what the chat format made of them.

        echo '{"messages": [{"role": "user", "content": "Say hello."}]}' \\
          | hindsight generate --greedy --max-tokens 32

      Lines are decoded together, --batch at a time; what a line gets depends only on the line, \
      its number and --seed.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var adapter: AdapterOptions

  @Option(help: "fp32 (what references are computed in), bf16, quantized or auto.")
  var precision = "fp32"

  @Flag(help: "Always take the likeliest token, whatever the sampling options say.")
  var greedy = false

  @OptionGroup var sampling: SamplingOptions

  @Option(help: "The seed of the randomness.")
  var seed: UInt64 = 0

  @Option(help: "New tokens a line at most.")
  var maxTokens = 256

  @Option(help: "Lines that are decoded at a time.")
  var batch = 8

  @OptionGroup var input: JSONLinesInput

  func validate() throws {
    guard (1...1_000_000).contains(maxTokens) else {
      throw ValidationError("--max-tokens must be from 1 to 1000000.")
    }
    guard (1...256).contains(batch) else {
      throw ValidationError("--batch must be from 1 to 256.")
    }
  }

  func run() async throws {
    let files = try ModelFiles.find(model.model)
    let adapter = try adapter.load(files.config)
    let generator = LineGenerator(
      files: files,
      engine: Engine(
        try Transformer(files, precision: try PrecisionOption.resolve(precision, isInference: true))
      ),
      adapter: adapter,
      sampling: greedy ? .greedy : sampling.parameters, seed: seed, maxTokens: maxTokens)
    let (batch, input) = (batch, input)
    try await cancellingOnInterrupt {
      try await generator.run(try input.reader(), batch: batch)
    }
  }
}

/// Answers lines, several at a time, in their order.
private struct LineGenerator: Sendable {
  let files: ModelFiles
  let engine: Engine
  let adapter: LoRAParameters?
  let sampling: SamplingParameters
  let seed: UInt64
  let maxTokens: Int

  private struct InputRow: Decodable {
    var ids: [TokenID]?
    var messages: [ChatMessage]?
  }

  private struct OutputRow: Encodable, Sendable {
    var ids: [TokenID]
    var logprobs: [Float?]
    var text: String
    var finish: String
    var promptIDs: [TokenID]?

    enum CodingKeys: String, CodingKey {
      case ids, logprobs, text, finish
      case promptIDs = "prompt_ids"
    }
  }

  private struct Prompt: Sendable {
    var ids: [TokenID]
    var isChat: Bool
    var stream: SplitMix64
  }

  func run(_ reader: JSONLineReader, batch: Int) async throws {
    let writer = JSONLineWriter()
    var number: UInt64 = 0
    try await withThrowingTaskGroup(of: (UInt64, OutputRow).self) { group in
      var finished: [UInt64: OutputRow] = [:]
      var written: UInt64 = 0
      func collect() async throws {
        guard let (index, row) = try await group.next() else { return }
        finished[index] = row
        while let row = finished.removeValue(forKey: written) {
          try writer.write(row)
          written += 1
        }
      }
      while let line = try reader.next() {
        let index = number
        let prompt = try prompt(line, stream: SplitMix64(seeds: seed, index))
        number += 1
        group.addTask { (index, try await answer(prompt)) }
        if number - written >= UInt64(batch) { try await collect() }
      }
      while written < number { try await collect() }
    }
  }

  private func prompt(_ line: JSONLine, stream: SplitMix64) throws -> Prompt {
    let row = try line.decode(
      InputRow.self,
      example: #"{"ids": [1, 2, 3]} or {"messages": [{"role": "user", "content": "…"}]}"#)
    var prompt: Prompt
    switch (row.ids, row.messages) {
    case (let ids?, nil): prompt = Prompt(ids: ids, isChat: false, stream: stream)
    case (nil, let messages?):
      if messages.isEmpty { throw line.error("\"messages\" is empty; expected at least one") }
      let ids = try files.chatFormat().encode(
        messages, addGenerationPrompt: true, tokenizer: files.tokenizer)
      prompt = Prompt(ids: ids, isChat: true, stream: stream)
    default: throw line.error("expected either \"ids\" or \"messages\"")
    }
    try line.check(prompt.ids, config: files.config, room: 1)
    return prompt
  }

  private func answer(_ prompt: Prompt) async throws -> OutputRow {
    var stop = files.config.endTokens
    if let format = try? files.chatFormat() { stop.append(format.endOfTurn) }
    let result = await engine.generate(
      GenerationRequest(
        tokens: prompt.ids, adapter: adapter,
        sampling: sampling, random: prompt.stream, stopTokens: stop, maxTokens: maxTokens))
    try Task.checkCancellation()
    let ids = result.tokens.map(\.id)
    engine.end(prompt.ids + ids, adapter: adapter)
    return OutputRow(
      ids: ids, logprobs: result.tokens.map(\.logprob.jsonNumber),
      text: files.tokenizer.decode(ids, skippingSpecial: true), finish: result.finish.rawValue,
      promptIDs: prompt.isChat ? prompt.ids : nil)
  }
}
