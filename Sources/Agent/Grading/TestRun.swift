internal import Foundation
public import Tools

/// One run of a test command and what its report says.
struct TestRun: Sendable {
  var report: TestReport
  var result: CommandResult
  /// The reward that a script of the tests wrote, if that is how it reports.
  var scriptedReward: Double?

  /// Why the outcomes can't be taken as they are, apart from limits that the run hit.
  var invalidReason: String? {
    if let tampering = report.tampering { return tampering }
    if scriptedReward != nil { return nil }
    if result.timedOut || result.outOfMemory || result.stoppedBy != nil { return nil }
    let end = result.exitCode.map { "exit code \($0)" } ?? "signal \(result.signal ?? 0)"
    if report.tests.isEmpty { return "the test command reported no test and ended with \(end)" }
    if result.exitCode != 0, !report.hasFailure {
      return "the test command ended with \(end) without reporting a failed test"
    }
    if result.exitCode == 0, !report.isComplete {
      return "the test command ended with exit code 0 before its report was complete"
    }
    return nil
  }
}

/// Runs test commands in a sandbox so that the program under test can't easily write its own report.
struct TestRunner {
  let sandbox: Sandbox
  let limits: SandboxLimits
  let environment: [String: String]
  /// A folder of the host outside every workspace, for the runner program.
  let support: URL

  init(task: RepairTask, sandbox: Sandbox, support: URL) {
    self.sandbox = sandbox
    self.support = support
    limits = task.testLimits
    // A fixed seed, so that an unordered set is printed in the same order by every run.
    environment = ["PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"]
      .merging(task.verifierEnvironment) { $1 }
  }

  /// Runs a command in the workspace's root.
  func run(
    _ command: String, language: RepairTask.Language, in workspace: String
  ) async throws(ToolsError) -> TestRun {
    if let call = UnittestRunner.plainCall(command) {
      return try await runUnittest(call, in: workspace)
    }
    var command = command
    let words = ShellWords.split(command) ?? []
    let isPytest = words.contains { $0 == "pytest" || $0.hasSuffix("/pytest") }
    if isPytest { command += " -rA -p no:cacheprovider" }
    let result = try await sandbox.run(
      .shell(command), in: workspace, limits: limits, environment: environment)
    let kind: TestReport.Kind = isPytest ? .pytest : language == .python ? .unittest : .tap
    return TestRun(report: TestReport.parse(result.output, kind: kind), result: result)
  }

  private func runUnittest(
    _ call: (variables: [String], python: String, arguments: [String]), in workspace: String
  ) async throws(ToolsError) -> TestRun {
    let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
    let channel = try makeChannel(in: workspace, key: key)
    defer { try? FileManager.default.removeItem(atPath: "\(workspace)/\(channel)") }
    let runner = try inSandbox(UnittestRunner.fileName, contents: UnittestRunner.source)
    var environment = environment
    for variable in call.variables {
      let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      environment[String(parts[0])] = String(parts[1])
    }
    // Python would import from this path at its start, before the runner has what it needs.
    environment["HINDSIGHT_PYTHONPATH"] = environment.removeValue(forKey: "PYTHONPATH")
    let result = try await sandbox.run(
      .program([call.python, "-s", "-B", runner.path, channel] + call.arguments), in: workspace,
      limits: limits, environment: environment, readOnlyBinds: runner.binds)
    let data = Self.regularFile("\(workspace)/\(channel)/report") ?? Data()
    return TestRun(report: SignedReport.read(data, key: key), result: result)
  }

  /// Runs Harbor's `tests/test.sh`, which reports by a reward file; outcomes of listed tests are
  /// read from what it prints.
  func runScript(_ task: RepairTask, in workspace: String) async throws(ToolsError) -> TestRun {
    let tests = task.testsDirectory
    let outside = sandbox == .none
    let folder = outside ? tests.plainPath : "/tests"
    let keep = ".hindsight-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    defer { try? FileManager.default.removeItem(atPath: "\(workspace)/\(keep)") }
    let places = outside ? "." : "/logs/verifier ."
    let names = places.split(separator: " ").flatMap { ["\($0)/reward.json", "\($0)/reward.txt"] }
    let command = """
      \(outside ? "" : "mkdir -p /logs/verifier 2>/dev/null;") rm -f \(names.joined(separator: " "))
      bash \(ShellWords.quoted(folder + "/test.sh")); status=$?
      mkdir -p \(keep)
      for place in \(places); do for name in reward.json reward.txt; do
        [ -f $place/$name ] && [ ! -e \(keep)/$name ] && cp $place/$name \(keep)/$name
      done; done
      exit $status
      """
    let result = try await sandbox.run(
      .shell(command), in: workspace, limits: limits, environment: environment,
      readOnlyBinds: outside ? [:] : [tests.plainPath: folder])
    let report = TestReport.parse(
      result.output, kind: task.language == .python ? .unittest : .tap)
    var run = TestRun(report: report, result: result)
    let json = Self.regularFile("\(workspace)/\(keep)/reward.json")
    let text = Self.regularFile("\(workspace)/\(keep)/reward.txt")
    if let json {
      run.scriptedReward = Self.reward(json: json)
    } else if let text {
      let word = String(decoding: text, as: UTF8.self)[...].trimmed
      run.scriptedReward = Double(word).flatMap { (0...1).contains($0) ? $0 : nil }
    }
    return run
  }

  /// A number, `{"reward": 0.5}`, or an object with one number, from 0 to 1.
  static func reward(json: Data) -> Double? {
    struct Keyed: Decodable { var reward: Double }
    let decoder = JSONDecoder()
    var value = try? decoder.decode(Double.self, from: json)
    value = value ?? (try? decoder.decode(Keyed.self, from: json))?.reward
    if value == nil, let all = try? decoder.decode([String: Double].self, from: json),
      all.count == 1
    {
      value = all.values.first
    }
    return value.flatMap { (0...1).contains($0) ? $0 : nil }
  }

  private func makeChannel(in workspace: String, key: [UInt8]) throws(ToolsError) -> String {
    let name = ".hindsight-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    do {
      try FileManager.default.createDirectory(
        atPath: "\(workspace)/\(name)", withIntermediateDirectories: false)
      try Data(key).write(to: URL(filePath: "\(workspace)/\(name)/key"))
    } catch {
      throw ToolsError(
        .file, "the tests' report can't be set up in \(workspace): \(error.localizedDescription)")
    }
    return name
  }

  /// Writes a file into the support folder; its path as the sandbox sees it, and the bind that it needs.
  private func inSandbox(
    _ name: String, contents: String
  ) throws(ToolsError) -> (path: String, binds: [String: String]) {
    let file = support.appending(path: name)
    do {
      try FileManager.default.createDirectory(at: support, withIntermediateDirectories: true)
      try Data(contents.utf8).write(to: file)
    } catch {
      throw ToolsError(
        .file, "\(file.plainPath) can't be written: \(error.localizedDescription)")
    }
    if sandbox == .none { return (file.plainPath, [:]) }
    return ("/hindsight/\(name)", [support.plainPath: "/hindsight"])
  }

  /// A file's bytes unless it is a link, a pipe or larger than 64 MB: the program under test may have put
  /// anything there.
  private static func regularFile(_ path: String) -> Data? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= 64 << 20
    else { return nil }
    return try? handle.readToEnd() ?? Data()
  }
}

extension RepairTask {
  /// What one run of the task's tests may use, from `[verifier]` and `[environment]`.
  public var testLimits: SandboxLimits {
    var limits = SandboxLimits(
      wallSeconds: verifierTimeout, cpuSeconds: Int(min(verifierTimeout, 1e6).rounded(.up)),
      outputBytes: 256 << 10)
    if let memoryMegabytes { limits.memoryBytes = memoryMegabytes << 20 }
    if let storageMegabytes { limits.workspaceBytes = storageMegabytes << 20 }
    return limits
  }
}
