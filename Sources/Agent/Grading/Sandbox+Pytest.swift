internal import Foundation
package import Tools

extension Sandbox {
  /// Whether tests that name pytest can be run.
  package func hasPytest() async throws -> Bool {
    let folder = try TemporaryFolder("pytest")
    defer { folder.remove() }
    let probe = SandboxLimits(wallSeconds: 30, cpuSeconds: 30)
    return try await run(
      .program(["python3", "-c", "import pytest"]), in: folder.url.plainPath, limits: probe
    ).succeeded
  }
}
