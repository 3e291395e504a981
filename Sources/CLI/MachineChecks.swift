internal import Agent
internal import COneDNN
internal import Foundation
internal import LanguageModel
internal import Tools

/// The checks of `hindsight doctor`, each of which ends in how to mend what it found.
enum MachineChecks {
  private static let gigabyte = 1e9

  static func libraries() -> [Finding] {
    let dnnl = dnnl_version().map { version in
      "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
    }
    var findings = [
      Finding(.fine, "libgit2", SystemLibraries.libgit2),
      Finding(.fine, "OpenSSL", SystemLibraries.openSSL),
      dnnl.map { Finding(.fine, "oneDNN", $0) }
        ?? Finding(.warning, "oneDNN", "its version is unknown; run scripts/setup.sh"),
      Finding(.fine, "OpenBLAS", "\(MatMul.libraryVersion), kernels for \(MatMul.libraryCore)"),
    ]
    if let core = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"], !core.isEmpty {
      findings.append(
        Finding(
          .warning, "OpenBLAS",
          "OPENBLAS_CORETYPE=\(core) pins its kernels, which may be slow here and changes last"
            + " bits; unset it"))
    }
    return findings
  }

  static func processor() -> [Finding] {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let set = MatMul.instructionSet
    let flags = cpuFlags()
    let text = "\(cores) processors, own kernel for \(set)"
    let bfloat = flags.contains("avx512_bf16") ? "bf16 instructions" : "no bf16 instructions"
    return [
      set == "baseline"
        ? Finding(.warning, "SIMD", "\(text): no AVX2 here, so everything is several times slower")
        : Finding(.fine, "SIMD", "\(text), \(bfloat)")
    ]
  }

  /// The first processor's flags in /proc/cpuinfo.
  private static func cpuFlags() -> Set<Substring> {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
    else { return [] }
    return Set(line.split(separator: " "))
  }

  static func arithmetic() -> Finding {
    let error = MatMul.largestError()
    guard error < 1e-4 else {
      return Finding(
        .missing, "arithmetic",
        "matrix products differ by \(error) from naive ones; try OPENBLAS_CORETYPE=Haswell, or"
          + " another build of libopenblas")
    }
    return Finding(.fine, "arithmetic", "matrix products differ by \(error) from naive ones")
  }

  static func sandbox() async -> [Finding] {
    if let reason = await Sandbox.bubblewrap.probe() {
      return [Finding(.missing, "sandbox", reason)]
    }
    var findings = [Finding(.fine, "sandbox", "bubblewrap runs a command")]
    if let note = await Sandbox.bubblewrap.processLimitNote() {
      findings.append(Finding(.warning, "sandbox", note))
    }
    return findings
  }

  static func programs() async -> [Finding] {
    let wanted: [(name: String, use: String, level: Finding.Level)] = [
      ("git", "agents in the shell, and test commands of yours, may use it", .warning),
      ("python3", "most tasks' tests need it", .missing),
      ("cc", "tasks in C need it", .warning), ("make", "tasks in C need it", .warning),
    ]
    let found: [Finding] = wanted.map { program in
      if let path = find(program.name) { return Finding(.fine, program.name, path) }
      return Finding(
        program.level, program.name, "is not on the PATH; \(program.use): run scripts/setup.sh")
    }
    return found + [await pytest()]
  }

  private static func pytest() async -> Finding {
    if (try? await Sandbox.bubblewrap.hasPytest()) == true {
      return Finding(.fine, "pytest", "python3 has it in the sandbox")
    }
    return Finding(
      .warning, "pytest",
      "python3 doesn't have it in the sandbox; tests of packages and other people's tasks need it:"
        + " run scripts/setup.sh")
  }

  private static func find(_ program: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(program)" }
      .first(where: FileManager.default.isExecutableFile)
  }

  static func disk() -> Finding {
    let here = FileManager.default.currentDirectoryPath
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: here)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.doubleValue else {
      return Finding(.warning, "disk", "free space in \(here) is unknown")
    }
    let text = String(format: "%.1f GB free in ", free / gigabyte) + here
    // A run's recorder, transcripts and checkpoints stay below this.
    return free >= 2 * gigabyte
      ? Finding(.fine, "disk", text)
      : Finding(.missing, "disk", "\(text); a training run needs 2 GB: make room")
  }

  static func memory() -> Finding {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return Finding(.warning, "memory", "free memory is unknown") }
    let free = kilobytes * 1024
    let shown = String(format: "%.1f GB available", free / gigabyte)
    return free >= 8 * gigabyte
      ? Finding(.fine, "memory", shown)
      : Finding(
        .warning, "memory",
        "\(shown); training may take 8 GB: close programs, or train less at once")
  }

  /// Presence, format and, of the default model, the digest.
  static func model(_ path: String) -> [Finding] {
    do throws(ModelError) {
      let files = try ModelFiles.find(path)
      let format = try files.chatFormat()
      let config = files.config
      let digest = try ModelDigest.of(files: files.files)
      if path == defaultModel, digest != defaultModelDigest {
        return [
          Finding(
            .missing, "model",
            "\(path) has the SHA-256 \(digest), expected \(defaultModelDigest): `make model`"
              + " fetches it anew")
        ]
      }
      var style = "ChatML"
      if case .llama3 = format { style = "Llama 3" }
      return [
        Finding(
          .fine, "model",
          "\(path): \(config.architecture), \(config.layerCount) layers, \(style), SHA-256 "
            + digest.prefix(12) + (path == defaultModel ? " as expected" : ""))
      ]
    } catch {
      return [Finding(.missing, "model", error.description)]
    }
  }
}
