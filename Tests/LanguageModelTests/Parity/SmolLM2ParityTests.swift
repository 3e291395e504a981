import Foundation
import LanguageModel
import Testing

/// The default model, read from its quantised file, against PyTorch. One test at a time: the network
/// is shared and large.
@Suite(
  .serialized,
  .enabled(if: Reference.hasModel, "the default model isn't in models/ (`make model` fetches it)"))
struct SmolLM2ParityTests {
  private func load(_ chat: Int) throws -> (LoadedModel, SafetensorsFile, [TokenID]) {
    let file = try Reference.tensors("smollm2/chat\(chat).safetensors")
    return (
      try Reference.smollm2.get(), file, try file.integers("input_ids").map { TokenID($0) }
    )
  }

  @Test func weightsAfterDequantisation() throws {
    let parameters = try Reference.smollm2.get().transformer.parameters
    let probe = try Reference.tensors("smollm2/weights_probe.safetensors")
    let places: [(name: String, tensor: String, rows: [Int])] = [
      ("embed_rows_0_100_40000", "model.embed_tokens.weight", [0, 100, 40000]),
      ("q0_rows_0_1_575", "model.layers.0.self_attn.q_proj.weight", [0, 1, 575]),
      ("k29_rows_0_191", "model.layers.29.self_attn.k_proj.weight", [0, 191]),
      ("down7_row_3", "model.layers.7.mlp.down_proj.weight", [3]),
    ]
    for place in places {
      let entry = try #require(parameters.layout[place.tensor])
      let width = entry.shape[1]
      let found = place.rows.flatMap { row in
        (0..<width).map { parameters.buffer.base[entry.offset + row * width + $0] }
      }
      #expect(largestDifference(found, try probe.floats(place.name)) == 0, "\(place.tensor)")
    }
  }

  @Test(arguments: 0..<3, [MatMulKernel.library, .invariant])
  func distributions(chat: Int, kernel: MatMulKernel) throws {
    let (model, file, ids) = try load(chat)
    let vocabulary = model.config.vocabularySize
    let logits = allLogits(model.transformer, ids, kernel: kernel)
    let last = largestDifference(logits.suffix(vocabulary), try file.floats("last_logits"))
    let topIDs = try file.integers("top20_ids")
    let topLogprobs = try file.floats("top20_logprobs")
    var worst = (top: 0.0, order: 0.0)
    for row in ids.indices {
      let logprobs = logSoftmax(logits[row * vocabulary..<(row + 1) * vocabulary])
      let mine = logprobs.indices.sorted { (logprobs[$0], $1) > (logprobs[$1], $0) }.prefix(20)
      for (rank, id) in mine.enumerated() {
        let expected = Double(topLogprobs[row * 20 + rank])
        let reference = topIDs[row * 20 + rank]
        worst.top = max(worst.top, abs(logprobs[reference] - expected))
        // Another id at a rank is a tie within the tolerance, or a fault.
        if id != reference { worst.order = max(worst.order, abs(logprobs[id] - expected)) }
      }
    }
    measured("SmolLM2 chat \(chat) last logits, \(kernel)", last)
    measured("SmolLM2 chat \(chat) top-20 log-probs, \(kernel)", worst.top)
    #expect(last < 2e-3)
    #expect(worst.top < 2e-3)
    #expect(worst.order < 2e-4)
  }

  @Test(arguments: 0..<3)
  func nextTokenLogprobs(chat: Int) throws {
    let (model, file, ids) = try load(chat)
    let scores = model.transformer.score(ids, adapter: nil, top: 20)
    let worst = largestDifference(
      scores.map(\.token.logprob), try file.floats("next_token_logprobs"))
    measured("SmolLM2 chat \(chat) next-token log-probs", worst)
    #expect(worst < 2e-3)
    #expect(scores.map(\.token.id) == Array(ids.dropFirst()))
    let top = try file.integers("top20_ids")
    for (row, score) in scores.enumerated() {
      #expect(Set(score.top.prefix(5).map { Int($0.id) }).contains(top[row * 20]))
    }
  }

  @Test(arguments: 0..<3)
  func greedyTokens(chat: Int) async throws {
    let (model, file, ids) = try load(chat)
    let expected = try file.integers("greedy_48_ids").map { TokenID($0) }
    let result = await Engine(model.transformer).generate(
      GenerationRequest(
        tokens: ids, sampling: .greedy,
        random: SplitMix64(seed: 0), stopTokens: model.config.endTokens, maxTokens: 48))
    // The reference pads what follows the end of turn.
    #expect(result.tokens.map(\.id) == Array(expected.prefix(result.tokens.count)))
    #expect(result.tokens.count == 48 || result.finish == .stop)
  }

  private struct Chat: Decodable {
    var messages: [ChatMessage]
    var ids: [TokenID]
  }

  @Test func chats() throws {
    let model = try Reference.smollm2.get()
    let text = try String(contentsOfFile: Reference.path("smollm2/chats.jsonl"), encoding: .utf8)
    for line in text.split(separator: "\n") {
      let chat = try JSONDecoder().decode(Chat.self, from: Data(line.utf8))
      let ids = model.chatFormat.encode(
        chat.messages, addGenerationPrompt: true, tokenizer: model.tokenizer)
      #expect(ids == chat.ids)
    }
  }
}
