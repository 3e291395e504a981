public import Agent
public import LanguageModel
internal import Tools

/// Everything that shapes a training run; saved in its folder, so that `--resume` needs no flags.
public struct TrainingConfiguration: Sendable, Codable, Equatable {
  /// Paths as given on the command line.
  public var model: String
  /// What the network computes in; nil, in runs from before there was a choice, is fp32.
  public var precision: Precision?
  /// The adapter that training starts from; nil starts a fresh one.
  public var adapter: String?
  public var tasks: String
  /// Ids of the tasks to train on, sorted: a changed task folder is noticed on resume.
  public var taskIDs: [String]
  public var seed: UInt64
  public var steps: Int
  /// B tasks a step, G episodes each.
  public var tasksPerStep: Int
  public var groupSize: Int
  /// ``TaskSet/digest()`` when the run began: other tasks under the same ids aren't the same run.
  public var tasksDigest: String?
  public var sampling: SamplingParameters
  public var dialect: String
  public var tools: [ToolName]
  public var limits: EpisodeLimits
  public var sandbox: String
  public var concurrency: Int
  public var partialCredit: PartialCredit

  public var objective: Objective
  public var teacher: TeacherKind
  public var hindsight: HindsightConfiguration
  /// A second source of feedback; nil: the tests alone.
  public var judge: JudgeConfiguration?
  /// Distil only each trajectory's k turns with the largest gap mass; nil: all.
  public var turnSelection: Int?
  /// The `random-magnitude` control of `modulate`.
  public var permutesModulation: Bool
  public var advantageByDeviation: Bool
  public var normalization: Normalization

  /// Nil trains all parameters.
  public var lora: LoRAConfig?
  public var optimizer: AdamWConfig
  /// Steps over which the learning rate rises to its value.
  public var warmupSteps: Int
  public var microBatchTokens: Int
  public var recompute: Bool
  /// What generation's keys and values may take; nil leaves it to the engine.
  public var cacheBytes: Int?
  public var guardThresholds: GuardThresholds

  public init(
    model: String, precision: Precision = .fp32, adapter: String? = nil, tasks: String,
    taskIDs: [String], seed: UInt64 = 0,
    steps: Int = 8, tasksPerStep: Int = 4, groupSize: Int = 4,
    sampling: SamplingParameters = SamplingParameters(), dialect: String = "compact",
    tools: [ToolName] = ToolName.allCases,
    limits: EpisodeLimits = EpisodeLimits(), sandbox: String = "bubblewrap",
    concurrency: Int = 16, partialCredit: PartialCredit = .none, objective: Objective = Objective(),
    teacher: TeacherKind = .ema(rate: 0.05), hindsight: HindsightConfiguration = .init(),
    judge: JudgeConfiguration? = nil,
    turnSelection: Int? = nil, permutesModulation: Bool = false, advantageByDeviation: Bool = false,
    normalization: Normalization = .token, lora: LoRAConfig? = LoRAConfig(rank: 8, alpha: 16),
    optimizer: AdamWConfig = AdamWConfig(learningRate: 1e-4), warmupSteps: Int = 0,
    microBatchTokens: Int? = nil, recompute: Bool = false, cacheBytes: Int? = nil,
    guardThresholds: GuardThresholds = GuardThresholds()
  ) {
    self.model = model
    self.precision = precision
    self.adapter = adapter
    self.tasks = tasks
    self.taskIDs = taskIDs
    self.seed = seed
    self.steps = steps
    self.tasksPerStep = tasksPerStep
    self.groupSize = groupSize
    self.sampling = sampling
    self.dialect = dialect
    self.tools = tools
    self.limits = limits
    self.sandbox = sandbox
    self.concurrency = concurrency
    self.partialCredit = partialCredit
    self.objective = objective
    self.teacher = teacher
    self.hindsight = hindsight
    self.judge = judge
    self.turnSelection = turnSelection
    self.permutesModulation = permutesModulation
    self.advantageByDeviation = advantageByDeviation
    self.normalization = normalization
    self.lora = lora
    self.optimizer = optimizer
    self.warmupSteps = warmupSteps
    self.microBatchTokens = microBatchTokens ?? Self.passTokens(isFull: lora == nil)
    self.recompute = recompute
    self.cacheBytes = cacheBytes
    self.guardThresholds = guardThresholds
  }

  /// Whether anything is learnt from hindsight.
  public var needsTeacher: Bool { objective.signal.needsTeacher || turnSelection != nil }

  /// Tokens of a pass, unless memory is bounded. Where all parameters are trained, masters, moments and gradients
  /// take gigabytes already, and passes are shorter. An adapter's are longer: what a group's sequences begin with is
  /// computed once in each.
  public static func passTokens(isFull: Bool) -> Int { isFull ? 1024 : 2048 }

  /// One sentence that names the first value that makes no sense, or nil.
  public var problem: String? {
    if let problem = sampling.problem { return problem }
    if !Dialects.complete.contains(dialect) {
      return "the dialect is \(dialect), which can't show a task's solution: expected one of "
        + Dialects.complete.joined(separator: ", ")
    }
    if sampling.temperature == 0 { return "training samples: the temperature must be above 0" }
    if let problem = firstOutside(
      1...1 << 20,
      [
        ("steps", steps), ("tasks per step", tasksPerStep), ("group size", groupSize),
        ("concurrency", concurrency), ("micro-batch tokens", microBatchTokens),
        ("turns distilled", turnSelection ?? 1),
        ("tokens of the divergence", objective.divergence.topK ?? 1),
      ])
    {
      return problem
    }
    if tasksPerStep * groupSize > 1 << 20 {
      return "\(tasksPerStep) tasks of \(groupSize) episodes are too many for a step"
    }
    if let problem = limits.problem { return problem }
    if let problem = firstOutside(LoRAConfig.ranks, [("LoRA rank", lora?.rank ?? 1)]) {
      return problem
    }
    if !(optimizer.learningRate > 0 && optimizer.learningRate < 1) {
      return "the learning rate is \(optimizer.learningRate), expected between 0 and 1"
    }
    if !(optimizer.maxGradientNorm >= 0) {
      return "the greatest gradient norm is \(optimizer.maxGradientNorm), expected 0 or more"
    }
    if !(optimizer.weightDecay >= 0 && optimizer.weightDecay < 1) {
      return "the weight decay is \(optimizer.weightDecay), expected at least 0 and below 1"
    }
    if warmupSteps < 0 { return "warm-up steps is \(warmupSteps), expected 0 or more" }
    if let lora, !(lora.alpha > 0 && lora.alpha.isFinite) {
      return "LoRA alpha is \(lora.alpha), expected more than 0"
    }
    if taskIDs.isEmpty { return "there are no tasks to train on" }
    do throws(SignalError) { try objective.validate() } catch { return error.description }
    return nil
  }

  /// The tasks of a step (from 1): epochs are seeded permutations, cut without remainder loss.
  func taskIndices(step: Int) -> [Int] {
    let count = taskIDs.count
    return ((step - 1) * tasksPerStep..<step * tasksPerStep).map { place in
      var random = SplitMix64(seeds: seed, 0x7461_736B, UInt64(place / count))
      return Array(0..<count).shuffled(using: &random)[place % count]
    }
  }
}
