import Foundation
import Testing
import Tools

private let hasBubblewrap = FileManager.default.isExecutableFile(atPath: "/usr/bin/bwrap")

/// Hostile commands really run here: serialised, so that they don't take the machine from each other.
@Suite(.serialized, .enabled(if: hasBubblewrap, "bubblewrap isn't installed"))
struct SandboxTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func shell(
    _ line: String, _ limits: SandboxLimits = SandboxLimits(), _ sandbox: Sandbox = .bubblewrap,
    environment: [String: String] = [:], readOnlyBinds: [String: String] = [:]
  ) async throws -> CommandResult {
    try await sandbox.run(
      .shell(line), in: folder.path, limits: limits, environment: environment,
      readOnlyBinds: readOnlyBinds)
  }

  @Test func itWorksHere() async { #expect(await Sandbox.bubblewrap.probe() == nil) }

  @Test(arguments: Sandbox.allCases)
  func anExitCodeIsAResult(_ sandbox: Sandbox) async throws {
    let good = try await shell("echo out; echo err >&2", SandboxLimits(), sandbox)
    #expect(good.exitCode == 0 && good.output == "out\nerr\n" && good.elidedBytes == 0)
    let bad = try await shell("exit 7", SandboxLimits(), sandbox)
    #expect(bad.exitCode == 7 && bad.signal == nil && bad.output == "")
    let killed = try await shell("kill -SEGV $$", SandboxLimits(), sandbox)
    #expect(killed.exitCode == 139 && killed.signal == 11)
    let missing = try await sandbox.run(.program(["no-such-program"]), in: folder.path)
    #expect(missing.exitCode == 127)
    #expect(try await shell("pwd", SandboxLimits(), sandbox).output == "/workspace\n")
  }

  @Test func onlyTheWorkspaceIsSeenAndWritten() async throws {
    try folder.write("a", "1\n")
    let secret = try TemporaryFolder()
    try secret.write("s", "secret\n")
    let result = try await shell(
      """
      cat \(secret["s"]); ls /root /home /work /etc/passwd /etc/shadow; ls -A /tmp; echo 2 >> a
      touch /usr/x /x /dev/x /etc/x /proc/x; id -u; hostname; ls /proc | grep -c '^[0-9]'; env | sort
      """, environment: ["EXTRA": "e"])
    #expect(!result.output.contains("secret\n"))
    #expect(result.output.components(separatedBy: "No such file or directory").count >= 7)
    #expect(!result.output.contains(NSHomeDirectory() + ":"))
    #expect(result.output.contains("\n1000\nsandbox\n"))
    #expect(result.output.contains("EXTRA=e\n") && result.output.contains("PYTHONHASHSEED=0\n"))
    #expect(try folder.text("a") == "1\n2\n")
    #expect(!FileManager.default.fileExists(atPath: "/usr/x"))
    let bound = try await shell(
      "cat /data/s; echo x > /data/s", readOnlyBinds: [secret.path: "/data"])
    #expect(bound.output.hasPrefix("secret\n") && !bound.succeeded)
    #expect(try secret.text("s") == "secret\n")
  }

  @Test(arguments: [
    ("/app", true), ("/home/me//code/", true), ("/usr/src/app", true), ("/var/www", true),
    ("/tmp/code", true), ("/", false), ("app", false), ("/workspace/app", false),
    ("/usr/src", false), ("/usr/lib/app", false), ("/etc", false), ("/tmp", false),
    ("/var/tmp/app", false), ("/app/../etc", false), ("/data", false), ("/data/app", false),
  ])
  func theWorkspaceIsSeenASecondTime(at place: String, isSeen: Bool) async throws {
    try folder.write("a", "1\n")
    let data = try TemporaryFolder()
    let result = try await Sandbox.bubblewrap.run(
      .shell("pwd; echo 2 >> a; cat /workspace/a; touch ../x 2>/dev/null"), in: folder.path,
      readOnlyBinds: [data.path: "/data"], alsoAt: place)
    let plain = isSeen ? place.replacing("me//code/", with: "me/code") : "/workspace"
    #expect(result.output == "\(plain)\n1\n2\n")
    // What lies around it can't be written to, but for the empty /tmp.
    #expect(result.succeeded == (place == "/tmp/code"))
  }

  @Test func thereIsNoNetwork() async throws {
    let result = try await shell(
      """
      python3 - <<'E'
      import socket
      for address in [("127.0.0.1", 22), ("8.8.8.8", 53), ("localhost", 80)]:
          try:
              socket.create_connection(address, timeout=2)
              print("connected")
          except OSError as error:
              print("refused")
      E
      """)
    #expect(result.output == "refused\nrefused\nrefused\n")
  }

  @Test(arguments: Sandbox.allCases)
  func tooManyProcessesAreStopped(_ sandbox: Sandbox) async throws {
    let limits = SandboxLimits(wallSeconds: 60, processes: 60)
    let bomb = "for i in $(seq 500); do sleep 37.25 & done; wait"
    let result = try await shell(bomb, limits, sandbox)
    #expect(result.stoppedBy == "more than 60 processes" && result.exitCode == nil)
    try expectGone("sleep 37.25")
    let survivor = try await shell("\(bomb) 2>&-; true", limits, sandbox)
    #expect(survivor.stoppedBy == "more than 60 processes" && survivor.exitCode == nil)
    try expectGone("sleep 37.25")
  }

  @Test(arguments: Sandbox.allCases)
  func nothingInTheBackgroundIsLeft(_ sandbox: Sandbox) async throws {
    let result = try await shell(
      "sleep 38.25 & (sleep 38.25 >&- 2>&- <&- &) ; echo done", SandboxLimits(wallSeconds: 30),
      sandbox)
    #expect(result.exitCode == 0 && result.output == "done\n" && !result.timedOut)
    try expectGone("sleep 38.25")
    if sandbox == .bubblewrap {
      try await shell("setsid -f sleep 38.5; setsid -f sh -c 'trap \"\" TERM HUP; sleep 38.5'")
        .expectSuccess()
      try expectGone("sleep 38.5")
    }
  }

  @Test(arguments: Sandbox.allCases)
  func aProcessThatIgnoresTermIsKilled(_ sandbox: Sandbox) async throws {
    let limits = SandboxLimits(wallSeconds: 3, graceSeconds: 0.2)
    let line = "trap 'echo caught' TERM; echo begun; while :; do sleep 39.25; done"
    let result = try await shell(line, limits, sandbox)
    #expect(result.timedOut && result.exitCode == nil)
    #expect(result.output.hasPrefix("begun\n") && result.stoppedBy == "more than 3 seconds")
    try expectGone("sleep 39.25")
    // Whichever of the two hears of it first.
    let polite = try await shell(
      "trap 'echo saved; exit 0' TERM; while :; do sleep 39.5 & wait; done",
      SandboxLimits(wallSeconds: 6, graceSeconds: 20), sandbox)
    #expect(polite.timedOut && polite.output.contains("saved\n"))
    let closed = try await shell("exec >&- 2>&-; sleep 39.75", limits, sandbox)
    #expect(closed.timedOut)
    try expectGone("sleep 39.75")
  }

  @Test func aFloodOfOutputIsCountedNotKept() async throws {
    let limits = SandboxLimits(outputBytes: 1000)
    let result = try await shell(
      "echo first; head -c 300000000 /dev/zero | tr '\\0' x; echo; echo last", limits)
    #expect(result.output.hasPrefix("first\n") && result.output.hasSuffix("x\nlast\n"))
    #expect(result.output.utf8.count < 1100)
    #expect(result.elidedBytes == 300_000_000 + 12 - 1000 + 0 || result.elidedBytes > 299_990_000)
    let endless = try await shell("yes", SandboxLimits(wallSeconds: 3, outputBytes: 1000))
    #expect(endless.timedOut && endless.elidedBytes > 1000)
    let rubbish = try await shell(#"printf 'a\xff\xfeb\x00c\xe2\x82'"#)
    #expect(rubbish.output.hasPrefix("a\u{FFFD}\u{FFFD}b\0c\u{FFFD}") && rubbish.exitCode == 0)
  }

  @Test func aDiskFillerIsStopped() async throws {
    let limits = SandboxLimits(
      wallSeconds: 60, fileBytes: 8 << 20, workspaceBytes: 40 << 20, workspaceFiles: 2000,
      temporaryBytes: 4 << 20)
    let one = try await shell("head -c 100000000 /dev/zero > big", limits)
    #expect(!one.succeeded && one.stoppedBy == "a file above 8 MiB")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder["big"])).count == 8 << 20)
    let sparse = try await shell("truncate -s 10T sparse", limits)
    #expect(!sparse.succeeded)
    let many = try await shell(
      "i=0; while :; do i=$((i+1)); head -c 4000000 /dev/zero > many$i || exit; sleep 0.01; done",
      limits)
    #expect(many.stoppedBy == "more than 40 MiB in the workspace")
    try await shell("rm -f many* big").expectSuccess()
    let empty = try await shell(
      "python3 -c 'for i in range(10**7): open(f\"e{i}\", \"w\").close()'", limits)
    #expect(empty.stoppedBy == "more than 2000 files in the workspace")
    for place in ["/tmp", "/dev/shm"] {
      let memory = try await shell(
        "cd \(place); for i in 1 2 3; do head -c 3000000 /dev/zero > f$i || exit 3; done", limits)
      #expect(memory.exitCode == 3, "\(place): \(memory)")
    }
  }

  @Test(arguments: Sandbox.allCases)
  func memoryAndProcessorTimeAreBounded(_ sandbox: Sandbox) async throws {
    let limits = SandboxLimits(wallSeconds: 60, cpuSeconds: 1, memoryBytes: 200 << 20)
    let one = try await shell("python3 -c 'x = bytearray(400 << 20)'", limits, sandbox)
    #expect(one.exitCode == 1 && one.outOfMemory)
    let eater = "python3 -c 'import time; x = b\"x\" * (60 << 20); time.sleep(30)' &"
    let many = try await shell("\(eater) \(eater) \(eater) \(eater) \(eater) wait", limits, sandbox)
    #expect(many.outOfMemory && many.stoppedBy == "more than 200 MiB of memory")
    let busy = try await shell("python3 -c 'while True: pass'; exit $?", limits, sandbox)
    #expect(busy.stoppedBy == "more than 1 seconds of CPU time" || busy.signal == SIGKILL)
  }

  @Test func cancellingEndsTheTree() async throws {
    let path = folder.path
    let task = Task {
      try await Sandbox.bubblewrap.run(.shell("sleep 40.25 & sleep 40.25"), in: path)
    }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    await #expect(throws: ToolsError.self) { try await task.value }
    try expectGone("sleep 40.25")
  }

  @Test func aMissingWorkspaceIsAnError() async throws {
    for sandbox in Sandbox.allCases {
      await #expect(throws: ToolsError.self) {
        try await sandbox.run(.shell("true"), in: folder["missing"])
      }
    }
  }

  @Test func manyAtOnce() async throws {
    try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<12 {
        group.addTask { try await self.shell("sleep 0.1; echo \(number)").output }
      }
      let outputs = try await group.reduce(into: Set<String>()) { $0.insert($1) }
      #expect(outputs.count == 12)
    }
  }

  /// No process of the machine has this command line.
  private func expectGone(_ line: String) throws {
    let all = try run("ps -eo args | grep -Fx '\(line)' | grep -v grep || true")
    #expect(all == "")
  }
}

extension CommandResult {
  fileprivate func expectSuccess() { #expect(succeeded, "\(self)") }
}
