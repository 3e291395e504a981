internal import Agent
internal import ArgumentParser
internal import LanguageModel
internal import SDPO
internal import Tools

/// How a run learns: signal, teacher, hindsight, optimiser.
struct LearningOptions: ParsableArguments {
  @Option(
    help: """
      What drives the update: distill, sampled-token, grpo, mix(λ), route(threshold), modulate(λ) or \
      expert-iteration(threshold).
      """)
  var signal = "distill"

  @Option(help: "The divergence: 1 is KL(π‖q), 0 is KL(q‖π), between is Jensen–Shannon.")
  var alpha = 0.5

  @Option(
    name: .customLong("distill-top-k"), help: "Tokens that the divergence looks at; 0: all.")
  var distillTopK = 100

  @Option(help: "ema(rate), trust-region(rate), frozen, current or snapshot(steps).")
  var teacher = "ema(0.05)"

  @Option(help: "What the teacher is told: feedback, solution (of a sibling) or both.")
  var hindsight = "both"

  @Option(
    help: """
      Where the teacher is told: final (in the first message), turn (the same right before each \
      action), next (each action's own result right before it) or lookahead(turns).
      """)
  var placement = "final"

  @Option(
    help: """
      How much of the tests' feedback: full, or tight(characters): the first failure's call, \
      expected and got, its line of code and the suspect lines alone.
      """)
  var feedback = "full"

  @OptionGroup var judge: JudgeOptions

  @Option(
    help: """
      A control: none, shuffled-feedback (another task's) or random-magnitude (modulate's weights \
      change places between turns).
      """)
  var control = "none"

  private enum Control: String, CaseIterable {
    case none
    case shuffledFeedback = "shuffled-feedback"
    case randomMagnitude = "random-magnitude"

    var ofHindsight: HindsightConfiguration.Control {
      self == .shuffledFeedback ? .shuffledFeedback : .none
    }
  }

  @Flag(
    name: .customLong("divide-by-deviation"),
    help: "Divide a group's advantages by their standard deviation.")
  var dividesByDeviation = false

  @Option(
    name: .customLong("turns-distilled"), help: "Only the k turns with the largest gap; 0: all.")
  var turnsDistilled = 0

  @Option(name: .customLong("learning-rate"), help: "AdamW's learning rate.")
  var learningRate: Float = 1e-4

  @Option(name: .customLong("weight-decay"), help: "AdamW's decoupled weight decay.")
  var weightDecay: Float = 0

  @Option(
    name: .customLong("max-grad-norm"),
    help: "The gradient's global norm is clipped to it; 0: never.")
  var maxGradientNorm: Float = 1

  @Option(name: .customLong("warmup-steps"), help: "Steps over which the learning rate rises.")
  var warmupSteps = 0

  @Option(help: "How the loss is averaged: token or sequence.")
  var normalization = "token"

  @Flag(help: "Train all parameters instead of an adapter.")
  var full = false

  @Option(name: .customLong("lora-rank"), help: "Rank of a fresh adapter.")
  var loraRank = 8

  @Option(name: .customLong("lora-alpha"), help: "Alpha of a fresh adapter.")
  var loraAlpha: Float = 16

  @Option(
    name: .customLong("lora-targets"), parsing: .upToNextOption,
    help: "Linear layers with an adapter: q_proj k_proj v_proj o_proj gate_proj up_proj down_proj.")
  var loraTargets: [String] = []

  @OptionGroup var memory: MemoryOption

  @Flag(help: "Recompute each layer in the backward pass: slower, a sixth of the activations.")
  var recompute = false

  func configuration(
    model: String, precision: Precision, adapter: String?, tasks: String, taskIDs: [String],
    seed: UInt64, steps: Int,
    tasksPerStep: Int, groupSize: Int, sampling: SamplingParameters, episode: EpisodeOptions
  ) throws -> TrainingConfiguration {
    var optimizer = AdamWConfig(learningRate: learningRate)
    optimizer.weightDecay = weightDecay
    optimizer.maxGradientNorm = maxGradientNorm
    let signal = try Signal(parsing: signal)
    let teacher = try TeacherKind(parsing: teacher)
    let control = try chosenControl(for: signal)
    if full && adapter != nil {
      throw ValidationError("--full trains the model itself: it can't be given with --adapter")
    }
    let plan = try memoryPlan(
      model, precision,
      !signal.needsTeacher || teacher == .current ? .none : teacher.isFixed ? .fixed : .moving)
    return TrainingConfiguration(
      model: model, precision: precision, adapter: adapter, tasks: tasks, taskIDs: taskIDs,
      seed: seed,
      steps: steps, tasksPerStep: tasksPerStep, groupSize: groupSize, sampling: sampling,
      dialect: episode.dialect, limits: episode.limits, sandbox: episode.sandbox,
      concurrency: episode.concurrency,
      objective: Objective(
        signal: signal,
        divergence: Divergence(alpha: alpha, topK: distillTopK != 0 ? distillTopK : nil),
        temperature: Double(sampling.temperature)),
      teacher: teacher,
      hindsight: HindsightConfiguration(
        content: try choice("hindsight", hindsight),
        placement: try HindsightPlacement(parsing: placement),
        feedbackForm: try FeedbackForm(parsing: feedback),
        control: control.ofHindsight),
      judge: judge.configuration,
      turnSelection: turnsDistilled != 0 ? turnsDistilled : nil,
      permutesModulation: control == .randomMagnitude, advantageByDeviation: dividesByDeviation,
      normalization: try choice("normalization", normalization),
      lora: full ? nil : try lora(), optimizer: optimizer, warmupSteps: warmupSteps,
      microBatchTokens: try memory.microBatchTokens(plan, isFull: full), recompute: recompute,
      cacheBytes: try memory.cacheBytes(plan))
  }

  private func chosenControl(for signal: Signal) throws -> Control {
    let chosen: Control = try choice("control", control)
    if chosen == .randomMagnitude {
      guard case .modulate = signal else {
        throw ValidationError(
          "--control random-magnitude needs --signal modulate(λ), and the signal is \(signal)")
      }
    }
    return chosen
  }

  private func memoryPlan(
    _ model: String, _ precision: Precision, _ teacher: MemoryPlan.Teacher
  ) throws -> MemoryPlan {
    let config = try ModelFiles.find(model).config
    return MemoryPlan(
      config: config, precision: precision,
      trained: full ? nil : try lora().parameterCount(config), teacher: teacher,
      recompute: recompute, chunkRows: UpdatePass.chunkRows)
  }

  private func lora() throws -> LoRAConfig {
    if let problem = firstOutside(LoRAConfig.ranks, [("--lora-rank", loraRank)]) {
      throw ValidationError(problem)
    }
    let targets: [LinearKind] = try loraTargets.map { try choice("lora-targets", $0) }
    return LoRAConfig(
      rank: loraRank, alpha: loraAlpha, targets: targets.isEmpty ? LinearKind.allCases : targets)
  }

  private func choice<Value: RawRepresentable & CaseIterable>(
    _ option: String, _ text: String
  ) throws -> Value where Value.RawValue == String {
    if let value = Value(rawValue: text) { return value }
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("--\(option) is \"\(text)\", expected one of \(names)")
  }
}
