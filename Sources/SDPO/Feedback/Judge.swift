public import Agent
import Foundation
import LanguageModel

/// A second source of feedback: a policy that reads a failed trajectory and writes a short critique.
///
/// It is told what the grader's digest says and what the trajectory did, never a hidden test's text nor
/// a reference patch, so that its words are feedback like any other. What goes wrong with it is a result,
/// not an error: the trajectory then has its digest alone.
public struct Judge: Sendable {
  public var policy: any Policy
  /// Tokens of an answer at most.
  public var answerTokens = 96
  /// Characters of the critique at most: with its title, a field of a digest.
  public var characters = FailureDigest.fieldLimit - FeedbackForm.critiqueTitle.count
  /// Wall time of one critique, after which it counts as failed.
  public var seconds = 120.0

  public init(policy: any Policy) { self.policy = policy }

  public enum Verdict: Sendable, Equatable {
    /// Cleaned and bounded, on one line.
    case critique(String)
    /// Why there is none, in a sentence.
    case failed(String)
  }

  /// - Parameter seed: of the answer's randomness, if the policy samples.
  /// - Throws: `CancellationError` alone.
  public func critique(
    _ trajectory: Trajectory, instruction: String, grade: Grade, seed: UInt64
  ) async throws -> Verdict {
    let messages = JudgePrompt(
      instruction: instruction, trajectory: trajectory, feedback: grade.feedback
    ).messages
    do {
      let answer = try await answer(messages, seed: seed)
      let text = Critique.clean(
        answer.text, limit: characters, isComplete: answer.finish == .stop)
      return text.isEmpty ? .failed("the judge said nothing") : .critique(text)
    } catch {
      try Task.checkCancellation()
      return .failed(Critique.clean("\(error)", limit: 200, isComplete: true))
    }
  }

  private func answer(_ messages: [ChatMessage], seed: UInt64) async throws -> PolicyTurn {
    let judge = self
    return try await withDeadline(.now + .seconds(seconds), expired: JudgeTimeout(seconds: seconds))
    {
      let session = try await judge.policy.session(seed: seed, limits: SessionLimits())
      do {
        let turn = try await session.act(messages, maxTokens: judge.answerTokens)
        await session.end()
        return turn
      } catch {
        await session.end()
        throw error
      }
    }
  }
}

private struct JudgeTimeout: Error, CustomStringConvertible {
  let seconds: Double
  var description: String { "the judge gave no answer within \(seconds) s" }
}
