internal import Agent
internal import Tools

extension TemporaryFolder {
  /// Where an episode can be played in it.
  func place(name: String) throws -> Episode.Place {
    Episode.Place(
      recorder: try Recorder(at: path("recorder.git")), name: name, workTree: path("work"))
  }
}
