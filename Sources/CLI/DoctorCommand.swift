internal import ArgumentParser
internal import Foundation

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine, and say how to mend what is missing.",
    discussion: """
      Looks at libraries, processor, arithmetic, sandbox, programs, disk, memory and the model. \
      Run it first when something doesn't work:

        hindsight doctor

      Exits with 1 if something needed is missing; a warning is no failure.
      """)

  @OptionGroup var model: ModelOptions

  func run() async throws {
    let findings =
      await MachineChecks.libraries() + MachineChecks.processor() + [MachineChecks.arithmetic()]
      + MachineChecks.sandbox() + MachineChecks.programs()
      + [MachineChecks.disk(), MachineChecks.memory()] + MachineChecks.model(model.model)
    for finding in findings { print(finding.line) }
    let missing = findings.count { $0.level == .missing }
    let warnings = findings.count { $0.level == .warning }
    guard missing == 0 else {
      print("\(missing) of \(findings.count) checks failed.")
      throw ExitCode(1)
    }
    print(warnings == 0 ? "All is well." : "All that is needed is there (warnings: \(warnings)).")
  }
}

/// What one check found.
struct Finding {
  enum Level: String {
    case fine = "ok"
    /// Works, but slower, or not everything.
    case warning = "warn"
    case missing = "FAIL"
  }

  var level: Level
  var subject: String
  var text: String

  init(_ level: Level, _ subject: String, _ text: String) {
    self.level = level
    self.subject = subject
    self.text = text
  }

  /// "ok    OpenBLAS     0.3.21, kernels for SkylakeX"
  var line: String {
    func pad(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    return pad(level.rawValue, 6) + pad(subject, 13) + text
  }
}
