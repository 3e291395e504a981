internal import Agent
public import ArgumentParser
internal import Foundation
internal import LanguageModel
public import SDPO
internal import Tools

/// What `hindsight replay --score` needs besides the transcript.
struct ScoreOptions: ParsableArguments {
  @Option(help: "What hindsight knows: feedback, solution (the task's own) or both.")
  var hindsight = HindsightConfiguration.Content.feedback

  @Option(help: ArgumentHelp("Write the scored episode as a page, too.", valueName: "file"))
  var html: String?

  /// Prints what each turn gains or loses, and writes the page.
  ///
  /// - source: what the episode began with, if that is at hand; the page then shows what each turn changed.
  /// - solution: the task's, where it's asked for.
  func score(
    _ transcript: Transcript, shown name: String, by options: PolicyOptions,
    from source: TreeSource?,
    sandbox: Sandbox?, solution: () throws -> String
  ) async throws {
    guard case .local(let path) = ModelReference(options.model) else {
      throw PolicyOptionsError("--score needs a local model, and \(options.model) is an endpoint")
    }
    try OutputFile.check(html, option: "--html")
    let model = try LoadedModel.load(path, precision: try options.precision.resolvedForInference)
    let policy = try LocalPolicy(
      model,
      adapter: try options.adapter.map { try LoRAParameters.load(folder: $0, model: model.config) },
      adapterFolder: options.adapter, sampling: SamplingParameters())
    let solution = hindsight == .feedback ? nil : try solution()
    let credit: Credit
    do {
      credit = try await Credit.score(
        transcript, policy: policy, content: hindsight, solution: solution)
    } catch let error as TrainingError {
      throw TranscriptError("\(name): \(error.description)")
    }
    print(render(transcript, credit))
    guard let html else { return }
    let changed = await changes(transcript, from: source, sandbox: sandbox)
    do {
      try Data(CreditPage(transcript, credit, changes: changed).html.utf8).write(
        to: URL(filePath: html), options: .atomic)
    } catch {
      throw TranscriptError("\(html) can't be written: \(Failure.reason(for: error))")
    }
    print("page in \(html)")
  }

  /// Nil where the episode can't be carried out again. Without a sandbox only if that was asked for: a transcript
  /// may come from anywhere.
  private func changes(
    _ transcript: Transcript, from source: TreeSource?, sandbox: Sandbox?
  ) async -> [[UInt8]]? {
    var verifier = ReplayVerifier(transcript)
    verifier.environment.sandbox = sandbox ?? .bubblewrap
    guard let source, await verifier.environment.sandbox.probe() == nil,
      let scratch = try? TemporaryFolder("score")
    else { return nil }
    defer { scratch.remove() }
    guard let place = try? scratch.place(name: "score") else { return nil }
    return try? await verifier.changes(from: source, at: place)
  }

  private func render(_ transcript: Transcript, _ credit: Credit) -> String {
    let told = hindsight == .both ? "feedback and solution" : hindsight.rawValue
    var lines = ["log q − log π in nats, where q is told: \(told)"]
    for (turn, scored) in zip(transcript.turns, credit.turns) {
      let name = turn.call?.name ?? "no action"
      var line =
        "\(turn.title)  \(name)  \(CreditPage.signed(scored.sum)) nats over "
        + "\(scored.tokens.count) tokens"
      if let worst = scored.tokens.min(by: { $0.gap < $1.gap }), worst.gap < -0.1 {
        let token = VisibleText.escaped(worst.text).replacing("\n", with: "\\n")
        line += ", least \(CreditPage.signed(worst.gap)) at \"\(token)\""
      }
      lines.append(line)
      if Terminal.usesColor { lines.append(colored(scored)) }
    }
    if let number = credit.blamed, let turn = transcript.turns.first(where: { $0.number == number })
    {
      lines.append("The first turn to blame is turn \(number).")
      let left = turn.lines(of: String(decoding: transcript.end?.finalDiff ?? [], as: UTF8.self))
      if !left.isEmpty {
        lines.append("What it left in the final diff:")
        lines += left.map { "  " + VisibleText.escaped($0) }
      }
    } else {
      lines.append("No turn is to blame: none loses half a nat or more.")
    }
    return lines.joined(separator: "\n")
  }

  /// Red where hindsight finds a token less likely by a quarter of a nat or more, green where more.
  private func colored(_ turn: Credit.Turn) -> String {
    "  "
      + turn.tokens.map { token in
        let text = VisibleText.escaped(token.text).replacing("\n", with: "\n  ")
        guard abs(token.gap) >= 0.25 else { return text }
        return "\u{1b}[\(token.gap < 0 ? 31 : 32)m\(text)\u{1b}[0m"
      }.joined()
  }
}

extension HindsightConfiguration.Content: ExpressibleByArgument {}
