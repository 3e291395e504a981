import ArgumentParser

@main
struct Hindsight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hindsight",
    abstract: "Train, replay and run a coding agent that learns from hindsight.",
    subcommands: [
      TrainCommand.self, SFTCommand.self, EvalCommand.self, ReportCommand.self, RunCommand.self,
      ReplayCommand.self,
      TasksCommand.self, TokenizeCommand.self, LogprobsCommand.self, GenerateCommand.self,
      DoctorCommand.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Failure.leave(with: error, of: Self.self)
    }
  }
}
