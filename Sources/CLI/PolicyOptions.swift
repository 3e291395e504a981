internal import Agent
internal import ArgumentParser
internal import Foundation

/// Which policy a command uses.
struct PolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model: a GGUF file, a Hugging Face folder, or the address of an OpenAI-compatible endpoint.",
      valueName: "path|url"))
  var model: String

  @Option(help: "The model's name at an endpoint.")
  var modelName = "default"

  @Option(help: ArgumentHelp("A folder with a PEFT adapter for a local model.", valueName: "dir"))
  var adapter: String?

  @Option(help: "The sampling temperature; 0 takes the likeliest token.")
  var temperature = 1.0

  @Option(help: "Sample from the likeliest tokens that hold this share of the probability.")
  var topP = 1.0

  func validate() throws {
    guard (0...100).contains(temperature) else {
      throw ValidationError("--temperature must be from 0 to 100.")
    }
    guard topP > 0, topP <= 1 else {
      throw ValidationError("--top-p must be more than 0 and at most 1.")
    }
  }
}

/// Where a model is.
enum ModelReference: Equatable {
  case remote(address: String)
  case local(path: String)

  /// An address has a scheme; everything else is a path.
  init(_ text: String) {
    let lower = text.lowercased()
    let isAddress = lower.hasPrefix("http://") || lower.hasPrefix("https://")
    self = isAddress ? .remote(address: text) : .local(path: text)
  }
}

/// The policy that the options ask for.
///
/// - Throws: one sentence when the model can't be used.
func makePolicy(_ options: PolicyOptions) async throws -> any Policy {
  switch ModelReference(options.model) {
  case .remote(let address):
    guard options.adapter == nil else {
      throw PolicyOptionsError("--adapter needs a local model, and \(address) is an endpoint")
    }
    var remote = RemotePolicy.Options()
    remote.temperature = options.temperature
    remote.topP = options.topP
    return try RemotePolicy(baseURL: address, model: options.modelName, options: remote)
  case .local(let path):
    return try await makeLocalPolicy(path, options)
  }
}

private func makeLocalPolicy(_ path: String, _ options: PolicyOptions) async throws -> any Policy {
  guard FileManager.default.fileExists(atPath: path) else {
    throw PolicyOptionsError("there is no model at \(path)")
  }
  throw PolicyOptionsError(
    "\(path) is a local model, which this build can't run; give the address of an endpoint")
}

/// Why no policy can be made, as one sentence.
struct PolicyOptionsError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
