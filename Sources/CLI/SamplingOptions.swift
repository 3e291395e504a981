internal import ArgumentParser
internal import LanguageModel

/// How actions are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(help: "Sampling temperature; 0 takes the likeliest token.")
  var temperature: Float = 1

  @Option(name: .customLong("top-p"), help: "Sample from the likeliest tokens with this mass.")
  var topP: Float = 1

  @Option(name: .customLong("top-k"), help: "Sample from so many of the likeliest tokens; 0: all.")
  var topK = 0

  @Option(name: .customLong("min-p"), help: "Drop tokens below this share of the likeliest one.")
  var minP: Float = 0

  var parameters: SamplingParameters {
    SamplingParameters(temperature: temperature, topP: topP, topK: topK, minP: minP)
  }

  func validate() throws {
    if let problem = parameters.problem { throw ValidationError("\(problem)") }
  }
}
