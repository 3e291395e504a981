import Foundation
import LanguageModel
import Tools

/// The names and types of each tool's arguments, and their reading from JSON with errors that a
/// model can act on.
enum HermesArguments {
  private enum Kind: String { case string, integer }

  private struct Argument {
    var name: String
    var kind = Kind.string
    var isOptional = false
  }

  private static func arguments(of tool: ToolName) -> [Argument] {
    switch tool {
    case .view:
      [
        Argument(name: "path"), Argument(name: "first_line", kind: .integer, isOptional: true),
        Argument(name: "last_line", kind: .integer, isOptional: true),
      ]
    case .search: [Argument(name: "pattern"), Argument(name: "path", isOptional: true)]
    case .edit:
      [
        Argument(name: "path", isOptional: true), Argument(name: "old", isOptional: true),
        Argument(name: "new"),
        Argument(name: "first_line", kind: .integer, isOptional: true),
        Argument(name: "last_line", kind: .integer, isOptional: true),
      ]
    case .insert:
      [Argument(name: "path"), Argument(name: "line", kind: .integer), Argument(name: "new")]
    case .tryOut:
      [
        Argument(name: "new"), Argument(name: "first_line", kind: .integer, isOptional: true),
        Argument(name: "last_line", kind: .integer, isOptional: true),
      ]
    case .create: [Argument(name: "path"), Argument(name: "contents")]
    case .shell: [Argument(name: "command")]
    case .test, .undo, .submit: []
    }
  }

  /// `edit(path, old, new): replace the one place that reads old`, for the system prompt.
  static func signature(_ tool: ToolName) -> String {
    let names = arguments(of: tool).map { $0.name + ($0.isOptional ? "?" : "") }
    return "\(tool.rawValue)(\(names.joined(separator: ", "))): \(purpose(of: tool))"
  }

  private static func purpose(of tool: ToolName) -> String {
    switch tool {
    case .view: "show a file with line numbers, or list a folder"
    case .search: "find lines with a text"
    case .edit: "replace the lines, or the one place that reads old"
    case .insert: "put lines after a line; 0: before the first"
    case .tryOut: "replace lines, each written NUMBER|new line; the first that helps is kept"
    case .create: "write a new file"
    case .shell: "run a command"
    case .test: "run the tests"
    case .undo: "take the last edit back"
    case .submit: "finish"
    }
  }

  /// The tool's schema, for an endpoint.
  static func definition(_ tool: ToolName) -> ToolDefinition {
    let all = arguments(of: tool)
    let properties = all.map { ($0.name, JSONValue.object(["type": .string($0.kind.rawValue)])) }
    let required = all.filter { !$0.isOptional }.map { JSONValue.string($0.name) }
    return ToolDefinition(
      function: ToolDefinition.Function(
        name: tool.rawValue, description: purpose(of: tool),
        parameters: .object([
          "type": .string("object"), "additionalProperties": .bool(false),
          "properties": .object(Dictionary(uniqueKeysWithValues: properties)),
          "required": .array(required),
        ])))
  }

  static func call(_ json: String) throws(FormatProblem) -> ToolCall {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)) else {
      throw FormatProblem(
        JSONOverflow.first(in: json.utf8)?.problem ?? "the call is not valid JSON")
    }
    guard case .object(let object) = value else {
      throw FormatProblem("the call is not a JSON object")
    }
    if let extra = object.keys.sorted().first(where: { $0 != "name" && $0 != "arguments" }) {
      throw FormatProblem("the call has the unknown key '\(extra.prefix(40))'")
    }
    guard case .string(let name)? = object["name"], let tool = ToolName(rawValue: name) else {
      let tools = ToolName.allCases.map(\.rawValue).joined(separator: ", ")
      throw FormatProblem("\"name\" must be one of \(tools)")
    }
    return try call(tool, Values(tool: tool, object["arguments"] ?? .null))
  }

  private static func call(_ tool: ToolName, _ values: Values) throws(FormatProblem) -> ToolCall {
    switch tool {
    case .view:
      .view(
        path: try values.string("path"), firstLine: try values.integer("first_line"),
        lastLine: try values.integer("last_line"))
    case .search:
      .search(pattern: try values.string("pattern"), path: try values.optionalString("path"))
    case .edit: try edit(values)
    case .insert: try insert(values)
    case .tryOut: try tryOut(values)
    case .create:
      .create(path: try values.string("path"), contents: try values.string("contents"))
    case .shell: .shell(command: try values.string("command"))
    case .test: .test
    case .undo: .undo
    case .submit: .submit
    }
  }

  private static func tryOut(_ values: Values) throws(FormatProblem) -> ToolCall {
    let first = try values.integer("first_line")
    let last = try values.integer("last_line")
    guard first != nil || last == nil else {
      throw FormatProblem("try takes \"last_line\" only with \"first_line\"")
    }
    let lines = ToolCall.lines(try values.string("new"))
    return .tryOut(firstLine: first, lastLine: last, lines: lines)
  }

  private static func edit(_ values: Values) throws(FormatProblem) -> ToolCall {
    let new = try values.string("new")
    guard let first = try values.integer("first_line") else {
      return .edit(path: try values.string("path"), old: try values.string("old"), new: new)
    }
    guard try values.optionalString("old") == nil else {
      throw FormatProblem("edit takes \"old\" or \"first_line\", not both")
    }
    let last = try values.integer("last_line") ?? first
    let path = try values.optionalString("path")
    return .editLines(path: path, firstLine: first, lastLine: last, lines: ToolCall.lines(new))
  }

  private static func insert(_ values: Values) throws(FormatProblem) -> ToolCall {
    guard let line = try values.integer("line") else {
      throw FormatProblem("insert needs the argument \"line\"")
    }
    let lines = ToolCall.lines(try values.string("new"))
    return .insert(path: try values.string("path"), line: line, lines: lines)
  }

  /// One call's arguments; null counts as absent.
  private struct Values {
    private let tool: ToolName
    private var values: [String: JSONValue] = [:]

    init(tool: ToolName, _ value: JSONValue) throws(FormatProblem) {
      self.tool = tool
      switch value {
      case .null: break
      case .object(let object): values = object.filter { $0.value != .null }
      default: throw FormatProblem("\"arguments\" must be an object")
      }
      let known = HermesArguments.arguments(of: tool).map(\.name)
      if let extra = values.keys.sorted().first(where: { !known.contains($0) }) {
        throw FormatProblem("\(tool.rawValue) has no argument '\(extra.prefix(40))'")
      }
    }

    func optionalString(_ name: String) throws(FormatProblem) -> String? {
      switch values[name] {
      case nil: return nil
      case .string(let text): return text
      default: throw FormatProblem("\(tool.rawValue): \"\(name)\" must be a string")
      }
    }

    func string(_ name: String) throws(FormatProblem) -> String {
      guard let text = try optionalString(name) else {
        throw FormatProblem("\(tool.rawValue) needs the argument \"\(name)\"")
      }
      return text
    }

    /// In quotes too, as small models often write it.
    func integer(_ name: String) throws(FormatProblem) -> Int? {
      switch values[name] {
      case nil: return nil
      case .integer(let number): return number
      case .string(let text) where Int(text)?.description == text: return Int(text)
      default: throw FormatProblem("\(tool.rawValue): \"\(name)\" must be a whole number")
      }
    }
  }
}
