import Foundation
import HTTPTypes

/// What can be asked, each by one method.
enum Route: Equatable {
  case health, models, chat, completions
  /// A model, by its name.
  case model(String)

  /// What is at a path; nil: nothing.
  init?(path: String) {
    // Clients put addresses together from parts: a slash too many makes no other place.
    let place = path.split(separator: "/").joined(separator: "/")
    switch place {
    case "health": self = .health
    case "v1/models": self = .models
    case "v1/chat/completions": self = .chat
    case "v1/completions": self = .completions
    default:
      let folder = "v1/models/"
      guard place.hasPrefix(folder) else { return nil }
      // A name may have slashes, escaped or not.
      let name = String(place.dropFirst(folder.count))
      self = .model(name.removingPercentEncoding ?? name)
    }
  }

  var method: HTTPRequest.Method {
    switch self {
    case .health, .models, .model: .get
    case .chat, .completions: .post
    }
  }
}
