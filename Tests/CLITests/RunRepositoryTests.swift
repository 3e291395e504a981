import Foundation
import Testing

/// `hindsight run` where git keeps a repository in another way than one folder with all that is in it.
@Suite(.serialized) struct RunRepositoryTests {
  private let folder: TestFolder
  private let endpoint: Endpoint

  init() throws {
    folder = try TestFolder()
    endpoint = try Endpoint()
    try folder.makeRepository()
  }

  private func run(in repository: String, _ more: [String]) throws -> HindsightCommand.Outcome {
    try HindsightCommand.run(
      ["run", "--repo", repository, "--model", endpoint.address("mend")] + more, in: folder.url)
  }

  @Test func aLinkedWorkTreesResultsOutliveIt() throws {
    try folder.shell("git -C repository worktree add -q ../linked -b other")
    let stopped = try run(in: "linked", ["--issue", "mend it", "--max-turns", "2"])
    #expect(stopped.status == 1, "\(stopped.errors)")
    #expect(stopped.output.contains("/repository/.git/hindsight/mend-it.jsonl\n"))
    let saved = folder["repository/.git/hindsight"]
    try folder.shell(
      """
      cd repository && git worktree remove ../linked && git worktree add -q ../linked other
      test -s .git/hindsight/mend-it.patch
      """)
    let more = try run(
      in: "linked", ["--continue", saved.appending(path: "mend-it.jsonl").path])
    #expect(more.status == 0, "\(more.errors)")
    #expect(more.output.contains("Ended after 4 turns: submitted"), "\(more.output)")
    #expect(more.output.contains("/repository/.git/hindsight/mend-it-2.jsonl\n"))
  }

  @Test func aBranchInTheWayIsNamedBeforeTheModelIsAsked() throws {
    try folder.shell("git -C repository branch hindsight")
    let outcome = try run(in: "repository", ["--issue", "mend it"])
    #expect(outcome.status == 2)
    #expect(
      outcome.errors.contains("repository has a branch called hindsight"), "\(outcome.errors)")
    #expect(!outcome.output.contains("Turn 1"))
  }

  /// Old programs wrote such modes; `git fsck` doesn't mind.
  @Test func aModeThatNothingWritesAnyMoreStays() throws {
    try folder.shell(
      """
      cd repository && echo x > z
      export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
      git add z && git commit -qm second
      tree=$(git cat-file tree HEAD: | LC_ALL=C sed 's/100644 z/100664 z/' \
        | git hash-object -w --literally -t tree --stdin)
      git reset -q --hard $(git commit-tree -p HEAD $tree -m third)
      """)
    let outcome = try run(in: "repository", ["--issue", "mend it", "--apply"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("Applied to the work tree."))
    let old = try folder.shell(
      "git -C repository cat-file tree hindsight/mend-it: | grep -ac 100664")
    #expect(old == "1\n")
  }

  @Test func aWorkTreeElsewhereIsLeftAlone() throws {
    try folder.shell(
      """
      cp -r repository elsewhere && rm -rf elsewhere/.git
      git -C repository config core.worktree ../../elsewhere
      """)
    let outcome = try run(in: "repository", ["--issue", "mend it", "--apply"])
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
    #expect(
      outcome.output.contains(
        "Not applied to the work tree: the work tree of repository is another folder, "),
      "\(outcome.output)")
    let taken = try run(in: "repository", ["--issue", "mend it", "--include-uncommitted"])
    #expect(taken.status == 2 && taken.errors.contains("is another folder"), "\(taken.errors)")
    try folder.shell("diff -r --exclude .git repository elsewhere")
  }

  @Test func aBranchBelowTheOutcomesNameIsNoObstacle() throws {
    try folder.shell("git -C repository branch hindsight/mend-it/other")
    let outcome = try run(in: "repository", ["--issue", "mend it"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("hindsight/mend-it-2 ("), "\(outcome.output)")
  }

  @Test func theOutcomeStandsOnWhatTheAgentBeganWith() throws {
    let heads = try folder.shell(
      """
      git -C repository rev-parse HEAD
      '\(HindsightCommand.executable.path)' run --repo repository --issue 'mend it' \
        --model '\(endpoint.address("mend"))' >said 2>&1 &
      until grep -q 'Turn 1' said || ! kill -0 $!; do sleep 0.05; done
      git -C repository -c user.name=u -c user.email=u@localhost commit -q --allow-empty -m later
      git -C repository rev-parse HEAD
      wait $!
      git -C repository log --format=%H hindsight/mend-it
      """
    ).split(separator: "\n")
    #expect(heads.count > 3, "\(heads)")
    #expect(heads.dropFirst(2).contains(heads[0]) && !heads.dropFirst(2).contains(heads[1]))
  }

  @Test func whatASparseCheckOutLeavesOutIsNotDeleted() throws {
    try folder.shell(
      """
      cd repository && mkdir other && echo o >other/o && git add other
      git -c user.name=u -c user.email=u@localhost commit -q -m other
      git sparse-checkout set stats tests && test ! -e other/o && echo new >new.txt
      """)
    let outcome = try run(in: "repository", ["--issue", "mend it", "--include-uncommitted"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let files = try folder.shell("git -C repository ls-tree -r --name-only hindsight/mend-it")
    #expect(files.contains("other/o\n") && files.contains("new.txt\n"), "\(files)")
  }

  @Test func whatAPartialCloneLacksIsNamed() throws {
    try folder.shell(
      """
      git -C repository config uploadpack.allowFilter true
      git clone -q --no-checkout --filter=blob:none "file://$PWD/repository" partial
      """)
    let lacking = try run(in: "partial", ["--issue", "mend it"])
    #expect(lacking.status == 2, "\(lacking.output)")
    #expect(
      lacking.errors.hasPrefix("hindsight: partial lacks the revision's \"stats/"),
      "\(lacking.errors)")
    #expect(lacking.errors.contains("`git fetch --refetch --no-filter` there fetches all"))
    try folder.shell(
      "git -C partial -c gc.auto=0 -c maintenance.auto=false fetch -q --refetch --no-filter")
    let whole = try run(in: "partial", ["--issue", "mend it"])
    #expect(whole.status == 0, "\(whole.errors)")
  }
}
