import Agent

/// What `tool_choice` makes of a request's tools.
struct ToolChoice {
  /// Those that the model is told of.
  var tools: [Agent.JSONValue]
  /// The functions of which answers call one; empty: the model chooses what it does.
  var forcedCalls: [String] = []

  /// - Throws: `APIError` for what isn't a choice, or can't be promised.
  init(_ choice: Agent.JSONValue?, of given: [Agent.JSONValue]) throws {
    tools = given
    let names = given.compactMap(Self.name)
    switch choice {
    case nil, .null, .string("auto"): break
    case .string("none"): tools = []
    case .string("required"):
      guard !names.isEmpty else {
        throw APIError.invalid(
          "tool_choice", "'tool_choice' is required, but 'tools' names no function")
      }
      forcedCalls = names
    case .object(let members):
      guard case .string("function")? = members["type"], let name = Self.name(.object(members))
      else { throw Self.unknown }
      guard names.contains(name) else {
        throw APIError.invalid(
          "tool_choice", "'tool_choice' names \(name.prefix(64)), which isn't in 'tools'")
      }
      forcedCalls = [name]
    default: throw Self.unknown
    }
  }

  private static var unknown: APIError {
    .invalid(
      "tool_choice",
      "'tool_choice' must be auto, none, required, or an object that names a function")
  }

  /// The function's name in a tool, or in a choice, which has the same form.
  private static func name(_ value: Agent.JSONValue) -> String? {
    guard case .object(let members) = value, case .object(let function)? = members["function"],
      case .string(let name)? = function["name"]
    else { return nil }
    return name
  }
}
