public import LanguageModel
public import Tools

/// A transcript's first line: all that is needed to understand and re-execute the rest.
public struct TranscriptHeader: Sendable, Equatable {
  /// The version this program writes.
  public static let currentVersion = 1

  public var version: Int
  public var task: String
  /// Which of the task's group this is, from 0.
  public var sample: Int
  public var seed: UInt64
  /// The work tree as the agent got it.
  public var base: Snapshot
  public var policy: PolicyIdentity
  public var dialect: String
  public var tools: [ToolName]
  /// The system message and the first user message.
  public var messages: [ChatMessage]
  public var testCommand: String?
  public var protectedPaths: [String]
  /// ``Assignment/workdir``.
  public var workdir: String?
  public var limits: EpisodeLimits
  public var environment: ToolEnvironment
  /// Whether the work tree was also a git repository with one commit.
  public var agentRepository: Bool
  /// Seconds since 1970.
  public var time: Double
  /// The episode that this one began as, if it goes on from another's turn.
  public var fork: ForkOrigin?
  /// SHA-256 of the transcript's file before results in it were replaced by those of a replay, if they were.
  public var updatedFrom: String?
  /// Another program's record that the episode was carried out from, if it was: what ``ExchangeRecord`` keeps of it.
  package var imported: JSONValue?

  public init(
    version: Int = currentVersion, task: String, sample: Int, seed: UInt64, base: Snapshot,
    policy: PolicyIdentity, dialect: String, tools: [ToolName], messages: [ChatMessage],
    testCommand: String?, protectedPaths: [String], workdir: String? = nil, limits: EpisodeLimits,
    environment: ToolEnvironment, agentRepository: Bool, time: Double, fork: ForkOrigin? = nil
  ) {
    self.fork = fork
    self.version = version
    self.task = task
    self.sample = sample
    self.seed = seed
    self.base = base
    self.policy = policy
    self.dialect = dialect
    self.tools = tools
    self.messages = messages
    self.testCommand = testCommand
    self.protectedPaths = protectedPaths
    self.workdir = workdir
    self.limits = limits
    self.environment = environment
    self.agentRepository = agentRepository
    self.time = time
  }
}

/// Where an episode was taken up.
public struct ForkOrigin: Sendable, Codable, Equatable {
  /// SHA-256 of the transcript's file, as it was then.
  public var transcript: String
  /// The last turn that is the same.
  public var turn: Int

  public init(transcript: String, turn: Int) {
    self.transcript = transcript
    self.turn = turn
  }
}

/// How tools run: what a replay needs to run them again in the same way.
public struct ToolEnvironment: Sendable, Codable, Hashable {
  public var sandbox: Sandbox
  public var limits: SandboxLimits
  /// Limits of the visible tests, if they differ.
  public var testLimits: SandboxLimits?
  public var options: Toolbox.Options
  /// Variables added to the sandbox's own.
  public var variables: [String: String]
  /// Characters that `test` tells of the first failure; nil, in transcripts from before, is the runner's
  /// own words.
  public var failureCharacters: Int?

  enum CodingKeys: String, CodingKey {
    case sandbox, limits, options, variables
    case testLimits = "test_limits"
    case failureCharacters = "failure_characters"
  }

  public init(
    sandbox: Sandbox, limits: SandboxLimits = SandboxLimits(), testLimits: SandboxLimits? = nil,
    options: Toolbox.Options = Toolbox.Options(), variables: [String: String] = [:],
    failureCharacters: Int? = FailureDigest.tightLimit
  ) {
    self.failureCharacters = failureCharacters
    self.sandbox = sandbox
    self.limits = limits
    self.testLimits = testLimits
    self.options = options
    self.variables = variables
  }

  /// The tools for a work tree.
  public func toolbox(root: String, testCommand: String?, workdir: String? = nil) -> Toolbox {
    var repository = RepositoryView()
    repository.root = Sandbox.place(alsoAt: workdir) + "/"
    repository.isTest = VisibleTests.isTest
    let digest = failureCharacters.map { characters in
      { @Sendable [repository] in VisibleTests.digest($0, characters: characters, repository) }
    }
    return Toolbox(
      root: root, alsoAt: workdir, sandbox: sandbox, limits: limits, testCommand: testCommand,
      testLimits: testLimits, environment: variables, options: options, testDigest: digest)
  }
}

extension TranscriptHeader {
  /// - Throws: a sentence's end that names a limit which nothing can be carried out with.
  func checked() throws(TranscriptLineProblem) -> TranscriptHeader {
    let problems = [
      ("limits", limits.problem), ("environment.limits", environment.limits.problem),
      ("environment.test_limits", environment.testLimits?.problem),
      ("environment.options", environment.options.problem),
      (
        "environment",
        firstOutside(1...1 << 30, [("failure_characters", environment.failureCharacters ?? 1)])
      ),
    ]
    for case (let place, let problem?) in problems {
      throw TranscriptLineProblem("\(place).\(problem)")
    }
    return self
  }

  /// The dialect it names.
  ///
  /// - Throws: `TranscriptError` if there is none of that name.
  func knownDialect() throws(TranscriptError) -> any Dialect {
    guard let known = Dialects.named(dialect) else {
      throw TranscriptError(
        "the transcript's dialect '\(dialect)' is not known; expected one of "
          + Dialects.names.joined(separator: ", "))
    }
    return known
  }
}

extension TranscriptHeader: Codable {
  static let format = "hindsight-transcript"

  enum CodingKeys: String, CodingKey {
    case type, format, version, task, sample, seed, policy, dialect, tools, messages, limits
    case environment, time, fork, imported, workdir
    case updatedFrom = "updated_from"
    case baseCommit = "base_commit"
    case baseTree = "base_tree"
    case testCommand = "test_command"
    case protectedPaths = "protected_paths"
    case agentRepository = "agent_repository"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let format = try values.decode(String.self, forKey: .format)
    version = try values.decode(Int.self, forKey: .version)
    guard format == Self.format, version == Self.currentVersion else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: values,
        debugDescription: "\(format) version \(version) is not known; "
          + "expected \(Self.format) version \(Self.currentVersion)")
    }
    task = try values.decode(String.self, forKey: .task)
    sample = try values.decode(Int.self, forKey: .sample)
    seed = try values.decode(UInt64.self, forKey: .seed)
    base = Snapshot(
      commit: try values.decode(ObjectID.self, forKey: .baseCommit),
      tree: try values.decode(ObjectID.self, forKey: .baseTree))
    policy = try values.decode(PolicyIdentity.self, forKey: .policy)
    dialect = try values.decode(String.self, forKey: .dialect)
    tools = try values.decode([ToolName].self, forKey: .tools)
    messages = try values.decode([ChatMessage].self, forKey: .messages)
    testCommand = try values.decodeIfPresent(String.self, forKey: .testCommand)
    protectedPaths = try values.decode([String].self, forKey: .protectedPaths)
    workdir = try values.decodeIfPresent(String.self, forKey: .workdir)
    limits = try values.decode(EpisodeLimits.self, forKey: .limits)
    environment = try values.decode(ToolEnvironment.self, forKey: .environment)
    agentRepository = try values.decode(Bool.self, forKey: .agentRepository)
    time = try values.decode(Double.self, forKey: .time)
    fork = try values.decodeIfPresent(ForkOrigin.self, forKey: .fork)
    updatedFrom = try values.decodeIfPresent(String.self, forKey: .updatedFrom)
    imported = try values.decodeIfPresent(JSONValue.self, forKey: .imported)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(TranscriptLineType.header, forKey: .type)
    try values.encode(Self.format, forKey: .format)
    try values.encode(version, forKey: .version)
    try values.encode(task, forKey: .task)
    try values.encode(sample, forKey: .sample)
    try values.encode(seed, forKey: .seed)
    try values.encode(base.commit, forKey: .baseCommit)
    try values.encode(base.tree, forKey: .baseTree)
    try values.encode(policy, forKey: .policy)
    try values.encode(dialect, forKey: .dialect)
    try values.encode(tools, forKey: .tools)
    try values.encode(messages, forKey: .messages)
    try values.encodeIfPresent(testCommand, forKey: .testCommand)
    try values.encode(protectedPaths, forKey: .protectedPaths)
    try values.encodeIfPresent(workdir, forKey: .workdir)
    try values.encode(limits, forKey: .limits)
    try values.encode(environment, forKey: .environment)
    try values.encode(agentRepository, forKey: .agentRepository)
    try values.encode(time, forKey: .time)
    try values.encodeIfPresent(fork, forKey: .fork)
    try values.encodeIfPresent(updatedFrom, forKey: .updatedFrom)
    try values.encodeIfPresent(imported, forKey: .imported)
  }
}

/// What a line of a transcript is.
enum TranscriptLineType: String, Codable {
  case header, turn, end
}
