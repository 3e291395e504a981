import Glibc
import Subprocess

/// One started program: its output is bounded as it is read, a ``Watch`` keeps its limits.
struct Launch {
  var program: String
  var arguments: [String]
  var environment: [String: String]
  /// Whether the first process below the program is the init of a PID namespace.
  var hasNamespace: Bool

  /// Printed before the command starts: without it the sandbox itself failed.
  private static let marker = "\u{1}started\u{1}\n"

  /// Arguments of /bin/sh that set the limits which a process sets on itself, then run the command and
  /// wait for it: as the first process of the namespace the shell takes everything with it at its end.
  static func inside(_ command: Command, in folder: String, limits: SandboxLimits) -> [String] {
    // This bound on processes is for where there is no control group. The kernel exempts root from
    // it; without a namespace it would count the user's other processes. It leaves the watch room to
    // find the number passed, so that the answer is the same everywhere.
    let script = """
      ulimit -c 0; ulimit -t \(max(limits.cpuSeconds, 1))
      ulimit -v \(max(limits.memoryBytes >> 10, 16_384)); ulimit -f \(max(limits.fileBytes >> 9, 1))
      [ $$ -ne 1 ] || ulimit -u \(limits.processes * 2) 2>/dev/null \
      || ulimit -p \(limits.processes * 2) 2>/dev/null
      cd -- "$1" || exit 125
      shift
      printf '\\001started\\001\\n'
      "$@"
      exit $?
      """
    switch command {
    case .shell(let line): return ["-c", script, "sh", folder, shell, "-c", line]
    case .program(let arguments): return ["-c", script, "sh", folder] + arguments
    }
  }

  private static let shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh"

  func run(limits: SandboxLimits, workspace: String) async throws(ToolsError) -> CommandResult {
    let places = await ControlGroupPlace.all()
    if places.isEmpty { return try await run(in: nil, limits: limits, workspace: workspace) }
    guard let group = ControlGroup(in: places, limits: limits) else {
      let reason = String(cString: strerror(errno))
      throw ToolsError(.sandbox, "can't make a control group in \(places[0].folder): \(reason)")
    }
    defer { group.remove() }
    return try await run(in: group, limits: limits, workspace: workspace)
  }

  private func run(in group: ControlGroup?, limits: SandboxLimits, workspace: String)
    async throws(ToolsError) -> CommandResult
  {
    let begin = ContinuousClock.now
    var options = PlatformOptions()
    options.createSession = true
    let variables = Dictionary(
      uniqueKeysWithValues: environment.compactMap { name, value in
        Environment.Key(rawValue: name).map { ($0, value) }
      })
    let collected: (output: OutputBuffer, reason: Watch.Reason?)
    let status: TerminationStatus
    do {
      let result = try await Subprocess.run(
        .name(group == nil ? program : "sh"),
        arguments: Arguments(group?.entering(program, arguments) ?? arguments),
        environment: .custom(variables),
        platformOptions: options, input: .none, output: .sequence,
        error: .combinedWithOutput
      ) { execution in
        try await follow(execution, in: group, limits: limits, workspace: workspace)
      }
      collected = result.closureResult
      status = result.terminationStatus
    } catch let error as ToolsError {
      throw error
    } catch {
      if Task.isCancelled { throw ToolsError(.sandbox, "the command was cancelled") }
      throw ToolsError(.sandbox, "can't run \(program): \(error)")
    }
    if collected.reason == .cancelled { throw ToolsError(.sandbox, "the command was cancelled") }
    let seconds = begin.duration(to: .now) / .seconds(1)
    return try result(
      status, collected.output, reason: collected.reason, limits: limits, seconds: seconds)
  }

  /// Reads to the end of the output and of the process; the pid stays taken until this returns.
  private func follow(
    _ execution: Execution<NoInput, SequenceOutput, CombinedErrorOutput>, in group: ControlGroup?,
    limits: SandboxLimits, workspace: String
  ) async throws -> (output: OutputBuffer, reason: Watch.Reason?) {
    let watch = Watch(
      root: execution.processIdentifier.value, limits: limits, workspace: workspace,
      hasNamespace: hasNamespace, group: group)
    Watchdog.add(watch)
    defer { Watchdog.remove(watch) }
    return try await withTaskCancellationHandler {
      var output = OutputBuffer(limit: limits.outputBytes)
      do {
        for try await chunk in execution.standardOutput {
          chunk.withUnsafeBytes { output.append($0) }
        }
      } catch {
        if !Task.isCancelled {
          watch.cancel()
          throw error
        }
      }
      if Task.isCancelled { watch.cancel() }
      while !watch.hasEnded { try? await Task.sleep(for: .milliseconds(2)) }
      watch.finish()
      return (output, watch.reason)
    } onCancel: {
      watch.cancel()
    }
  }

  private func result(
    _ status: TerminationStatus, _ output: OutputBuffer, reason: Watch.Reason?,
    limits: SandboxLimits, seconds: Double
  ) throws(ToolsError) -> CommandResult {
    var output = output
    guard output.removeMarker(Array(Self.marker.utf8)) || reason != nil else {
      let said = output.text.split(separator: "\n").first.map(String.init) ?? "\(status)"
      throw ToolsError(.sandbox, "the command could not be started: \(said)")
    }
    var result = CommandResult(
      exitCode: nil, output: output.text, elidedBytes: output.elided, seconds: seconds)
    switch status {
    case .exited(let code):
      if reason == nil { result.exitCode = code }
      if (129...192).contains(code) { result.signal = code - 128 }
    case .signaled(let number): result.signal = number
    }
    // A busy machine may use up the CPU time first: time is time.
    result.timedOut = reason == .wallClock || (reason == nil && result.signal == SIGXCPU)
    result.stoppedBy = Self.sentence(reason, signal: result.signal, limits)
    result.outOfMemory = reason == .memory || (!result.succeeded && saysOutOfMemory(result.output))
    return result
  }

  private static func sentence(_ reason: Watch.Reason?, signal: Int32?, _ limits: SandboxLimits)
    -> String?
  {
    switch reason {
    case .wallClock: "more than \(limits.wallSeconds.short) seconds"
    case .processes: "more than \(limits.processes) processes"
    case .memory: "more than \(limits.memoryBytes >> 20) MiB of memory"
    case .workspace: "more than \(limits.workspaceBytes >> 20) MiB in the workspace"
    case .files: "more than \(limits.workspaceFiles) files in the workspace"
    case .cancelled: "cancelled"
    case nil:
      switch signal {
      case SIGXCPU: "more than \(limits.cpuSeconds) seconds of CPU time"
      case SIGXFSZ: "a file above \(limits.fileBytes >> 20) MiB"
      default: nil
      }
    }
  }

  /// A process that hits its own bound is told so and mostly says it before it gives up.
  private func saysOutOfMemory(_ output: String) -> Bool {
    let end = output.suffix(400)
    return ["MemoryError", "std::bad_alloc", "Cannot allocate memory", "out of memory"].contains {
      end.contains($0)
    }
  }
}

extension Double {
  /// Without a fraction of zero.
  var short: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
