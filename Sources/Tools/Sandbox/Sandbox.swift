import Glibc
import Subprocess
import Synchronization

/// Where an agent's commands run.
///
/// With ``bubblewrap``: own user, PID, network, IPC and mount namespaces; nothing of the host but its
/// programs (read only) and the workspace, which is always seen at ``workspacePath``; an empty /tmp
/// for each command; no network. Works for root and for ordinary users.
public enum Sandbox: String, Sendable, Codable, CaseIterable {
  case bubblewrap
  /// No isolation: the same limits as far as they can be kept, and the command's session is killed at
  /// its end, but it sees the whole machine, and without a control group a process that starts a
  /// session of its own at once can outlive it. Only for trusted code, and only when asked for.
  case none

  /// Where the workspace is seen inside.
  public static let workspacePath = "/workspace"

  /// The environment of every command; the host's is not passed on.
  public static let baseEnvironment = [
    "HOME": "/tmp", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "LESS": "-R", "LOGNAME": "agent",
    "MANPAGER": "cat", "GIT_PAGER": "cat", "PAGER": "cat", "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PIP_PROGRESS_BAR": "off", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1", "TERM": "dumb", "TQDM_DISABLE": "1", "TZ": "UTC", "USER": "agent",
    "GIT_AUTHOR_NAME": "agent", "GIT_AUTHOR_EMAIL": "agent@localhost",
    "GIT_COMMITTER_NAME": "agent", "GIT_COMMITTER_EMAIL": "agent@localhost",
    // The same commits whenever they are made.
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1",
  ]

  /// Runs a command with the workspace as its folder and returns however it ends.
  ///
  /// `environment` is added to ``baseEnvironment``; `readOnlyBinds` maps host paths to paths inside
  /// (ignored without a sandbox). Standard input is empty. No process of the command is left when
  /// this returns. Throws only if the command could not be started.
  ///
  /// - alsoAt: where inside the workspace is seen besides, and the command begins; ignored where something lies already;
  ///   without a sandbox only what the output says.
  public func run(
    _ command: Command, in workspace: String, limits: SandboxLimits = SandboxLimits(),
    environment: [String: String] = [:], readOnlyBinds: [String: String] = [:],
    alsoAt other: String? = nil
  ) async throws(ToolsError) -> CommandResult {
    let environment = Self.baseEnvironment.merging(environment) { $1 }
    switch self {
    case .none:
      let launch = Launch(
        program: "sh", arguments: Launch.inside(command, in: workspace, limits: limits),
        environment: environment, hasNamespace: false)
      var result = try await launch.run(limits: limits, workspace: workspace)
      // So that a path in an output is the same wherever the workspace lies.
      result.output = result.output.replacingBytes(of: workspace, with: Self.place(alsoAt: other))
      return result
    case .bubblewrap:
      let arrangement = try await Self.arrangement()
      return try await Self.launch(
        arrangement, command, in: workspace, limits: limits, environment: environment,
        readOnlyBinds: readOnlyBinds,
        place: other.flatMap { Bubblewrap.place($0, beside: readOnlyBinds.values) })
    }
  }

  /// What a command's output names the workspace by, with a sandbox or without.
  public static func place(alsoAt other: String?) -> String {
    other.flatMap { Bubblewrap.place($0, beside: []) } ?? workspacePath
  }

  /// Nil if this sandbox works here, else one sentence that says what is missing and how to mend it.
  public func probe() async -> String? {
    guard self == .bubblewrap else { return nil }
    do {
      _ = try await Self.arrangement()
      return nil
    } catch { return error.description }
  }

  /// Nil if the kernel itself bounds the number of a command's processes, else one sentence that
  /// says who does.
  ///
  /// The bound is a control group of the command's own where this process may make one (root nearly
  /// everywhere, others where a cgroup v2 group is delegated to them), else the resource limit, which
  /// holds for ordinary users inside their own user namespace.
  public func processLimitNote() async -> String? {
    if await !ControlGroupPlace.all().isEmpty || (self == .bubblewrap && geteuid() != 0) {
      return nil
    }
    return
      "the number of a command's processes is only watched, not bounded by the kernel, since no "
      + "cgroup hierarchy with the pids controller is writable here"
  }

  private static func launch(
    _ arrangement: Bubblewrap.Arrangement, _ command: Command, in workspace: String,
    limits: SandboxLimits, environment: [String: String], readOnlyBinds: [String: String],
    place: String? = nil
  ) async throws(ToolsError) -> CommandResult {
    guard Bubblewrap.isInstalled else {
      throw ToolsError(
        .sandbox,
        "bubblewrap isn't installed: install the package bubblewrap, or choose --sandbox none")
    }
    let options = Bubblewrap.arguments(
      arrangement, workspace: workspace, limits: limits, environment: environment,
      readOnlyBinds: readOnlyBinds, place: place)
    let launch = Launch(
      program: "bwrap",
      arguments: options + ["--", "/bin/sh"]
        + Launch.inside(command, in: place ?? workspacePath, limits: limits),
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"], hasNamespace: true)
    return try await launch.run(limits: limits, workspace: workspace)
  }

  /// The strictest arrangement that works on this machine, found once.
  private static func arrangement() async throws(ToolsError) -> Bubblewrap.Arrangement {
    if let found = Bubblewrap.found.withLock({ $0 }) { return found }
    let limits = SandboxLimits(wallSeconds: 20)
    var firstError: ToolsError?
    for candidate in Bubblewrap.Arrangement.all {
      do throws(ToolsError) {
        _ = try await launch(
          candidate, .program(["true"]), in: "/usr/share", limits: limits, environment: [:],
          readOnlyBinds: [:])
        Bubblewrap.found.withLock { $0 = candidate }
        return candidate
      } catch {
        if !Bubblewrap.isInstalled { throw error }
        firstError = firstError ?? error
      }
    }
    let reason = firstError?.description ?? ""
    throw ToolsError(
      .sandbox,
      "bubblewrap can't make its namespaces here (\(reason)): allow unprivileged user namespaces "
        + "on this machine, or choose --sandbox none")
  }
}

extension String {
  func replacingBytes(of old: String, with new: String) -> String {
    guard !old.isEmpty, old != "/" else { return self }
    let parts = Array(utf8).split(
      separator: Array(old.utf8), maxSplits: .max, omittingEmptySubsequences: false)
    return String(decoding: Array(parts.joined(separator: Array(new.utf8))), as: UTF8.self)
  }
}
