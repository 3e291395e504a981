internal import Foundation
internal import Tools

/// Makes tasks from one repository with a test command: proposes bugs, runs all the tests on each, and proves
/// what is kept with the ``TaskValidator``.
struct FolderMaker: Sendable {
  let source: SourceFolder
  let operators: [String]
  let options: MakingOptions
  let support: URL
  let staging: URL
  let results: URL
  let output: URL

  /// Bugs tried for each task wanted.
  private static let triesPerTask = 6

  struct Made: Codable, Sendable {
    var id: String
    var split: RepairTask.Split
    var mutation: String
    var difficulty: String
  }

  struct Outcome: Codable, Sendable {
    var tasks: [Made] = []
    var candidates = 0
    var rejected: [String: Int] = [:]
    var failure: String?
    var seconds = 0.0
  }

  /// The tasks, found or made; the repository's failings are part of the outcome.
  func run() async throws -> Outcome {
    let sound = staging.appending(path: "sound-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: sound) }
    do {
      try lay(out: sound)
    } catch {
      return Outcome(failure: error.description)
    }
    let file = results.appending(path: "\(key(of: sound)).json")
    if let data = try? Data(contentsOf: file),
      let outcome = try? JSONDecoder().decode(Outcome.self, from: data),
      outcome.tasks.allSatisfy({
        (try? RepairTask(directory: output.appending(path: $0.id))) != nil
      })
    {
      return outcome
    }
    let start = ContinuousClock.now
    var outcome = try await work(on: sound)
    outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
    try JSONEncoder().encode(outcome).write(to: file, options: .atomic)
    return outcome
  }

  private func key(of sound: URL) -> String {
    let text = "\(MakingScript.digest)\n\(source)\n\(operators)\n\(options)\n"
    return sha256Hex(Data((text + WorkTreeListing.digests(in: sound)).utf8))
  }

  /// The repository without what is never recorded, its patch applied.
  private func lay(out sound: URL) throws(ToolsError) {
    let folder = staging.appending(path: "recorder-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let place = source.place.map { sound.appending(path: $0) } ?? sound
    let workspace = try Workspace.materialize(
      .folder(source.path.plainPath), recorder: try Recorder(at: folder.plainPath), name: "sound",
      at: place.plainPath)
    if let patch = source.patch {
      guard let data = try? Data(contentsOf: patch) else {
        throw ToolsError(.file, "\(patch.plainPath) can't be read")
      }
      try workspace.apply(Array(data))
    }
  }

  private func work(on sound: URL) async throws -> Outcome {
    var outcome = Outcome()
    let proposals: [BugProposal]
    do {
      proposals = try await BugProposals(root: sound, support: support, staging: staging).list(
        name: source.name, files: files(in: sound), language: source.language,
        operators: operators, seed: options.seed, limit: source.limit * Self.triesPerTask)
    } catch let error as TaskError {
      outcome.failure = error.description.replacing(sound.plainPath, with: source.path.plainPath)
      return outcome
    }
    outcome.candidates = proposals.count
    guard !proposals.isEmpty else {
      outcome.failure = "none of the operators finds a place in its files"
      return outcome
    }
    let trial = FolderTrial(source: source, sound: sound, staging: staging, options: options)
    let healthy: Set<String>
    do {
      healthy = try await trial.healthyTests()
    } catch let problem as RejectedBug {
      outcome.failure = problem.description
      return outcome
    }
    var behaviours: Set<String> = []
    var names: [String: Int] = [:]
    for proposal in proposals where outcome.tasks.count < source.limit {
      try Task.checkCancellation()
      let parts = [source.name, proposal.function, proposal.operator].filter { !$0.isEmpty }
      let base = parts.map { MadeTask.words($0, separator: "-") }.joined(separator: "-")
      let number = names[base, default: 0] + 1
      let id = number == 1 ? base : "\(base)-\(number)"
      do {
        let task = try await trial.attempt(proposal, id: id, healthy: healthy, &behaviours)
        let place = output.appending(path: id)
        if FileManager.default.fileExists(atPath: place.plainPath) {
          try FileManager.default.removeItem(at: place)
        }
        try FileManager.default.moveItem(at: task.directory, to: place)
        names[base] = number
        outcome.tasks.append(
          Made(
            id: id, split: source.split, mutation: proposal.operator,
            difficulty: task.difficulty ?? ""))
      } catch let problem as RejectedBug {
        outcome.rejected[problem.description, default: 0] += 1
      }
    }
    return outcome
  }

  /// The files in which bugs are made.
  private func files(in sound: URL) -> [String] {
    let wanted = source.files.map(PathPattern.init)
    let protected = source.protected.map(PathPattern.init) + RepairTask.standardProtectedPaths
    let endings: [String] =
      switch source.language {
      case .python: [".py"]
      case .c: [".c"]
      case .shell: [".sh", ".bash"]
      }
    return WorkTreeListing.files(in: sound.plainPath).filter { path in
      guard !protected.contains(where: { $0.matches(path) }) else { return false }
      if !wanted.isEmpty { return wanted.contains { $0.matches(path) } }
      return endings.contains { path.hasSuffix($0) }
    }
  }
}
