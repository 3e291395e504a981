internal import SDPO

/// What a pre-flight comes to, in words.
struct PreFlightVerdict {
  let found: PreFlight

  init(_ found: PreFlight) { self.found = found }

  /// Prints the gap of each kind of hindsight; refuses a run without one, or warns where forced.
  func announce(force: Bool) throws {
    for row in found.rows {
      print(
        "pre-flight, \(row.tasks) tasks: with \(row.condition) correct actions are "
          + "\(GapTable.text(row.token.hindsight)) nats a token likelier, with another task's "
          + "\(GapTable.text(row.token.shuffled)), difference \(GapTable.text(row.token.difference))"
      )
    }
    if found.rows.isEmpty {
      Failure.report(
        "the hindsight gap can't be measured: \(found.leftOut.first ?? "there is no task")")
      return
    }
    guard let problem else { return }
    guard force else {
      throw SetupError(
        description: "\(problem); begin from another adapter (--adapter), or --force the run")
    }
    Failure.report("\(problem); going on because of --force")
  }

  /// Why there is nothing to learn, if there isn't.
  var problem: String? {
    let failing = found.failing
    guard !failing.isEmpty else { return nil }
    let kinds = failing.map(\.condition.description).joined(separator: " or ")
    return "\(kinds) doesn't make correct actions likelier for this model, so there is nothing to "
      + "distil from it"
  }
}
