internal import Foundation
internal import Subprocess
internal import Tools

/// Packages as folders of Python files, fetched once and kept.
///
/// Only wheels are fetched: an archive to look into, while the source of a package would have to be built by
/// code of its own. Unpacking happens in the sandbox.
struct PackageStore {
  struct Placed: Sendable {
    var source: SourceList.Package
    /// Holds the package's importable modules; shown at `/package` in the sandbox.
    var root: URL
    /// Of the wheel, or of the folder's Python files.
    var digest: String
    /// Dotted names of those with examples, tests left out, with sizes in bytes; sorted.
    var modules: [(name: String, bytes: Int)]
    /// Files that nothing is made from, by reason.
    var left: [String: Int] = [:]
    /// Why the archive couldn't be unpacked.
    var failure: String?
    /// Whether of the root only the package's own folder or module is meant.
    var isOwn = false
  }

  let folder: URL
  let support: URL

  func place(_ source: SourceList.Package) async throws -> Placed {
    switch source.origin {
    case .folder(let root):
      let own = ["", ".py"].contains {
        FileManager.default.fileExists(atPath: root.appending(path: source.name + $0).plainPath)
      }
      let (found, left) = Self.modules(in: root, named: own ? source.name : nil)
      guard found.count + left.count > 0 else {
        throw TaskError(
          "\(root.plainPath) holds no Python files of \(source.name); another language's folder is "
            + "named in a list of sources, by [folders.NAME]")
      }
      let text = WorkTreeListing.digests(in: root) { $0.hasSuffix(".py") }
      return Placed(
        source: source, root: root, digest: sha256Hex(Data(text.utf8)), modules: found,
        left: left, isOwn: own)
    case .index(let version, let sha256):
      let wheel = try await wheel(source.name, version, sha256)
      let digest = sha256Hex(try Data(contentsOf: wheel))
      let root = folder.appending(path: "packages/\(source.name)-\(version)")
      if !FileManager.default.fileExists(atPath: root.plainPath) {
        do {
          try await unpack(wheel, to: root)
        } catch let error as TaskError {
          return Placed(
            source: source, root: root, digest: digest, modules: [], failure: error.description)
        }
      }
      let (found, left) = Self.modules(in: root, named: nil)
      return Placed(source: source, root: root, digest: digest, modules: found, left: left)
    }
  }

  /// The wheel's file, downloaded if it isn't there.
  private func wheel(
    _ name: String, _ version: String, _ sha256: String?
  ) async throws -> URL {
    let files = FileManager.default
    let kept = folder.appending(path: "wheels/\(name)-\(version)")
    if let wheel = Self.wheel(in: kept) { return try Self.checked(wheel, sha256) }
    let staging = folder.appending(path: "staging/wheel-\(UUID().uuidString)")
    try files.createDirectory(at: staging, withIntermediateDirectories: true)
    defer { try? files.removeItem(at: staging) }
    let requirement = "\(name)==\(version)"
    // In a folder of its own: `python3 -m pip` would import a pip.py that lies in the current one.
    let result = try await Subprocess.run(
      .name("env"),
      arguments: [
        "-C", staging.plainPath, "python3", "-m", "pip", "download", "--quiet",
        "--disable-pip-version-check", "--no-deps",
        "--only-binary", ":all:", "--dest", ".", requirement,
      ], output: .string(limit: 1 << 16), error: .combinedWithOutput)
    guard result.terminationStatus == .exited(0), let wheel = Self.wheel(in: staging) else {
      let said = result.standardOutput.split(separator: "\n").last.map(String.init) ?? ""
      throw TaskError("pip can't download a wheel of \(requirement): \(Printable.line(said))")
    }
    _ = try Self.checked(wheel, sha256)
    try files.createDirectory(
      at: kept.deletingLastPathComponent(), withIntermediateDirectories: true)
    try files.moveItem(at: staging, to: kept)
    return kept.appending(path: wheel.lastPathComponent)
  }

  private static func wheel(in folder: URL) -> URL? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.plainPath)) ?? []
    return names.first { $0.hasSuffix(".whl") }.map { folder.appending(path: $0) }
  }

  private static func checked(_ wheel: URL, _ sha256: String?) throws -> URL {
    guard let sha256 else { return wheel }
    let found = sha256Hex(try Data(contentsOf: wheel))
    guard found == sha256 else {
      throw TaskError(
        "\(wheel.lastPathComponent) has the SHA-256 \(found), but the list of sources says \(sha256)"
      )
    }
    return wheel
  }

  private func unpack(_ wheel: URL, to root: URL) async throws {
    let staging = folder.appending(path: "staging/package-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: staging) }
    let line = "from \(MakingScript.package).unpack import unpack; unpack(*sys.argv[1:])"
    let result = try await Sandbox.bubblewrap.run(
      MakingScript.command(line, ["/wheel", "."]), in: staging.plainPath,
      limits: SandboxLimits(wallSeconds: 60, workspaceBytes: 128 << 20),
      readOnlyBinds: [support.plainPath: "/hindsight", wheel.plainPath: "/wheel"])
    guard result.succeeded else {
      let said = result.stoppedBy ?? result.output.split(separator: "\n").last.map(String.init)
      throw TaskError(
        "\(wheel.lastPathComponent) can't be unpacked: \(Printable.line(said ?? "no reason given"))"
      )
    }
    try FileManager.default.createDirectory(
      at: root.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: staging, to: root)
  }

  /// The modules in a folder that have examples, and how many files are left out and why: in all of it, or of one
  /// package or module only.
  private static func modules(
    in root: URL, named name: String?
  ) -> (found: [(name: String, bytes: Int)], left: [String: Int]) {
    // A module may lie there twice, as a file and as a folder; Python takes the folder.
    var found: [String: Int] = [:]
    var left: [String: Int] = [:]
    for path in WorkTreeListing.files(in: root.plainPath) where path.hasSuffix(".py") {
      var parts = path.dropLast(3).split(separator: "/").map(String.init)
      guard parts.allSatisfy({ $0.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil }),
        name == nil || parts[0] == name
      else { continue }
      if isTest(parts) {
        left["test file, in which no examples are sought", default: 0] += 1
        continue
      }
      if parts.count > 1, parts.last == "__init__" { parts.removeLast() }
      let data =
        RegularFile.contents(of: root.appending(path: path).plainPath, most: 4 << 20) ?? Data()
      if data.firstRange(of: Data(">>>".utf8)) != nil {
        found[parts.joined(separator: "."), default: 0] += data.count
      } else {
        left["module has no examples", default: 0] += 1
      }
    }
    return (found.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }, left)
  }

  private static func isTest(_ parts: [String]) -> Bool {
    parts.contains {
      ["test", "tests", "testing"].contains($0) || $0.hasPrefix("test_") || $0.hasSuffix("_test")
    }
  }
}
