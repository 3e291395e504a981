import LanguageModel
import Testing

/// What must not change a result: the rest of the batch, the cache, padding and position, chunks and
/// kept activations.
@Suite struct InvarianceTests {
  private func tokens(_ count: Int, _ random: inout SplitMix64, below: Int = 37) -> [TokenID] {
    (0..<count).map { _ in TokenID(random.index(below: below)) }
  }

  private func randomAdapter(_ config: ModelConfig, seed: UInt64) -> LoRAParameters {
    let adapter = LoRAParameters(
      config: LoRAConfig(rank: 3, alpha: 6, targets: [.q, .k, .o, .gate, .down]), model: config)
    var random = SplitMix64(seed: seed)
    for i in 0..<adapter.buffer.count {
      adapter.buffer.base[i] = Float.random(in: -0.3...0.3, using: &random)
    }
    return adapter
  }

  /// Logits at each sequence's last token after the pieces are fed, all sequences in one pass.
  private func lastLogits(
    _ transformer: Transformer, _ sequences: [[TokenID]], _ adapter: LoRAParameters?,
    _ kernel: MatMulKernel
  ) -> [[Float]] {
    let inputs = sequences.map {
      Transformer.Input(
        tokens: $0[...], cache: KVCache(config: transformer.config), wanted: [$0.count - 1])
    }
    let hidden = transformer.extend(inputs, adapter: adapter, kernel: kernel)
    let vocabulary = transformer.config.vocabularySize
    let logits = FloatBuffer(count: sequences.count * vocabulary)
    transformer.logits(
      hidden.matrix, into: Matrix(logits.base, rows: sequences.count, columns: vocabulary),
      kernel: kernel)
    return (0..<sequences.count).map {
      Array(logits.values[$0 * vocabulary..<($0 + 1) * vocabulary])
    }
  }

  /// The invariant kernel promises the same bits; BLAS only closeness.
  @Test(arguments: Architecture.allCases, [false, true])
  func batchedIsAlone(_ architecture: Architecture, adapted: Bool) {
    let transformer = randomTransformer(tinyConfig(architecture), seed: 5)
    let adapter = adapted ? randomAdapter(transformer.config, seed: 6) : nil
    var random = SplitMix64(seeds: 7, adapted ? 1 : 0)
    var worst: Float = 0
    for _ in 0..<12 {
      let sequences = (0..<1 + random.index(below: 9)).map { _ in
        tokens(1 + random.index(below: 60), &random)
      }
      let together = lastLogits(transformer, sequences, adapter, .invariant)
      let blas = lastLogits(transformer, sequences, adapter, .library)
      for (index, sequence) in sequences.enumerated() {
        let alone = lastLogits(transformer, [sequence], adapter, .invariant)[0]
        #expect(together[index] == alone)
        let aloneBLAS = lastLogits(transformer, [sequence], adapter, .library)[0]
        worst = max(worst, largestDifference(blas[index], aloneBLAS))
        worst = max(worst, largestDifference(alone, aloneBLAS))
      }
    }
    measured("\(architecture) batched or alone, adapter \(adapted), blas", worst)
    #expect(worst < 2e-4)
  }

  /// Beyond what one pass takes: 512 rows, 256 of a sequence.
  @Test func longSequencesInABatchAreAlone() {
    var config = tinyConfig(.llama)
    config.contextLength = 2048
    let transformer = randomTransformer(config, seed: 9)
    var random = SplitMix64(seed: 10)
    let sequences = [700, 256, 257, 3, 512].map { tokens($0, &random) }
    let together = lastLogits(transformer, sequences, nil, .invariant)
    for (index, sequence) in sequences.enumerated() {
      #expect(together[index] == lastLogits(transformer, [sequence], nil, .invariant)[0])
    }
  }

  @Test(arguments: Architecture.allCases, [MatMulKernel.library, .invariant])
  func cachedIsUncached(_ architecture: Architecture, _ kernel: MatMulKernel) {
    let transformer = randomTransformer(tinyConfig(architecture), seed: 15)
    let adapter = randomAdapter(transformer.config, seed: 16)
    var random = SplitMix64(seed: 17)
    let sequence = tokens(29, &random)
    let whole = allLogits(transformer, sequence, adapter: adapter, kernel: kernel)
    var worst: Float = 0
    let splits = (1..<29).map { [$0, 29 - $0] } + [[Int](repeating: 1, count: 29)]
    for pieces in splits {
      let parts = allLogits(
        transformer, sequence, adapter: adapter, kernel: kernel, pieces: pieces)
      worst = max(worst, largestDifference(whole, parts))
    }
    measured("\(architecture) cached or not, \(kernel)", worst)
    #expect(worst < 2e-4)
  }

  /// A truncated cache goes on as if what was cut had never been there.
  @Test func aTruncatedCacheForgets() {
    let transformer = randomTransformer(tinyConfig(.qwen3), seed: 25)
    var random = SplitMix64(seed: 26)
    let (kept, dropped, next) = (tokens(9, &random), tokens(14, &random), tokens(5, &random))
    let cache = KVCache(config: transformer.config)
    func feed(_ tokens: [TokenID], _ cache: KVCache) -> [Float] {
      let hidden = transformer.extend(
        [.init(tokens: tokens[...], cache: cache, wanted: [tokens.count - 1])], adapter: nil)
      return (0..<hidden.matrix.columns).map { hidden.matrix.row(0)[$0] }
    }
    _ = feed(kept, cache)
    _ = feed(dropped, cache)
    cache.truncate(to: kept.count)
    let fresh = KVCache(config: transformer.config)
    _ = feed(kept, fresh)
    #expect(feed(next, cache) == feed(next, fresh))
  }

  /// The teacher sees the student's actions further right, behind a longer context, or in another
  /// row of a batch: rotary attention depends on distances only.
  @Test(arguments: Architecture.allCases)
  func positionAndRowDontMatter(_ architecture: Architecture) {
    var config = tinyConfig(architecture)
    config.contextLength = 1024
    let transformer = randomTransformer(config, seed: 35)
    var random = SplitMix64(seed: 36)
    let sequence = tokens(24, &random)
    let reference = actionLogprobs(transformer, [sequence], of: 0)
    var worst = 0.0
    for padding in [1, 7, 40] {
      let others = [tokens(padding, &random), sequence, tokens(3, &random)]
      worst = max(worst, largestDifference(reference, actionLogprobs(transformer, others, of: 1)))
    }
    measured("\(architecture) row in the training batch", worst)
    #expect(worst < 2e-5)
    // A shift of all positions: q and k turned by the same extra angle keep their products.
    let table = RotaryTable(config: config)
    table.prepare(positions: 1024)
    let size = config.headSize
    var product = 0.0
    for shift in [1, 17, 250, 900] {
      let q = Strided(rows: 24, columns: size, gap: 0, random: &random)
      let k = Strided(rows: 24, columns: size, gap: 0, random: &random)
      let (q0, k0) = (q.values, k.values)
      func scores() -> [Double] {
        Naive.product(
          q.values, Naive.transpose(k.values, rows: 24, columns: size), m: 24, k: size, n: 24)
      }
      let positions = (0..<24).map { Int32($0) }
      for matrix in [q.matrix, k.matrix] { table.apply(matrix, positions: positions[...]) }
      let unshifted = scores()
      for i in 0..<24 * size {
        (q.matrix.base[i], k.matrix.base[i]) = (Float(q0[i]), Float(k0[i]))
      }
      for matrix in [q.matrix, k.matrix] {
        table.apply(matrix, positions: positions.map { $0 + Int32(shift) }[...])
      }
      product = max(product, largestDifference(unshifted, scores()))
    }
    measured("\(architecture) attention scores after a shift of positions", product)
    #expect(product < 5e-4)
  }

  private func actionLogprobs(
    _ transformer: Transformer, _ sequences: [[TokenID]], of index: Int
  ) -> [Double] {
    let tokens = sequences[index]
    let gradient = Parameters(config: transformer.config)
    var result: [Double] = []
    let outputs = (0..<tokens.count - 1).map {
      TrainingPass.Output(sequence: index, position: $0)
    }
    let vocabulary = transformer.config.vocabularySize
    let pass = TrainingPass(
      transformer, sequences: sequences, outputs: outputs, adapter: nil)
    pass.backward(chunkRows: 5, gradients: .full(gradient)) { range, logits in
      for (row, output) in range.enumerated() {
        let slice = logits[row * vocabulary..<(row + 1) * vocabulary]
        result.append(logSoftmax(slice)[Int(tokens[output + 1])])
      }
      logits.update(repeating: 0)
    }
    return result
  }

  /// What the sampler notes and what the trainer computes for the same tokens.
  @Test(arguments: Architecture.allCases)
  func samplerAndTrainerAgree(_ architecture: Architecture) async {
    let transformer = randomTransformer(tinyConfig(architecture), seed: 45)
    var random = SplitMix64(seed: 46)
    let prompt = tokens(11, &random)
    let result = await Engine(transformer).generate(
      GenerationRequest(
        tokens: prompt, sampling: .init(),
        random: random, stopTokens: [], maxTokens: 40))
    let sequence = prompt + result.tokens.map(\.id)
    let trainer = actionLogprobs(transformer, [sequence], of: 0).suffix(40)
    let worst = largestDifference(Array(trainer), result.tokens.map { Double($0.logprob) })
    measured("\(architecture) sampler's and trainer's log-probs", worst)
    #expect(worst < 2e-5)
    let scores = transformer.score(sequence, adapter: nil).suffix(40)
    #expect(zip(scores, result.tokens).allSatisfy { abs($0.token.logprob - $1.logprob) < 2e-5 })
  }

  /// Recomputing gives the same bits; chunks and micro-batches only change the order of sums.
  @Test(arguments: Architecture.allCases)
  func chunksRecomputeAndMicroBatches(_ architecture: Architecture) throws {
    let folder = "tiny-\(architecture.rawValue)"
    let batch = try ReferenceBatch(Reference.tensors("\(folder)/reference.safetensors"))
    let transformer = try Transformer(ModelFiles.find(Reference.path(folder)))
    func gradients(recompute: Bool = false, chunkRows: Int) -> [Float] {
      let gradient = Parameters(config: transformer.config)
      _ = batch.loss(
        transformer, nil, .full(gradient), recompute: recompute, chunkRows: chunkRows)
      return Array(gradient.buffer.values)
    }
    let whole = gradients(chunkRows: 1000)
    // Not compared inside the macro: a failing one would search for the shortest edit script.
    let recomputedIsTheSame = gradients(recompute: true, chunkRows: 1000) == whole
    #expect(recomputedIsTheSame)
    let scale = whole.map(abs).max()!
    var worst: Float = 0
    for rows in [1, 3, 16] {
      worst = max(worst, largestDifference(gradients(chunkRows: rows), whole) / scale)
    }
    measured("\(architecture) gradients by chunks, relative", worst)
    #expect(worst < 1e-5)

    let sum = Parameters(config: transformer.config)
    for index in batch.sequences.indices {
      let mine = batch.outputs.indices.filter { batch.outputs[$0].sequence == index }
      let pass = TrainingPass(
        transformer, sequences: [batch.sequences[index]],
        outputs: mine.map { .init(sequence: 0, position: batch.outputs[$0].position) },
        adapter: nil)
      pass.backward(gradients: .full(sum)) { range, logits in
        let targets = mine.map { batch.targets[$0] }
        _ = crossEntropy(logits, targets: targets[range], count: batch.targets.count)
      }
    }
    let accumulated = largestDifference(Array(sum.buffer.values), whole) / scale
    measured("\(architecture) gradients by micro-batches, relative", accumulated)
    #expect(accumulated < 1e-5)
  }

  /// Sequences that begin alike compute their trunk once: the same log-probabilities and the same
  /// gradients as each alone, also where two want the trunk's last row.
  @Test(arguments: Architecture.allCases, [Precision.fp32, .bf16])
  func sharedOpenings(_ architecture: Architecture, _ precision: Precision) {
    let config = tinyConfig(architecture)
    let transformer = randomTransformer(config, seed: 47, precision: precision)
    var random = SplitMix64(seed: 48)
    let opening = tokens(71, &random)
    let sequences =
      [3, 75, 1].map { opening + [TokenID($0 % 7)] + tokens($0, &random) } + [tokens(9, &random)]
    #expect(PackedSequences(sequences).tokens.count == 71 + 4 + 76 + 2 + 9)
    let adapter = randomAdapter(config, seed: 49)
    func zeros() -> LoRAParameters { LoRAParameters(config: adapter.config, model: config) }

    func run(_ batch: [[TokenID]], _ target: GradientTarget, _ adapter: LoRAParameters?) -> [Float]
    {
      let outputs = batch.enumerated().flatMap { index, sequence in
        (max(0, sequence.count - 12)..<sequence.count - 1).map {
          TrainingPass.Output(sequence: index, position: $0)
        }
      }
      let targets = outputs.map { batch[$0.sequence][$0.position + 1] }
      var losses: [Float] = []
      TrainingPass(transformer, sequences: batch, outputs: outputs, adapter: adapter)
        .backward(gradients: target) { range, logits in
          for (row, output) in range.enumerated() {
            let slice = logits[row * config.vocabularySize..<(row + 1) * config.vocabularySize]
            losses.append(Float(logSoftmax(slice)[Int(targets[output])]))
          }
          _ = crossEntropy(logits, targets: targets[range], count: 40)
        }
      return losses
    }
    for isFull in [true, false] {
      let (together, alone) = (Parameters(config: config), Parameters(config: config))
      let (togetherLoRA, aloneLoRA) = (zeros(), zeros())
      let found = run(
        sequences, isFull ? .full(together) : .lora(togetherLoRA), isFull ? nil : adapter)
      let expected = sequences.flatMap {
        run([$0], isFull ? .full(alone) : .lora(aloneLoRA), isFull ? nil : adapter)
      }
      let worst = largestDifference(found, expected)
      measured("\(architecture) \(precision) log-probs behind a trunk", worst)
      #expect(worst < (precision == .fp32 ? 1e-5 : 2e-2))
      let a = Array(isFull ? together.buffer.values : togetherLoRA.buffer.values)
      let b = Array(isFull ? alone.buffer.values : aloneLoRA.buffer.values)
      let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let squares = a.reduce(0.0) { $0 + Double($1 * $1) } * b.reduce(0.0) { $0 + Double($1 * $1) }
      measured(
        "\(architecture) \(precision) gradients' 1 − cosine", 1 - product / squares.squareRoot())
      #expect(product / squares.squareRoot() > (precision == .fp32 ? 0.999999 : 0.999))
    }
  }
}
