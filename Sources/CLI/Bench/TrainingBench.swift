internal import LanguageModel
internal import SDPO

/// Steps of training, through what `train` and `sft` use.
struct TrainingBench {
  let subject: BenchSubject
  let clock: BenchClock

  private var config: ModelConfig { subject.config }
  static let lora = LoRAConfig(rank: BenchSize.rank, alpha: Float(2 * BenchSize.rank))

  /// Cross-entropy on every token of a batch.
  func supervised(
    _ work: BenchWork, batch: Int = BenchSize.batch, length: Int = BenchSize.length
  ) async throws -> BenchResult {
    let lora = work == .lora ? Self.lora : nil
    var cost = BenchCost()
    cost.add(
      operations: Double(batch)
        * BenchCost.training(config, tokens: length, rows: length - 1, lora: lora), bytes: 0)
    let examples = (0..<batch).map { number in
      let tokens = subject.tokens(length, seed: 3, UInt64(number))
      return TrainingExample(
        student: tokens, studentActions: Array(1..<length), rows: Self.rows(tokens[1...], number))
    }
    let update = BenchUpdate(
      subject.engine, student: learner(lora), teacher: nil, objective: .crossEntropy)
    return try await clock.measure(work.rawValue, tokens: batch * length, cost: cost) {
      try await update.run(examples)
    }
  }

  /// The teacher reads a hint and the batch, the student is distilled at each sequence's last
  /// tokens: the divergence over K = 100 tokens and the tail, all parameters trained.
  ///
  /// - opening: tokens that all sequences begin with, as a group's do with its prompt; the hint follows them.
  func sdpo(opening: Int) async throws -> BenchResult {
    let (length, completion) = (BenchSize.length, BenchSize.completion)
    var cost = BenchCost()
    cost.add(
      operations: Double(BenchSize.batch)
        * (BenchCost.training(config, tokens: length, rows: completion, lora: nil)
          + BenchCost.forward(config, count: length + BenchSize.hint)
          + BenchCost.head(config, rows: completion))
        // What all begin with need be computed once.
        - Double(BenchSize.batch - 1)
        * (BenchCost.training(config, tokens: opening, rows: 0, lora: nil)
          + BenchCost.forward(config, count: opening)),
      bytes: 0)
    let shared = subject.tokens(opening, seed: 6, 0)
    let examples = (0..<BenchSize.batch).map { number in
      distilled(
        shared + subject.tokens(length, seed: 3, UInt64(number)).dropFirst(opening),
        Array(length - completion..<length), opening: opening, number: number)
    }
    let student = learner(nil)
    let update = BenchUpdate(
      subject.engine, student: student, teacher: student.frozenCopy(), objective: Objective())
    return try await clock.measure(
      (opening == 0 ? BenchWork.sdpo : .sdpoGroup).rawValue, tokens: BenchSize.batch * length,
      cost: cost
    ) {
      try await update.run(examples)
    }
  }

  /// Logits of both sides, divergence and gradient at the hidden states: a step of a network with
  /// this vocabulary and width, whose only block is next to nothing.
  func head() async throws -> BenchResult {
    let positions = BenchSize.completion
    var cost = BenchCost()
    cost.add(operations: 3 * BenchCost.head(config, rows: BenchSize.batch * positions), bytes: 0)
    var shape = config
    (shape.layerCount, shape.headCount, shape.kvHeadCount) = (1, 1, 1)
    shape.intermediateSize = 64
    let small = BenchSubject(
      name: subject.name, config: shape, precision: subject.precision, trainable: false)
    let examples = (0..<BenchSize.batch).map { number in
      let tokens = small.tokens(positions + 1, seed: 4, UInt64(number))
      return TrainingExample(
        student: tokens, studentActions: Array(1...positions), teacher: tokens,
        teacherActions: Array(1...positions), rows: Self.rows(tokens[1...], number))
    }
    let bench = TrainingBench(subject: small, clock: clock)
    let student = bench.learner(LoRAConfig(rank: 1, alpha: 1, targets: [.o]))
    let update = BenchUpdate(
      small.engine, student: student, teacher: student.copy(), objective: Objective())
    return try await clock.measure(
      "head", tokens: BenchSize.batch * positions, cost: cost
    ) {
      try await update.run(examples)
    }
  }

  func learner(_ lora: LoRAConfig?) -> Learner {
    guard let lora else { return Learner(transformer: subject.engine.transformer, adapter: nil) }
    let adapter = LoRAParameters(config: lora, model: config)
    adapter.initialize(seed: 0)
    return Learner(transformer: subject.engine.transformer, adapter: adapter)
  }

  /// An example whose teacher reads a hint behind the opening's `opening` tokens.
  func distilled(
    _ tokens: [TokenID], _ actions: [Int], opening: Int = 0, logprobs: [Float]? = nil, number: Int
  ) -> TrainingExample {
    let hint = subject.tokens(BenchSize.hint, seed: 5, UInt64(number))
    return TrainingExample(
      student: tokens, studentActions: actions,
      teacher: tokens[..<opening] + hint + tokens[opening...],
      teacherActions: actions.map { $0 + hint.count },
      rows: Self.rows(actions.map { tokens[$0] }, number, logprobs: logprobs))
  }

  private static func rows(
    _ tokens: some Collection<TokenID>, _ trajectory: Int, logprobs: [Float]? = nil
  ) -> [ActionRow] {
    tokens.enumerated().map { index, token in
      ActionRow(
        token: token, weight: 0, rolloutLogprob: logprobs?[index] ?? -5,
        trajectory: Int32(trajectory))
    }
  }
}

/// One optimiser step after another, as `train` makes them.
struct BenchUpdate: Sendable {
  private let engine: Engine
  private let update: Update

  init(_ engine: Engine, student: Learner, teacher: Learner?, objective: Objective) {
    self.engine = engine
    var configuration = TrainingConfiguration(
      model: "", tasks: "", taskIDs: [], groupSize: BenchSize.group, objective: objective,
      lora: student.adapter?.config)
    configuration.optimizer.learningRate = 1e-5
    update = Update(
      configuration, student: student, teacher: teacher,
      learningRate: configuration.optimizer.learningRate)
  }

  /// Returns the seconds of its phases.
  func run(_ examples: [TrainingExample]) async throws -> [String: Double] {
    let update = update
    let result = try await engine.perform { _ in try update.run(examples, number: 1) { _ in } }
    return result.spans.reduce(into: [:]) { $0[$1.phase.rawValue, default: 0] += $1.seconds }
  }
}
