import ArgumentParser
import CKernels

@main
struct Hindsight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hindsight",
    abstract: "Train, replay and run a coding agent that learns from hindsight.",
    discussion: """
      To begin, in the project's folder:

        make model           # fetch the default model
        hindsight doctor     # is everything here that is needed?
        hindsight run --repo . --issue "add subtracts" --test "python3 -m unittest"
        hindsight gap --sample 4 --adapter models/adapters/warm-start
        hindsight train --force --steps 1 --tasks-per-step 1 --output runs/first
      """,
    subcommands: [
      TrainCommand.self, SFTCommand.self, GapCommand.self, EvalCommand.self, ReportCommand.self,
      RunCommand.self, ReplayCommand.self, ServeCommand.self, ExportCommand.self,
      ImportCommand.self, TasksCommand.self, TokenizeCommand.self,
      LogprobsCommand.self, GenerateCommand.self, BenchCommand.self, DoctorCommand.self,
    ])

  static func main() async {
    hs_flush_each_line()
    do {
      var command = try parseAsRoot(negativeValuesJoined(CommandLine.arguments.dropFirst()))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      guard hs_output_is_whole() != 0 else {
        throw SetupError(
          description: "standard output: not all could be written: is the disk full?")
      }
    } catch {
      Failure.leave(with: error, of: Self.self)
    }
  }

  /// `--alpha -1` as `--alpha=-1`: else -1 is taken for an option, and the value said to be missing.
  static func negativeValuesJoined(_ arguments: some Sequence<String>) -> [String] {
    var joined: [String] = []
    for argument in arguments {
      if let option = joined.last, option.hasPrefix("--"), option != "--", !option.contains("="),
        argument.hasPrefix("-"), Double(argument) != nil
      {
        joined[joined.count - 1] = "\(option)=\(argument)"
      } else {
        joined.append(argument)
      }
    }
    return joined
  }
}
