import Foundation
import Testing

/// `hindsight run` where the repository, or the model, means harm.
@Suite(.serialized) struct HostileRunTests {
  private let folder: TestFolder
  private let endpoint: Endpoint
  /// What only a program that ran outside the sandbox can make.
  private var mark: URL { folder["owned"] }

  init() throws {
    folder = try TestFolder()
    endpoint = try Endpoint()
    try folder.makeRepository()
  }

  /// Of everything of the user's but objects, which may be added to, and our own places.
  private func state() throws -> String {
    try folder.shell(
      """
      cd repository
      find . \\( -path ./.git/objects -o -path ./.git/hindsight -o -path './.git/refs/heads/hindsight*' \
        -o -path './.git/logs/refs/heads/hindsight*' \\) -prune -o -type f -exec sha256sum {} + | sort
      find . -path ./.git -prune -o -type l -printf '%p %l;' | sort
      """)
  }

  private func run(_ kind: String) throws -> HindsightCommand.Outcome {
    try HindsightCommand.run(
      [
        "run", "--repo", "repository", "--issue", "mend it", "--test",
        "python3 -m unittest discover -s tests -t .", "--model", endpoint.address(kind),
      ], in: folder.url)
  }

  @Test func nothingOfTheRepositoryIsExecuted() throws {
    try folder.shell(
      """
      cd repository
      export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b \
        GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      ln -s /etc/passwd passwd; ln -s ../.. out; mkdir -- -rf
      touch -- "$(printf 'a\\033[2J\\nname')" '--upload-pack=touch owned' -rf/x
      printf '* filter=evil diff=evil merge=evil ident\\n*.bin filter=lfs\\n' > .gitattributes
      printf '[submodule "s"]\\n\\tpath = s\\n\\turl = ext::sh -c touch%% ../owned\\n' > .gitmodules
      git add -A
      git update-index --add --cacheinfo 160000,"$(git rev-parse HEAD)",s
      git update-index --add --cacheinfo 160000,"$(git rev-parse HEAD)",vendor/unlisted
      git commit -q -m hostile
      for hook in post-checkout post-commit reference-transaction pre-commit post-index-change; do
        printf '#!/bin/sh\\ntouch \(mark.path)\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook
      done
      for key in core.fsmonitor core.sshCommand core.editor core.pager filter.evil.smudge \
        filter.evil.clean filter.evil.process diff.evil.textconv diff.evil.command merge.evil.driver \
        credential.helper gpg.program; do
        GIT_CONFIG_NOSYSTEM=1 git config $key 'touch \(mark.path)'
      done
      rm -f '\(mark.path)'
      """)
    let before = try state()
    let outcome = try run("mend")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("the agent sees nothing of s, vendor/unlisted.\n"))
    #expect(outcome.output.contains("Files in LFS are left as they are"))
    #expect(!outcome.output.contains("\u{1b}"))
    #expect(!FileManager.default.fileExists(atPath: mark.path))
    #expect(try state() == before)
    // The branch is whole, with the submodule where it was.
    let tree = try folder.shell(
      "cd repository && rm -rf .git/hooks && git -c core.fsmonitor= ls-tree hindsight/mend-it")
    #expect(tree.contains("160000 commit") && tree.contains("120000 blob"))
    let patch = try String(
      contentsOf: folder["repository/.git/hindsight/mend-it.patch"], encoding: .utf8)
    #expect(patch.contains("+    if not values:") && !patch.contains("160000"))
  }

  /// git refuses to write behind a symbolic link; libgit2 would.
  @Test func applyingFollowsNoLinkOutOfTheWorkTree() throws {
    try folder.shell("mv repository/stats outside && ln -s ../outside repository/stats")
    let before = try state() + folder.shell("cat outside/*.py")
    let outcome = try HindsightCommand.run(
      [
        "run", "--repo", "repository", "--issue", "mend it", "--apply", "--model",
        endpoint.address("mend"),
      ], in: folder.url)
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
    #expect(
      outcome.output.contains(
        "Not applied to the work tree: it doesn't apply cleanly: stats is a symbolic link"))
    #expect(try state() + folder.shell("cat outside/*.py") == before)
  }

  /// The tests' own exit code would call each mended.
  @Test(arguments: [
    (
      "quit",
      "The tests only seem to pass (the test command ended with exit code 0 before its report was "
        + "complete) after attempt 2.", "Kept:       attempt 1"
    ),
    (
      "forge",
      "The tests only seem to pass (the test command ended with exit code 0 before its report was "
        + "complete) after attempt 1.", "Kept:       attempt 1"
    ),
    ("skip", "Only 1 of the 2 tests ran after attempt 1.", "Kept:       attempt 1"),
    (
      "gut",
      "The tests fail after attempt 1, without its changes to tests and their configuration.",
      "Protected paths touched: tests/test_average.py"
    ),
  ])
  func whoTricksTheTestsIsFoundOut(_ kind: String, _ verdict: String, _ said: String) throws {
    if kind == "gut" {
      // So that there is a failing test to take away.
      try folder.shell(
        """
        cd repository
        sed -i 's/len(values)/(len(values) + 1)/' stats/average.py
        git -c user.name=a -c user.email=a@b commit -qam worse
        """)
    }
    let outcome = try HindsightCommand.run(
      [
        "run", "--repo", "repository", "--issue", "mend it", "--test",
        "python3 -m unittest discover -s tests -t .", "--attempts", "2", "--model",
        endpoint.address(kind),
      ], in: folder.url)
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.output.contains(verdict), "\(outcome.output)")
    #expect(outcome.output.contains(said), "\(outcome.output)")
  }

  /// What a server sends must not gather in memory while nobody can stop it.
  @Test func tenGigabytesNeedNoMemory() throws {
    let said = try folder.shell(
      """
      ulimit -v 1500000
      '\(HindsightCommand.executable.path)' run --repo repository --issue 'mend it' \
        --model '\(endpoint.address("flood"))' 2>&1; echo "status $?"
      """)
    #expect(said.contains("sent more than 8388608 bytes\nstatus 2\n"), "\(said)")
  }

  /// Who is killed can't clean up.
  @Test func whatAKilledRunLeavesIsDeletedByTheNextOne() throws {
    let run =
      "'\(HindsightCommand.executable.path)' run --repo repository --issue 'mend it' --model"
    let said = try folder.shell(
      """
      mkdir place; export TMPDIR=$PWD/place
      \(run) '\(endpoint.address("hang"))' >/dev/null 2>&1 & killed=$!
      \(run) '\(endpoint.address("hang"))' --output other >/dev/null 2>&1 & alive=$!
      for try in $(seq 300); do
        [ $(ls place/*/.owner 2>/dev/null | wc -l) = 2 ] && break; sleep 0.1
      done
      kill -9 $killed; wait $killed
      echo left $(ls place | wc -l)
      \(run) '\(endpoint.address("mend"))' --output third >/dev/null 2>&1
      echo now $(ls place | wc -l)
      kill $alive; wait $alive
      echo end $(ls place | wc -l)
      """)
    #expect(said == "left 2\nnow 1\nend 0\n")
  }

  @Test func aModelThatMeansHarmReachesNothing() throws {
    let before = try state()
    let command = try folder.shell(
      """
      HINDSIGHT_API_KEY=not-to-be-found '\(HindsightCommand.executable.path)' run --repo repository \
        --issue 'mend it' --test true --model '\(endpoint.address("rampage"))' --output saved; echo "status $?"
      """)
    #expect(command.contains("status 0") || command.contains("status 1"), "\(command)")
    #expect(command.contains("Ended after 11 turns: submitted"), "\(command)")
    #expect(!command.contains("\u{1b}") && command.utf8.count < 200_000)
    #expect(try state() == before)
    let transcript = try String(contentsOf: folder["saved/mend-it.jsonl"], encoding: .utf8)
    #expect(transcript.utf8.count < 200_000 && !transcript.contains("root:"))
    let messages = try folder.shell("git -C repository log --format=%B hindsight/mend-it")
    #expect(messages.contains("\\u{1b}") && !messages.contains("\u{1b}"), "\(messages)")
    #expect(try folder.shell("grep -rl not-to-be-found . | wc -l").hasPrefix("0"))
    #expect(try folder.shell("pgrep -f '[s]leep 31337' | wc -l").hasPrefix("0"))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/escaped"))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/hindsight-owned-\(endpoint.port)"))
    #expect(transcript.contains("ConnectionRefusedError") || transcript.contains("unreachable"))
    let verified = try HindsightCommand.run(
      ["replay", "saved/mend-it.jsonl", "--check"], in: folder.url)
    #expect(verified.status == 0, "\(verified.output)")
  }
}
