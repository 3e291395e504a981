internal import Foundation
internal import Tools

/// The work on one module: one sandboxed process, whose results are kept in a file.
struct MakingUnit: Sendable {
  let placed: PackageStore.Placed
  let module: String
  let operators: [String]
  let options: MakingOptions
  let support: URL
  /// Where results of finished units are kept.
  let results: URL

  /// How often a process is started again after something of the module ended it.
  private static let restarts = 5

  struct Outcome: Sendable {
    var result: MakingResult
    /// What ended the process, by the subject it was at.
    var stopped: [(subject: String, reason: String)] = []
    var seconds = 0.0
  }

  /// Of everything that the results depend on.
  var key: String {
    var text = "\(MakingScript.digest)\n\(placed.digest)\n\(module)\n"
    text += "\(operators)\n\(options.seed) \(options.lines) \(options.bytes) "
    text += "\(options.supportLines) \(options.perFunction)"
    return sha256Hex(Data(text.utf8))
  }

  private struct Job: Encodable {
    var mode = "package"
    var root = "/package"
    var module: String
    var seed: Int
    var operators: [String]
    var limits: [String: Int]
    var perFunction: Int
    var skip: [String]

    enum CodingKeys: String, CodingKey {
      case mode, root, module, seed, operators, limits, skip
      case perFunction = "per_function"
    }
  }

  private struct Stop: Codable {
    var stopped: String
    var at: String
  }

  /// The unit's results, found or made.
  ///
  /// - Throws: `CancellationError`, or an error of the machine; what the module's code does is a result.
  func run() async throws -> Outcome {
    let file = results.appending(path: "\(key).jsonl")
    if let data = try? Data(contentsOf: file) {
      return Outcome(result: MakingResult(data), stopped: Self.stops(in: data))
    }
    let clock = ContinuousClock()
    let start = clock.now
    var data = Data()
    var skip: [String] = []
    for _ in 0...Self.restarts {
      try Task.checkCancellation()
      let (piece, stop) = try await attempt(skip: skip)
      data.append(piece)
      if !data.isEmpty, data.last != UInt8(ascii: "\n") { data.append(UInt8(ascii: "\n")) }
      guard let stop else { break }
      let begun = MakingResult(piece).begun
      data.append(
        try JSONEncoder().encode(Stop(stopped: stop, at: begun.last ?? module)))
      data.append(UInt8(ascii: "\n"))
      // Nothing was begun: the module can't even be read within the limits.
      guard !begun.isEmpty else { break }
      skip += begun
    }
    try data.write(to: file, options: .atomic)
    var outcome = Outcome(result: MakingResult(data), stopped: Self.stops(in: data))
    outcome.seconds = (clock.now - start) / .seconds(1)
    return outcome
  }

  /// One process; why it was stopped, if it didn't come to its end.
  private func attempt(skip: [String]) async throws -> (Data, stopped: String?) {
    let workspace = try TemporaryFolder("make")
    defer { workspace.remove() }
    let job = Job(
      module: module, seed: options.seed, operators: operators,
      limits: [
        "lines": options.lines, "bytes": options.bytes, "support_lines": options.supportLines,
      ], perFunction: options.perFunction, skip: skip)
    try JSONEncoder().encode(job).write(to: workspace.url.appending(path: "job.json"))
    let line = "from \(MakingScript.package).driver import main; main()"
    let result = try await Sandbox.bubblewrap.run(
      MakingScript.command(line), in: workspace.url.plainPath,
      limits: SandboxLimits(
        wallSeconds: 600, cpuSeconds: 600, memoryBytes: 2 << 30, processes: 64,
        outputBytes: 128 << 20, workspaceBytes: 1 << 20, temporaryBytes: 16 << 20),
      readOnlyBinds: [support.plainPath: "/hindsight", placed.root.plainPath: "/package"])
    let data = Data(result.output.utf8)
    if result.succeeded { return (data, nil) }
    if result.timedOut { return (data, "more than 600 seconds") }
    if let limit = result.stoppedBy { return (data, limit) }
    if result.outOfMemory { return (data, "out of memory") }
    let said = result.output.split(separator: "\n").last.map(String.init) ?? ""
    return (data, "\(result.plainEnding) \(Printable.line(said, most: 120))")
  }

  private static func stops(in data: Data) -> [(subject: String, reason: String)] {
    data.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard line.starts(with: Data(#"{"at""#.utf8)) || line.starts(with: Data(#"{"sto"#.utf8))
      else { return nil }
      return (try? JSONDecoder().decode(Stop.self, from: line)).map {
        (Printable.line($0.at), Printable.line($0.stopped))
      }
    }
  }
}
