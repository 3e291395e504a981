import ArgumentParser

@main
struct Hindsight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hindsight",
    abstract: "Train, replay and run a coding agent that learns from hindsight.")
}
