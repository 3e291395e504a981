internal import Foundation
package import Tools

/// A task's `solution/solve.sh`, and the patch that it comes to.
struct SolutionScript: Sendable {
  let task: RepairTask
  let sandbox: Sandbox

  /// Runs the script in a fresh copy of the repository, as the agent gets it, within the limits of the tests.
  /// What it does to protected paths is left out.
  ///
  /// - Throws: ``ImportRefusal`` if it fails, or makes no change that can be a solution.
  func patch() async throws -> [UInt8] {
    let checkout = try Checkout(of: task)
    defer { checkout.remove() }
    let workspace = checkout.workspace
    // Where Harbor has it, with what lies beside it.
    let folder = task.directory.appending(path: "solution").plainPath
    let inside = sandbox == .none ? folder : "/solution"
    let result = try await sandbox.run(
      .program(["bash", "\(inside)/solve.sh"]), in: workspace.path, limits: task.testLimits,
      readOnlyBinds: [folder: inside], alsoAt: task.workdir)
    if let failure = reason(of: result) { throw refusal(failure) }
    let solved = try workspace.commit("solve")
    let changed = try workspace.changedPaths(from: workspace.base, to: solved)
    guard !changed.isEmpty else { throw refusal("changes nothing") }
    if let odd = changed.first(where: { String(validating: $0.bytes, as: UTF8.self) == nil }) {
      throw refusal("makes a file whose name is not UTF-8 text: \(odd.path)")
    }
    let patch = try workspace.diff(
      from: workspace.base, to: solved, excluding: task.protectedPaths.map(\.description))
    guard !patch.isEmpty else {
      let paths = changed.map(\.path).joined(separator: ", ")
      throw refusal("changes only what may not be changed: \(paths)")
    }
    if let link = changed.first(where: { leadsOut($0.path, of: checkout) }) {
      throw refusal("makes a link that leads outside: \(link.path)")
    }
    return patch
  }

  /// Why it failed; nil if it didn't.
  private func reason(of result: CommandResult) -> String? {
    if result.timedOut { return "takes more than \(Int(task.verifierTimeout)) s" }
    if result.outOfMemory { return "runs out of memory" }
    if let limit = result.stoppedBy { return "hits \(limit)" }
    guard !result.succeeded else { return nil }
    return "ends with \(result.plainEnding)\(Complaint.of(output: result.output))"
  }

  /// Nothing follows such a link here, but whoever applies the patch elsewhere might.
  private func leadsOut(_ path: String, of checkout: Checkout) -> Bool {
    let root = checkout.workspace.path
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/\(path)")
    guard let target else { return false }
    return !TaskFolder(checkout.folder.url).stays(target, from: path, root: root)
  }

  private func refusal(_ text: String) -> ImportRefusal {
    ImportRefusal("its solution/solve.sh \(Printable.line(text))")
  }
}

extension RepairTask {
  /// Its solution as a patch: the file's bytes, or what the script comes to.
  ///
  /// - Throws: ``ImportRefusal`` if there is none that changes something, or an error about this machine.
  package func solutionPatch(in sandbox: Sandbox) async throws -> [UInt8] {
    switch solution {
    case .patch(let file)?:
      guard let data = RegularFile.contents(of: file.plainPath) else {
        throw ImportRefusal("its solution/fix.patch can't be read")
      }
      guard data.contains(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }) else {
        throw ImportRefusal("its solution changes nothing")
      }
      return Array(data)
    case .script?: return try await SolutionScript(task: self, sandbox: sandbox).patch()
    case nil:
      throw ImportRefusal("it has neither solution/fix.patch nor solution/solve.sh")
    }
  }
}
