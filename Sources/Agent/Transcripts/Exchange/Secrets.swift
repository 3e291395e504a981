import Foundation

/// What other programs' records hold of keys and passwords: configurations have them beside what a model is.
extension JSONValue {
  /// Without members that are named like a secret, and with a remark in the place of texts that look like a key or an
  /// address with a password.
  var withoutSecrets: JSONValue {
    switch self {
    case .string(let text) where Self.isKey(text) || Self.hasPassword(text): .string("<removed>")
    case .array(let values): .array(values.map(\.withoutSecrets))
    case .object(let members):
      .object(
        members.filter { !(Self.isSecret($0.key) && $0.value.canBeSecret) }
          .mapValues(\.withoutSecrets))
    default: self
    }
  }

  /// A number, a truth or nothing only says something of a secret, and so does the schema of a tool's argument.
  private var canBeSecret: Bool {
    switch self {
    case .string, .array: true
    case .object(let members): members["type"] != .string("string") && members["anyOf"] == nil
    case .null, .bool, .integer, .number: false
    }
  }

  private static let secrets = [
    "apikey", "authorization", "password", "passwd", "secret", "credential", "cookie",
    "accesskey", "privatekey", "authkey", "apitoken", "accesstoken", "authtoken", "bearertoken",
    "refreshtoken", "sessiontoken", "githubtoken", "hftoken", "passphrase",
  ]

  /// By what the name ends with: `x-api-key` and `apiKeys`, but not `eos_token` or `completion_tokens`. Names of
  /// environment variables end in other ways as well: `HF_TOKEN`.
  private static func isSecret(_ name: String) -> Bool {
    var letters = name.lowercased().filter(\.isLetter)
    if letters.hasSuffix("s") { letters.removeLast() }
    return secrets.contains { letters.hasSuffix($0) }
      || name == name.uppercased() && ["_TOKEN", "_KEY", "_PASS"].contains { name.hasSuffix($0) }
  }

  private static let beginnings = [
    "Bearer ", "Basic ", "sk-", "hf_", "ghp_", "gho_", "github_pat_", "xoxb-", "xoxp-", "AKIA",
    "AIza",
  ]

  /// Whether all of the text is a key as endpoints give them out.
  private static func isKey(_ text: String) -> Bool {
    guard text.utf8.count < 1_000, let beginning = beginnings.first(where: { text.hasPrefix($0) })
    else { return false }
    let rest = text.dropFirst(beginning.count)
    return rest.count >= 16 && rest.contains(where: \.isNumber)
      && !rest.contains(where: \.isWhitespace)
  }

  /// Whether all of the text is an address such as `https://user:password@host`.
  private static func hasPassword(_ text: String) -> Bool {
    guard text.utf8.count < 1_000, text.contains("://"), text.contains("@"),
      !text.contains(where: \.isWhitespace)
    else { return false }
    return URLComponents(string: text)?.password?.isEmpty == false
  }
}
