internal import LanguageModel
internal import SDPO

/// A step of training without its tools: groups of episodes over a few turns, then the update.
struct WholeStepBench {
  let training: TrainingBench

  private var subject: BenchSubject { training.subject }
  private static var actionTokens: Int { BenchSize.turns * BenchSize.action }

  func run() async throws -> BenchResult {
    let episodes = BenchSize.tasks * BenchSize.group
    let student = training.learner(TrainingBench.lora)
    let update = BenchUpdate(
      subject.engine, student: student, teacher: student.copy(), objective: Objective())
    return try await training.clock.measure(
      "step", tokens: episodes * BenchSize.episode, cost: cost()
    ) {
      let start = ContinuousClock.now
      let examples = await rollOut(student.adapter)
      let rollout = (ContinuousClock.now - start) / .seconds(1)
      return try await update.run(examples).merging(["rollout": rollout]) { $1 }
    }
  }

  private func rollOut(_ adapter: LoRAParameters?) async -> [TrainingExample] {
    await withTaskGroup(of: (Int, TrainingExample).self) { group in
      let episodes = BenchSize.tasks * BenchSize.group
      for number in 0..<episodes {
        group.addTask { (number, await episode(number, adapter)) }
      }
      var examples: [(Int, TrainingExample)] = []
      for await example in group { examples.append(example) }
      return examples.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func episode(_ number: Int, _ adapter: LoRAParameters?) async -> TrainingExample {
    // A group's episodes begin with the same tokens.
    var stream = GenerationBench.Stream(
      tokens: subject.tokens(
        BenchSize.opening, seed: 6, UInt64(number / BenchSize.group)),
      random: SplitMix64(seeds: 7, UInt64(number)))
    var actions: [Int] = []
    for turn in 0..<BenchSize.turns {
      let first = stream.tokens.count
      stream = await stream.extended(subject.engine, by: BenchSize.action, adapter: adapter)
      actions += first..<stream.tokens.count
      if turn + 1 < BenchSize.turns {
        stream.tokens += subject.tokens(
          BenchSize.observation, seed: 8, UInt64(number), UInt64(turn))
      }
    }
    subject.engine.end(stream.tokens, adapter: adapter)
    return training.distilled(
      stream.tokens, actions, opening: BenchSize.opening, logprobs: stream.logprobs, number: number)
  }

  /// Openings once a group, what is read later at once, sampled tokens one at a time for all
  /// episodes together; then the update.
  private func cost() -> BenchCost {
    let config = subject.config
    let episodes = BenchSize.tasks * BenchSize.group
    var cost = BenchCost()
    let opening = BenchCost.forward(config, count: BenchSize.opening)
    cost.add(operations: opening, bytes: 0, times: BenchSize.tasks)
    var context = BenchSize.opening
    for turn in 0..<BenchSize.turns {
      let step = BenchCost.decoding(
        config, sequences: episodes, context: context + BenchSize.action / 2,
        bytesPerWeight: subject.precision.bytesPerWeight)
      cost.add(operations: step.operations, bytes: step.bytes, times: BenchSize.action)
      context += BenchSize.action
      guard turn + 1 < BenchSize.turns else { break }
      let observed = BenchCost.forward(config, count: BenchSize.observation, past: context)
      cost.add(operations: observed, bytes: 0, times: episodes)
      context += BenchSize.observation
    }
    let update =
      BenchCost.training(
        config, tokens: context, rows: Self.actionTokens, lora: TrainingBench.lora)
      + BenchCost.forward(config, count: context + BenchSize.hint)
      + BenchCost.head(config, rows: Self.actionTokens)
    cost.add(operations: update, bytes: 0, times: episodes)
    return cost
  }
}
