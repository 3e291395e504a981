package import Foundation
public import Tools

/// One run of a test command and what its report says.
package struct TestRun: Sendable {
  package var report: TestReport
  package var result: CommandResult
  /// The reward that a script of the tests wrote, if that is how it reports.
  var scriptedReward: Double?
  /// Why there is none where it alone decides.
  var rewardProblem: String?

  /// Why the outcomes can't be taken as they are, apart from limits that the run hit.
  package var invalidReason: String? {
    if let tampering = report.tampering { return tampering }
    if scriptedReward != nil { return nil }
    if result.timedOut || result.outOfMemory || result.stoppedBy != nil { return nil }
    if let rewardProblem { return rewardProblem }
    let end = result.plainEnding
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
package struct TestRunner {
  let sandbox: Sandbox
  let limits: SandboxLimits
  let environment: [String: String]
  /// A folder of the host outside every workspace, for the runner program.
  let support: URL

  /// - Parameters:
  ///   - variables: added to the sandbox's own.
  ///   - support: a folder that may be written to.
  package init(
    sandbox: Sandbox, limits: SandboxLimits, variables: [String: String], support: URL
  ) {
    self.sandbox = sandbox
    self.limits = limits
    self.support = support
    // A fixed seed, so that an unordered set is printed in the same order by every run.
    environment = ["PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"].merging(variables) { $1 }
  }

  /// Runs a command in the workspace's root.
  func run(
    _ command: String, language: RepairTask.Language, in workspace: String
  ) async throws(ToolsError) -> TestRun {
    if let call = PythonTestCall(command) { return try await run(call, in: workspace) }
    var command = command
    var environment = environment
    let words = ShellWords.split(command)
    let isPytest = (words.map { [$0] } ?? Self.calls(in: command)).contains { call in
      call.contains { $0 == "pytest" || $0.hasSuffix("/pytest") }
    }
    if isPytest, words != nil {
      command += " -rA"
    } else if isPytest {
      environment["PYTEST_ADDOPTS", default: ""] += " -rA"
    }
    let result = try await sandbox.run(
      .shell(command), in: workspace, limits: limits, environment: environment)
    let kind: TestReport.Kind = isPytest ? .pytest : language == .python ? .unittest : .tap
    return TestRun(report: TestReport.parse(result.output, kind: kind), result: result)
  }

  /// The words of each command of a line, roughly, but for those that go to a folder, whatever it is called.
  private static func calls(in line: String) -> [[String]] {
    line.split { "&|;()\n".contains($0) }.map { $0.split(separator: " ").map(String.init) }
      .filter { $0.first != "cd" }
  }

  /// Runs unittest or pytest so that its report is signed.
  package func run(
    _ call: PythonTestCall, in workspace: String
  ) async throws(ToolsError) -> TestRun {
    let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
    let channel = try makeChannel(in: workspace)
    defer { try? FileManager.default.removeItem(atPath: "\(workspace)/\(channel)") }
    try Self.write(key, to: URL(filePath: "\(workspace)/\(channel)/key"))
    let file = support.appending(path: call.runner.fileName)
    try Self.write(Array(call.runner.source.utf8), to: file)
    let inside = "/hindsight/\(call.runner.fileName)"
    var environment = environment.merging(call.variables) { $1 }
    // Python would import from this path at its start, before the runner has what it needs.
    environment["HINDSIGHT_PYTHONPATH"] = environment.removeValue(forKey: "PYTHONPATH")
    let command = call.command(file: sandbox == .none ? file.plainPath : inside, channel: channel)
    let result = try await sandbox.run(
      .program(command), in: workspace, limits: limits, environment: environment,
      readOnlyBinds: [support.plainPath: "/hindsight"])
    let data = RegularFile.contents(of: "\(workspace)/\(channel)/report") ?? Data()
    return TestRun(report: SignedReport.read(data, key: key), result: result)
  }

  /// Runs Harbor's `tests/test.sh`, which reports by a reward file, `reward.json` before `reward.txt`, in
  /// /logs/verifier (in bubblewrap only) or the workspace's root; outcomes of listed tests are read
  /// from what it prints.
  func runScript(_ task: RepairTask, in workspace: String) async throws(ToolsError) -> TestRun {
    let channel = try makeChannel(in: workspace)
    defer { try? FileManager.default.removeItem(atPath: "\(workspace)/\(channel)") }
    var places: [String] = []
    for name in ["reward.json", "reward.txt"] {
      try? FileManager.default.removeItem(atPath: "\(workspace)/\(name)")
      places += ["\(workspace)/\(channel)/\(name)", "\(workspace)/\(name)"]
    }
    let tests = task.testsDirectory.plainPath
    var command = ["bash", "\(tests)/test.sh"]
    var binds: [String: String] = [:]
    if sandbox != .none {
      // Only the workspace can be written to, so Harbor's folder is a link into it.
      let logs = support.appending(path: "logs")
      do {
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
          atPath: logs.appending(path: "verifier").plainPath,
          withDestinationPath: "\(Sandbox.workspacePath)/\(channel)")
      } catch {
        throw ToolsError(.file, "\(logs.plainPath) can't be made: \(error.localizedDescription)")
      }
      command = ["bash", "/tests/test.sh"]
      binds = [tests: "/tests", logs.plainPath: "/logs"]
    }
    let result = try await sandbox.run(
      .program(command), in: workspace, limits: limits, environment: environment,
      readOnlyBinds: binds, alsoAt: task.otherPlace)
    let kind: TestReport.Kind = task.language == .python ? .unittest : .tap
    var run = TestRun(report: TestReport.parse(result.output, kind: kind), result: result)
    var problem = "wrote neither reward.json nor reward.txt"
    for (index, place) in places.enumerated() {
      guard let data = RegularFile.contents(of: place) else { continue }
      run.scriptedReward = index < 2 ? Self.reward(json: data) : Self.reward(text: data)
      problem =
        "wrote no reward from 0 to 1 to "
        + (index < 2 ? "reward.json: expected a number, alone or as \"reward\"" : "reward.txt")
      break
    }
    if run.scriptedReward == nil, task.failToPass.isEmpty || run.report.tests.isEmpty {
      run.rewardProblem = "tests/test.sh ended with \(result.plainEnding) and \(problem)"
    }
    return run
  }

  private static func reward(text: Data) -> Double? {
    let word = String(decoding: text, as: UTF8.self)[...].trimmed
    return Double(word).flatMap { (0...1).contains($0) ? $0 : nil }
  }

  /// A number, `{"reward": 0.5}`, or an object with one number, from 0 to 1.
  package static func reward(json: Data) -> Double? {
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

  /// Makes a folder in the workspace, through which a run reports; returns its name.
  private func makeChannel(in workspace: String) throws(ToolsError) -> String {
    let name = ".hindsight-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    do {
      try FileManager.default.createDirectory(
        atPath: "\(workspace)/\(name)", withIntermediateDirectories: false)
    } catch {
      throw ToolsError(
        .file, "the tests' report can't be set up in \(workspace): \(error.localizedDescription)")
    }
    return name
  }

  private static func write(_ bytes: [UInt8], to file: URL) throws(ToolsError) {
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    } catch {
      throw ToolsError(
        .file, "\(file.plainPath) can't be written: \(error.localizedDescription)")
    }
  }
}

extension RepairTask {
  /// What one run of the task's tests may use, from `[verifier]` and `[environment]`.
  public var testLimits: SandboxLimits {
    // CPU time comes after wall time: a busy loop must end as a time-out, not as a killed process.
    var limits = SandboxLimits(
      wallSeconds: verifierTimeout, cpuSeconds: Int(min(verifierTimeout, 1e6).rounded(.up)) + 5,
      outputBytes: 256 << 10)
    if let memoryMegabytes { limits.memoryBytes = memoryMegabytes << 20 }
    if let storageMegabytes { limits.workspaceBytes = storageMegabytes << 20 }
    return limits
  }
}
