internal import TOMLKit

/// What Harbor's `task.toml` says that ours can say too.
struct HarborSettings {
  var name: String?
  var description: String?
  /// Seconds of a run of the tests.
  var timeout: Int?
  var memoryMegabytes: Int?
  var storageMegabytes: Int?
  var carried = TaskLayout.Carried()

  init(_ text: String, file: String) throws(TaskError) {
    var root = try TOMLReader(text: text, file: file)
    var task = try root.table("task")
    description = try task.string("description")
    let name = try task.string("name") ?? ""
    self.name = name.allSatisfy(\.isWhitespace) ? nil : name
    carried.keywords = try task.strings("keywords")
    var agent = try root.table("agent")
    carried.agentTimeout = try agent.positiveSeconds("timeout_sec")
    var verifier = try root.table("verifier")
    timeout = try verifier.positiveSeconds("timeout_sec").map { Int($0.rounded(.up)) }
    carried.verifierEnvironment = try Self.variables(of: &verifier)
    var limits = try root.table("environment")
    memoryMegabytes = try Self.megabytes("memory", of: &limits)
    storageMegabytes = try Self.megabytes("storage", of: &limits)
    carried.workdir = try limits.string("workdir")
    if try root.table("metadata").exists { carried.metadata = Self.metadata(text) }
  }

  /// `memory_mb = 2048`, or `memory = "2G"` as before.
  private static func megabytes(
    _ key: String, of table: inout TOMLReader
  ) throws(TaskError) -> Int? {
    let most = 1 << 30
    if let number = try table.positiveInteger(key + "_mb", limit: most) { return number }
    guard let size = try table.string(key) else { return nil }
    let units: [String: Double] = ["K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024]
    let match = size.uppercased().wholeMatch(of: #/(\d{1,9}(?:\.\d+)?) ?([KMGT])I?B?/#)
    guard let match, let number = Double(match.1), let unit = units[String(match.2)] else {
      throw TaskError(
        "\(table.file): \(table.path).\(key) is \"\(size)\", but must be a size such as \"512M\" "
          + "or \"2G\"")
    }
    return min(max(Int(number * unit), 1), most)
  }

  /// Harbor replaces `${NAME:-default}` by a variable of the machine it runs on, of which tests here get none.
  private static func variables(
    of verifier: inout TOMLReader
  ) throws(TaskError) -> [String: String] {
    var variables = try verifier.stringTable("env")
    for (name, value) in variables {
      guard let match = value.wholeMatch(of: #/\$\{([^}:]+)(?::-(.*))?\}/#) else { continue }
      guard let standard = match.2 else {
        throw TaskError(
          "\(verifier.file): verifier.env.\(name) is \(value), a variable of the machine's; expected a "
            + "value, or a default as in ${\(match.1):-default}")
      }
      variables[name] = String(standard)
    }
    return variables
  }

  /// The table `[metadata]` without what we write into it ourselves.
  private static func metadata(_ text: String) -> String {
    guard let root = try? TOMLTable(string: text), let metadata = root["metadata"]?.table else {
      return ""
    }
    metadata.remove(at: "hindsight")
    guard !metadata.isEmpty else { return "" }
    // An inline table can't be continued.
    metadata.inline = false
    for key in root.keys where key != "metadata" { root.remove(at: key) }
    return "\n" + root.convert(options: [.allowUnicodeStrings]) + "\n"
  }
}
