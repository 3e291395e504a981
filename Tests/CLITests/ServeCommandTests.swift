import Foundation
import Testing

@Suite struct ServeCommandTests {
  /// One sentence of ours, whichever library found it out.
  @Test func addressesThatCannotBeListenedOn() throws {
    let folder = try TestFolder()
    let endpoint = try Endpoint()
    let model = try TinyModelFolder.make(in: folder)
    // An address for documentation alone, and a name longer than any may be, which no resolver is asked for.
    let long = String(repeating: "a", count: 64)
    for (host, port, reason) in [
      ("127.0.0.1", endpoint.port, "Address already in use\n"),
      ("192.0.2.1", 0, "Cannot assign requested address\n"), (long, 0, ""),
    ] {
      let outcome = try HindsightCommand.run(
        ["serve", "--model", model, "--host", host, "--port", "\(port)"], in: folder.url)
      #expect(outcome.status == 2, "\(outcome.output)\(outcome.errors)")
      let sentence = "hindsight: \(host), port \(port), can't be listened on: \(reason)"
      #expect(outcome.errors.hasPrefix(sentence), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1, "\(outcome.errors)")
      #expect(!outcome.errors.contains("SocketAddressError"), "\(outcome.errors)")
    }
  }

  @Test(arguments: [("127.0.0.1", "", false), ("0.0.0.0", "", true), ("0.0.0.0", "key", false)])
  func whoListensToEverybodyIsWarned(_ host: String, _ key: String, _ isWarned: Bool) throws {
    let folder = try TestFolder()
    let model = try TinyModelFolder.make(in: folder)
    let (process, outcome) = try HindsightCommand.start(
      URL(filePath: "/usr/bin/env"),
      arguments: [
        "HINDSIGHT_SERVE_KEY=\(key)", HindsightCommand.executable.path, "serve", "--model", model,
        "--host", host, "--port", "0",
      ], in: folder.url)
    /// The address comes last.
    func isServing() -> Bool {
      let files = try? FileManager.default.contentsOfDirectory(
        at: folder.url, includingPropertiesForKeys: nil)
      return (files ?? []).filter { $0.lastPathComponent.hasPrefix("out-") }.contains { file in
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.contains(" at http://\(host):")
      }
    }
    while process.isRunning, !isServing() { Thread.sleep(forTimeInterval: 0.02) }
    kill(process.processIdentifier, SIGKILL)
    let said = try outcome()
    #expect(said.output.contains("/v1\n"), "\(said.errors)")
    let isSaid = said.errors.hasPrefix("hindsight: warning: anybody who reaches this machine")
    #expect(isSaid == isWarned && said.errors.isEmpty != isWarned, "\(said.errors)")
  }
}
