import Foundation
import HTTPTypes

/// A refusal in OpenAI's form: `{"error": {"message": …, "type": …, "param": …, "code": …}}`.
struct APIError: Error, Equatable {
  var status: Int
  /// One sentence.
  var message: String
  var type = "invalid_request_error"
  /// The field that is wrong.
  var param: String?
  var code: String?
  var headers: HTTPFields = [:]

  static func invalid(_ param: String?, _ message: String, code: String? = nil) -> APIError {
    APIError(status: 400, message: message, param: param, code: code)
  }

  /// What a decoder found wrong, with the field's place: `messages[0].content must be …`.
  init(_ error: DecodingError) {
    func place(_ path: [any CodingKey]) -> String {
      path.reduce("") { text, key in
        if let index = key.intValue { return "\(text)[\(index)]" }
        return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
      }
    }
    func isWrong(_ path: [any CodingKey], _ what: String) -> APIError {
      let place = place(path)
      return .invalid(
        place.isEmpty ? nil : place, place.isEmpty ? "the body \(what)" : "'\(place)' \(what)")
    }
    switch error {
    case .keyNotFound(let key, let context):
      self = isWrong(context.codingPath + [key], "is missing")
    case .typeMismatch(let type, let context):
      self = isWrong(context.codingPath, "has the wrong type: expected \(Self.name(type))")
    case .valueNotFound(let type, let context):
      self = isWrong(context.codingPath, "is null: expected \(Self.name(type))")
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      self = isWrong(context.codingPath, context.debugDescription)
    default:
      self = .invalid(nil, "the body isn't valid JSON, or has a number that doesn't fit its field")
    }
  }

  init(
    status: Int, message: String, type: String = "invalid_request_error", param: String? = nil,
    code: String? = nil, headers: HTTPFields = [:]
  ) {
    self.status = status
    self.message = message
    self.type = type
    self.param = param
    self.code = code
    self.headers = headers
  }

  private static func name(_ type: Any.Type) -> String {
    switch type {
    case is Bool.Type: "true or false"
    case is String.Type: "a string"
    case is Int.Type, is Int32.Type, is UInt64.Type: "a whole number"
    case is Float.Type, is Double.Type: "a number"
    case is [String: Any].Type: "an object"
    default: "\(type)".contains("Array") ? "a list" : "an object"
    }
  }

  /// The body that says so.
  var body: Data {
    struct Body: Encodable {
      struct Detail: Encodable {
        var message, type: String
        var param, code: String?

        func encode(to encoder: any Encoder) throws {
          // OpenAI's clients expect all four keys.
          var container = encoder.container(keyedBy: CodingKeys.self)
          try container.encode(message, forKey: .message)
          try container.encode(type, forKey: .type)
          try container.encode(param, forKey: .param)
          try container.encode(code, forKey: .code)
        }

        enum CodingKeys: CodingKey { case message, type, param, code }
      }
      var error: Detail
    }
    let body = Body(error: .init(message: message, type: type, param: param, code: code))
    return (try? JSONEncoder().encode(body)) ?? Data()
  }
}
