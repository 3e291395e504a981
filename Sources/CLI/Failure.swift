internal import Agent
internal import ArgumentParser
internal import Foundation

/// How the command ends: 0 if all is well, 1 if what was checked doesn't hold, 2 for bad usage or input, 130
/// after an interruption.
enum Failure {
  /// Prints what the error means, one sentence unless it is about usage, and leaves.
  static func leave(with error: any Error, of command: any ParsableArguments.Type) -> Never {
    if let code = error as? ExitCode { exit(code.rawValue) }
    // Found after parsing, so nothing is known of the subcommand's usage.
    if let error = error as? ValidationError {
      report(error.message)
      exit(2)
    }
    if error is CancellationError {
      report("interrupted")
      exit(130)
    }
    switch command.exitCode(for: error) {
    case .success: command.exit(withError: error)
    case .validationFailure:
      let message = command.fullMessage(for: error)
      report(message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message)
    default: report(sentence(for: error))
    }
    exit(2)
  }

  /// Prints "hindsight: …" to standard error; names of files and words of servers in it do nothing to the terminal.
  static func report(_ sentence: String) {
    let sentence = VisibleText.escaped(sentence)
    // Nobody can be told where it is closed; the exit code still says how it went.
    try? FileHandle.standardError.write(contentsOf: Data("hindsight: \(sentence)\n".utf8))
  }

  /// Our own errors describe themselves; the system's are asked for a file and a reason.
  static func sentence(for error: any Error) -> String {
    if let error = error as? CocoaError, let path = error.filePath ?? error.url?.path {
      return "\(path): \(reason(for: error))"
    }
    let isSystem = error is CocoaError || error is URLError || error is POSIXError
    return isSystem ? reason(for: error) : String(describing: error)
  }

  /// Why a file could not be read or written: "Permission denied".
  static func reason(for error: any Error) -> String {
    let cause = (error as? CocoaError)?.underlying ?? error
    guard let cause = cause as? POSIXError else { return error.localizedDescription }
    return String(cString: strerror(cause.code.rawValue))
  }
}
