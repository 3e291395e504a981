internal import Agent
internal import ArgumentParser
internal import Tools

/// What an episode may use, and how its actions are written.
struct EpisodeOptions: ParsableArguments {
  @Option(help: "How actions are written: compact, hermes, or bash (whose gap can't be measured).")
  var dialect = "compact"

  @Option(name: .customLong("max-turns"), help: "Actions of an episode at most.")
  var maxTurns = 10

  @Option(name: .customLong("max-action-tokens"), help: "Tokens of one action at most.")
  var maxActionTokens = 256

  @Option(name: .customLong("max-tokens"), help: "Tokens of a whole episode at most.")
  var maxTokens = 3072

  @Option(
    name: .customLong("reset-after"),
    help: ArgumentHelp(
      """
      Turns in a row that leave the files as they are, after which the model forgets all but the first messages and \
      begins anew; never, if not given.
      """, valueName: "turns"))
  var resetAfter: Int?

  @Option(name: .customLong("episode-seconds"), help: "Wall time of an episode at most.")
  var episodeSeconds: Double = 900

  @Option(
    help: "Where tools run: bubblewrap, or none (whatever the model writes then runs as you).")
  var sandbox = "bubblewrap"

  @Option(help: "Episodes under way at once.")
  var concurrency = 16

  var limits: EpisodeLimits {
    EpisodeLimits(
      turns: maxTurns, actionTokens: maxActionTokens, totalTokens: maxTokens,
      wallSeconds: episodeSeconds, resetAfter: resetAfter)
  }

  func validate() throws {
    if !Dialects.local.contains(dialect) {
      let names = Dialects.local.joined(separator: " or ")
      throw ValidationError("--dialect is \"\(dialect)\", expected \(names)")
    }
    if Sandbox(rawValue: sandbox) == nil {
      throw ValidationError("--sandbox is \"\(sandbox)\", expected bubblewrap or none")
    }
    let problem =
      firstOutside(
        1...1 << 20,
        [
          ("--max-turns", maxTurns), ("--max-action-tokens", maxActionTokens),
          ("--max-tokens", maxTokens), ("--concurrency", concurrency),
          ("--reset-after", resetAfter ?? 1),
        ]) ?? firstOutside(seconds: [("--episode-seconds", episodeSeconds)])
    if let problem { throw ValidationError(problem) }
  }
}
