extension Toolbox {
  /// Runs a line in a fresh shell at the workspace's top.
  func shell(_ command: String) async throws -> ToolResult {
    guard command.contains(where: { !$0.isWhitespace }) else {
      throw Refusal("The command is empty.")
    }
    guard !command.utf8.contains(0), command.utf8.count <= 100_000 else {
      throw Refusal("The command can't be run: it is too long or holds a NUL.")
    }
    return answer(try await runShell(command, limits: limits))
  }

  /// Runs the visible tests and tells the counts and the first failure.
  func test() async throws -> ToolResult {
    guard let testCommand else { throw Refusal("There are no visible tests to run here.") }
    let result = try await runShell(testCommand, limits: testLimits)
    memory.standing = TestStanding(result)
    if result.stoppedBy == nil, let text = testDigest?(result.output) {
      return ToolResult(
        text: text, exitCode: result.exitCode, isError: !result.succeeded,
        timedOut: result.timedOut, outOfMemory: result.outOfMemory)
    }
    guard let summary = TestSummary(result.output) else {
      return answer(result)
    }
    return answer(result, output: summary.text(maxCharacters: options.maxCharacters - 80))
  }

  /// How the visible tests stand, with what a policy is told of them.
  package func testStanding() async throws(ToolsError) -> (TestStanding?, told: ToolResult) {
    let result = try await run(.test)
    return (memory.standing, result)
  }

  func runShell(
    _ command: String, limits: SandboxLimits
  ) async throws(ToolsError) -> CommandResult {
    try await sandbox.run(
      .shell(command), in: root, limits: limits, environment: environment, alsoAt: alsoAt)
  }

  /// - summary: told instead of the output.
  private func answer(_ result: CommandResult, output summary: String? = nil) -> ToolResult {
    let trimmed = (summary ?? result.output).trimmingEnd
    let isCut = summary == nil && result.elidedBytes > 0
    let missing =
      isCut ? result.elidedBytes - OutputBuffer.note(result.elidedBytes).utf8.count : 0
    var parts: [String] = []
    if let code = result.exitCode, code != 0 { parts.append("Exit code \(code).") }
    if let limit = result.stoppedBy { parts.append("Stopped: \(limit).") }
    let status = parts.joined(separator: " ")
    let room = options.maxCharacters - status.count - 40
    let text =
      switch (status.isEmpty, trimmed.isEmpty) {
      case (true, true): "The command ran successfully and did not produce any output."
      case (true, false): trimmed.headAndTail(room, missing: missing)
      case (false, true): status + " No output."
      case (false, false): trimmed.headAndTail(room, missing: missing) + "\n" + status
      }
    return ToolResult(
      text: text, exitCode: result.exitCode, isError: !result.succeeded,
      timedOut: result.timedOut, outOfMemory: result.outOfMemory)
  }
}

extension String {
  var trimmingEnd: String {
    var rest = self[...]
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }
}
