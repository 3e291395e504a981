import Foundation
import Testing
import Tools

/// A folder with everything that file systems allow and tools stumble over.
private func makeOdd(_ folder: TemporaryFolder) throws {
  try folder.write("src/plain.txt", "one\ntwo\nthree\n")
  try folder.write("src/binary.bin", (0..<4000).map { UInt8($0 & 255) })
  try folder.write("src/crlf.txt", "one\r\ntwo\r\n")
  try folder.write("src/empty", "")
  try folder.write("src/no newline", "x")
  try folder.write(".gitignore", "ignored.txt\n")
  try folder.write(".gitattributes", "* text=auto eol=crlf\n*.txt filter=lfs\n")
  try folder.write("ignored.txt", "recorded all the same\n")
  try folder.write("nested/.git/HEAD", "ref: refs/heads/main\n")
  try folder.write("nested/file", "in a nested repository\n")
  try folder.write("pkg/__pycache__/a.pyc", "x")
  try folder.write("pkg/a.py", "x = 1\n")
  try run(
    #"""
    printf 'a\n' > $'new\nline'; printf 'b\n' > 'tab	"quote" \back'; printf 'c\n' > $'latin-\xe9'
    printf '#!/bin/sh\n' > run.sh; chmod 755 run.sh; mkdir -p hollow/deep; mkfifo fifo
    ln -s /etc/passwd outside; ln -s src/plain.txt inside; ln -s nowhere dangling; ln -s . loop
    ln -s $'bad-\xff' $'odd link\xfe'; mkdir $'d \n\xff'; echo deep > $'d \n\xff/f'
    """#, in: folder.path)
}

@Suite struct WorkspaceTests {
  private let folder: TemporaryFolder
  private let recorder: Recorder

  init() throws {
    folder = try TemporaryFolder()
    recorder = try Recorder(at: folder["recorder.git"])
  }

  private func open(_ name: String, from source: String = "source", agent: Bool = false) throws
    -> Workspace
  {
    try Workspace.materialize(
      .folder(folder[source]), recorder: recorder, name: name, at: folder[name],
      agentRepository: agent, time: 1_000_000)
  }

  /// A process that is killed while it moves a reference leaves git's lock file behind.
  @Test func aKilledProcessesLockStopsNothing() throws {
    try folder.write("source/a.txt", "one\n")
    try folder.write("recorder.git/refs/heads/trajectories/again/1.lock", "")
    let workspace = try open("again/1")
    let head = try run("git -C \(recorder.path) rev-parse trajectories/again/1")
    #expect(head.trimmingCharacters(in: .whitespacesAndNewlines) == "\(workspace.head.commit)")
  }

  @Test func unusualContentSurvives() throws {
    let source = try TemporaryFolder()
    try makeOdd(source)
    let workspace = try Workspace.materialize(
      .folder(source.path), recorder: recorder, name: "odd/1", at: folder["odd"])
    let difference = try run(
      "diff -r --no-dereference \(source.path) \(workspace.path) || true")
    let expected = [
      "Only in \(source.path): fifo", "Only in \(source.path): hollow",
      "Only in \(source.path)/nested: .git", "Only in \(source.path)/pkg: __pycache__",
    ]
    #expect(difference.split(separator: "\n").map(String.init).sorted() == expected.sorted())
    #expect(FileManager.default.isExecutableFile(atPath: folder["odd/run.sh"]))
    let again = try workspace.commit("nothing happened")
    #expect(again.tree == workspace.base.tree)
    try run("git -C \(recorder.path) fsck --strict --full")
    let names = try run("git -C \(recorder.path) ls-tree -r --name-only trajectories/odd/1")
    #expect(names.split(separator: "\n").count == 20)
    #expect(names.contains(#""latin-\351""#) && names.contains(#""new\nline""#))
  }

  @Test func aCommitPerTurnCanBeReadComparedAndRestored() throws {
    try folder.write("source/a.txt", "1\n2\n3\n")
    try folder.write("source/lib/b.txt", "b\n")
    let workspace = try open("w")
    let base = workspace.base
    try folder.write("w/a.txt", "1\n2!\n3\n")
    let first = try workspace.commit("edit a.txt", time: 5)
    try run(
      "rm -r lib; printf 'a\\0b' > bin; chmod +x a.txt; mkdir -p hollow; touch x.pyc; ln -s / l",
      in: folder["w"])
    let second = try workspace.commit("shell rm\nmore \0 text", time: 6)
    #expect(workspace.head == second)
    #expect(try recorder.head(of: "w") == second)
    #expect(try recorder.parent(of: second.commit) == first)
    #expect(try recorder.message(of: first.commit) == "edit a.txt")
    #expect(
      try workspace.changedPaths(from: first, to: second).map { "\($0.path) \($0.change)" }
        == ["a.txt modified", "bin added", "l added", "lib/b.txt deleted"])
    #expect(try recorder.contents(of: "a.txt", in: first) == Array("1\n2!\n3\n".utf8))
    #expect(try recorder.contents(of: "lib", in: first) == nil)
    try workspace.restore(first)
    #expect(!folder.exists("w/hollow") && !folder.exists("w/bin") && !folder.exists("w/x.pyc"))
    #expect(try workspace.commit("back").tree == first.tree)
    try workspace.restore(base)
    #expect(try folder.text("w/a.txt") == "1\n2\n3\n")
    try workspace.restore(second)
    #expect(try workspace.commit("forward").tree == second.tree)
    let log = try run("git -C \(recorder.path) log --format=%an,%ae,%s trajectories/w")
    #expect(
      log.split(separator: "\n").count == 5
        && log.contains("hindsight,hindsight@localhost,edit a.txt"))
    try run("git -C \(recorder.path) fsck --strict")
    try workspace.remove()
    #expect(!folder.exists("w") && folder.exists("source"))
  }

  @Test func forksGoTheirOwnWays() throws {
    try folder.write("source/a", "0\n")
    let workspace = try open("w")
    try folder.write("w/a", "1\n")
    let first = try workspace.commit("one")
    try folder.write("w/a", "2\n")
    try workspace.commit("two")
    let fork = try workspace.fork(
      from: first, name: "w-fork", at: folder["fork"], agentRepository: true)
    #expect(try folder.text("fork/a") == "1\n" && fork.base == workspace.base)
    try folder.write("fork/a", "3\n")
    let third = try fork.commit("three")
    #expect(try recorder.parent(of: third.commit) == first)
    #expect(try folder.text("w/a") == "2\n")
    #expect(try recorder.trajectories() == ["w", "w-fork"])
    #expect(try run("git diff", in: fork.path).contains("-0\n+3"))
  }

  @Test func realGitAppliesThePatchAndOursAppliesItToo() throws {
    let source = try TemporaryFolder()
    try makeOdd(source)
    try run("rm fifo", in: source.path)
    let workspace = try Workspace.materialize(
      .folder(source.path), recorder: recorder, name: "w", at: folder["w"])
    try run(
      #"""
      sed -i s/two/2/ src/plain.txt; printf 'a\0c' >> src/binary.bin; rm src/empty; : > empty2
      sed -i s/one/1/ src/crlf.txt; echo more >> $'new\nline'; echo more >> $'latin-\xe9'
      printf y >> 'src/no newline'; chmod 644 run.sh; rm inside; ln -s elsewhere inside
      rm dangling; echo file > dangling; mkdir -p 'x y/z'; printf '\0\1' > 'x y/z/bin'
      echo v > 'tab	"quote" \back'; echo z > $'d \n\xff/f'
      """#, in: workspace.path)
    let after = try workspace.commit("changes")
    let patch = try workspace.diff(since: workspace.base)
    try folder.write("p.patch", patch)
    let copy = try workspace.fork(from: workspace.base, name: "git", at: folder["git"])
    try run(
      "git init -q . && echo '* -text -filter' > .git/info/attributes && git apply ../p.patch && rm -rf .git",
      in: copy.path)
    #expect(try copy.commit("git apply").tree == after.tree)
    let ours = try workspace.fork(from: workspace.base, name: "ours", at: folder["ours"])
    try ours.apply(patch)
    #expect(try ours.commit("apply").tree == after.tree)
    let without = try workspace.diff(
      from: workspace.base, to: after, excluding: ["src/**", "run.sh", "*bin"])
    let text = String(decoding: without, as: UTF8.self)
    #expect(!text.contains(" b/src/") && !text.contains("run.sh") && text.contains("dangling"))
    #expect(!text.contains("x y/z/bin"))
    let filtered = try recorder.snapshot(
      from: workspace.base, to: after, excluding: ["src/**", "run.sh", "*bin"])
    let third = try workspace.fork(from: workspace.base, name: "third", at: folder["third"])
    try third.apply(without)
    #expect(try third.commit("apply").tree == filtered.tree)
  }

  @Test func aPatchThatDoesNotFitChangesNothing() throws {
    try folder.write("source/a", "1\n2\n3\n")
    try folder.write("source/b", "1\n")
    let workspace = try open("w")
    let bad = """
      --- a/b
      +++ b/b
      @@ -1 +1 @@
      -1
      +2
      --- a/a
      +++ b/a
      @@ -1,3 +1,3 @@
       x
      -y
      +z
       w

      """
    let error = #expect(throws: ToolsError.self) { try workspace.apply(Array(bad.utf8)) }
    #expect(error?.kind == .patch)
    #expect(throws: ToolsError.self) { try workspace.apply(Array("no patch".utf8)) }
    for path in ["../escaped", ".git/hooks/post-checkout", "a/../../escaped"] {
      let hostile = """
        diff --git a/\(path) b/\(path)
        new file mode 100644
        --- /dev/null
        +++ b/\(path)
        @@ -0,0 +1 @@
        +x

        """
      #expect(throws: ToolsError.self, "\(path)") { try workspace.apply(Array(hostile.utf8)) }
    }
    #expect(try workspace.commit("same").tree == workspace.base.tree)
    #expect(!folder.exists("escaped"))
    try workspace.apply([])
  }

  /// git writes no lines with names for a file without contents or changes of lines, and quotes no spaces.
  @Test(arguments: [
    "touch new 'new too'", "rm empty 'empty too'", "git mv a z", "git mv 'b c' 'd e'",
    "git mv exe exe2; git mv link link2", "chmod +x a; rm empty; touch 'x y'",
    "git mv 'b c' z; chmod +x z; echo 6 >> z; touch last",
  ])
  func headersWithoutLinesAreRead(_ change: String) throws {
    try run(
      #"""
      git init -q source && cd source && seq 9 > a && seq 5 > 'b c' && touch empty 'empty too'
      printf '#!/bin/sh\n' > exe && chmod +x exe && ln -s a link && git add -A
      git -c user.name=a -c user.email=a@b commit -qm first
      """#, in: folder.path)
    let workspace = try open("w")
    // As text that is passed on is often: with a blank line at the end, or without the last line's own.
    try run(
      """
      \(change); git add -A; git diff --cached -M > ../plain
      { cat ../plain; echo; } > ../blank; printf '%s' "$(cat ../plain)" > ../cut
      """, in: folder["source"])
    let expected = try recorder.record(.folder(folder["source"])).tree
    let cut = try folder.text("cut").contains("\n@@") ? [] : ["cut"]
    for name in ["plain", "blank"] + cut {
      try workspace.apply(Array(folder.text(name).utf8))
      #expect(try workspace.commit(name).tree == expected, "\(name)")
      try workspace.restore(workspace.base)
    }
  }

  @Test func anEditOfTheSameSizeAndTimeIsSeen() throws {
    try folder.write("source/a", "1\n")
    let workspace = try open("w")
    for turn in 0..<20 {
      try run("printf '\(turn % 10)\\n' > a; touch -d @1000000 a", in: workspace.path)
      let snapshot = try workspace.commit("turn \(turn)")
      #expect(try recorder.contents(of: "a", in: snapshot) == Array("\(turn % 10)\n".utf8))
    }
  }

  @Test func fiveThousandFiles() throws {
    try run(
      "mkdir -p source && cd source && for d in $(seq 50); do mkdir d$d; for f in $(seq 100); do echo $d-$f > d$d/f$f; done; done",
      in: folder.path)
    let workspace = try open("w", agent: true)
    try folder.write("w/d7/f7", "changed\n")
    let snapshot = try workspace.commit("one file")
    #expect(try workspace.changedPaths(from: workspace.base, to: snapshot).map(\.path) == ["d7/f7"])
    #expect(try run("git status --short", in: workspace.path) == " M d7/f7\n")
    try workspace.restore(workspace.base)
    #expect(try workspace.commit("back").tree == workspace.base.tree)
  }

  @Test func theAgentsRepositoryHasOneCommitAndNoRemote() throws {
    try run(
      """
      git init -q repo && cd repo && git config user.email a@b && git config user.name c
      echo 1 > f && mkdir .d && echo h > .d/hidden && git add . && git commit -qm first
      echo 2 > f && git commit -qam 'the solution of the future' && git tag later
      git remote add origin https://localhost/x.git; echo uncommitted > f
      """, in: folder.path)
    let workspace = try Workspace.materialize(
      .repository(folder["repo"], revision: "HEAD~1"), recorder: recorder, name: "w",
      at: folder["w"], agentRepository: true)
    #expect(try folder.text("w/f") == "1\n")
    #expect(
      try run("git status --short; git remote; git tag; git stash list", in: workspace.path) == "")
    #expect(
      try run("git log --all --format=%s; git rev-list --all --count", in: workspace.path)
        == "Initial state\n1\n")
    #expect(
      try run(
        "git fsck --strict --unreachable 2>&1; git cat-file --batch-all-objects --batch-check | wc -l",
        in: workspace.path
      ).hasSuffix("5\n"))
    #expect(try workspace.commit("same").tree == workspace.base.tree)
    #expect(throws: ToolsError.self) {
      try recorder.record(.repository(folder["repo"], revision: "nope"))
    }
    #expect(throws: ToolsError.self) { try recorder.record(.repository(folder["source"])) }
  }

  @Test func objectsOfARepositoryAreReadWhereTheyAre() throws {
    try run(
      """
      git init -q repo && cd repo && git config user.email a@b && git config user.name c
      mkdir d && for f in $(seq 40); do echo $f > d/f$f; done; git add . && git commit -qm first
      git repack -adq && git worktree add -q --detach ../linked && git clone -q --bare --shared . ../bare
      """, in: folder.path)
    let loose = "find objects -type f -path '*/??/*' | wc -l"
    let before = try run("find . -type f | sort | xargs sha256sum", in: folder["repo"])
    var snapshots: [Snapshot] = []
    for (count, source) in ["repo", "linked", "bare", "repo"].enumerated() {
      let workspace = try Workspace.materialize(
        .repository(folder[source]), recorder: recorder, name: "w\(count)",
        at: folder["w\(count)"], time: 1)
      #expect(try folder.text("w\(count)/d/f7") == "7\n")
      snapshots.append(workspace.base)
    }
    #expect(Set(snapshots.map(\.tree)).count == 1)
    // A clone that borrows itself.
    let other = try Recorder(at: folder["other.git"])
    let workspace = try Workspace.materialize(
      .repository(folder["bare"]), recorder: other, name: "w", at: folder["w"], time: 1)
    #expect(try folder.text("w/d/f7") == "7\n" && workspace.base.tree == snapshots[0].tree)
    // A commit each is all that was written, and git finds the rest.
    #expect(try run(loose, in: recorder.path) == "4\n")
    #expect(try run("git fsck --strict 2>&1 | grep -c missing || true", in: recorder.path) == "0\n")
    #expect(try run("wc -l < objects/info/alternates", in: recorder.path) == "2\n")
    #expect(
      try run("git show \(snapshots[0].commit):d/f40", in: recorder.path) == "40\n")
    #expect(try run("find . -type f | sort | xargs sha256sum", in: folder["repo"]) == before)
  }

  /// Old repositories hold modes that nothing writes any more.
  @Test func anOldTreeIsTheSameWhenNobodyTouchedIt() throws {
    try run(
      #"""
      git init -q old && cd old && git config user.email a@b && git config user.name c
      blob=$(echo x | git hash-object -w --stdin | sed 's/../\\x&/g')
      tree=$(printf "100664 f\0$blob" | git hash-object -w --literally -t tree --stdin)
      git update-ref refs/heads/main $(git commit-tree $tree -m old) && git symbolic-ref HEAD refs/heads/main
      """#, in: folder.path)
    let workspace = try Workspace.materialize(
      .repository(folder["old"]), recorder: recorder, name: "w", at: folder["w"],
      agentRepository: true)
    #expect(try workspace.commit("same").tree == workspace.base.tree)
    #expect(try run("git status --short", in: workspace.path) == "")
  }

  @Test func whatOfARevisionIsLeftAloneIsFoundAtAnyDepth() throws {
    try run(
      """
      git init -q repo && cd repo && git config user.email a@b && git config user.name c
      mkdir -p one/deep && echo 1 > one/deep/f && ln -s gitattributes one/.gitattributes
      echo '*.bin filter=lfs' > gitattributes && git add . && git commit -qm first
      mv gitattributes one/deep/.gitattributes && git add -A
      git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),one/deep/sub
      git read-tree --prefix=two/ $(git write-tree) && git commit -qm second
      """, in: folder.path)
    let first = try recorder.record("HEAD~1", of: folder["repo"]).leftAlone
    #expect(first.submodules == [] && !first.hasLFS)
    let second = try recorder.record("HEAD", of: folder["repo"])
    #expect(second.leftAlone.submodules == ["one/deep/sub", "two/one/deep/sub"])
    #expect(second.leftAlone.hasLFS)
    #expect(try recorder.contents(of: "two/one/deep/f", in: second.snapshot) == Array("1\n".utf8))
  }

  /// Ten trees and one file can stand for more paths than a disk holds, and be too deep where they are found again.
  @Test func aTreeThatGrowsBeyondMeasureIsRefused() throws {
    try run(
      #"""
      git init -q -b main bomb && cd bomb && git config user.email a@b && git config user.name c
      blob=$(echo x | git hash-object -w --stdin)
      wide=$(for i in $(seq 10); do printf "100644 blob $blob\tf$i\n"; done | git mktree)
      for level in $(seq 9); do
        wide=$(for i in $(seq 10); do printf "040000 tree $wide\td$i\n"; done | git mktree)
      done
      deep() { for level in $(seq $2); do set -- $(printf "040000 tree $1\td\n" | git mktree) $2; done; echo $1; }
      half=$(deep $(printf "100644 blob $blob\tf\n" | git mktree) 60)
      whole=$(printf "040000 tree $half\ta\n040000 tree $(deep $half 60)\tb\n" | git mktree)
      git update-ref refs/heads/wide $(git commit-tree $wide -m wide)
      git update-ref refs/heads/deep $(git commit-tree $whole -m deep)
      """#, in: folder.path)
    for (revision, reason) in [
      ("wide", "has more than 1000000 files and folders"), ("deep", "is deeper than 100 folders"),
    ] {
      let error = #expect(throws: ToolsError.self) {
        try recorder.record(.repository(folder["bomb"], revision: revision))
      }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
  }

  @Test func aDamagedObjectIsNamedWhereItIs() throws {
    try run(
      """
      git init -q repo && cd repo && git config user.email a@b && git config user.name c
      echo 1 > f && git add . && git commit -qm first
      object=.git/objects/$(git rev-parse HEAD:f | sed 's,..,&/,')
      chmod u+w $object && echo garbage > $object
      """, in: folder.path)
    let error = #expect(throws: ToolsError.self) {
      try Workspace.materialize(
        .repository(folder["repo"]), recorder: recorder, name: "w", at: folder["w"])
    }
    let said = error?.description ?? ""
    #expect(said.contains("/repo/.git/objects has no object ") && !said.contains(recorder.path))
  }

  @Test func hostileTreesNeverLeaveTheWorkspace() throws {
    try folder.write("outside/kept", "kept\n")
    try folder.write("source/dir/file", "1\n")
    try folder.write("source/top", "1\n")
    let workspace = try open("w")
    // A folder swapped for a link to the outside: neither recorded through nor written through.
    try run(
      "rm -r dir; ln -s ../outside dir; rm top; ln -s ../outside/kept top", in: workspace.path)
    let swapped = try workspace.commit("swapped")
    #expect(try recorder.contents(of: "dir/kept", in: swapped) == nil)
    try workspace.restore(workspace.base)
    #expect(try folder.text("outside/kept") == "kept\n" && !folder.exists("outside/file"))
    #expect(try folder.text("w/dir/file") == "1\n")
    // Trees that git itself would refuse to check out.
    try run(
      "git init -q evil && git -C evil config user.email a@b && git -C evil config user.name c",
      in: folder.path)
    for name in ["..", ".git", ".GIT", "."] {
      try run(
        #"""
        blob=$(echo x | git hash-object -w --stdin)
        inner=$(printf "100644 kept\0$(echo $blob | sed 's/../\\x&/g')" | git hash-object -w --literally -t tree --stdin)
        tree=$(printf "40000 \#(name)\0$(echo $inner | sed 's/../\\x&/g')" | git hash-object -w --literally -t tree --stdin)
        git update-ref refs/heads/evil $(git commit-tree $tree -m evil)
        """#, in: folder["evil"])
      let error = #expect(throws: ToolsError.self) {
        try Workspace.materialize(
          .repository(folder["evil"], revision: "evil"), recorder: recorder, name: "evil-w",
          at: folder["evil-w"])
      }
      #expect(error?.description.contains("can't be checked out safely") == true)
      #expect(!folder.exists("evil-w"))
    }
  }

  @Test func deepAndLockedFoldersCanBeRemoved() throws {
    try folder.write("source/a", "1\n")
    let workspace = try open("w")
    try run(
      "for i in $(seq 300); do mkdir dddd; cd dddd; done; echo x > f; cd ..; chmod 000 dddd",
      in: workspace.path)
    try workspace.commit("deep")
    #expect(!workspace.skippedPaths.isEmpty)
    try run("mkdir locked; echo x > locked/f; chmod 000 locked", in: workspace.path)
    try workspace.restore(workspace.base)
    #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.path) == ["a"])
    try workspace.remove()
    #expect(!folder.exists("w"))
  }

  @Test func badNamesAndFullFoldersAreRefused() throws {
    try folder.write("source/a", "1\n")
    for name in ["", "a..b", "a b", "/x", "x/", "-~^", "a\nb"] {
      #expect(throws: ToolsError.self, "\(name)") { try open(name) }
    }
    try folder.write("full/x", "1\n")
    #expect(throws: ToolsError.self) { try open("full") }
    #expect(throws: ToolsError.self) { try open("w", from: "missing") }
    #expect(throws: ToolsError.self) { try Recorder(at: folder["source/a"]) }
    try folder.write("damaged/HEAD", "rubbish")
    #expect(throws: ToolsError.self) { try Recorder(at: folder["damaged"]) }
  }

  @Test func manyTasksShareOneRecorder() async throws {
    try folder.write("source/a", "1\n")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          let workspace = try self.open("w\(number)")
          for turn in 0..<5 {
            try self.folder.write("w\(number)/a", "\(number) \(turn)\n")
            try workspace.commit("turn")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try recorder.trajectories().count == 8)
    try run("git -C \(recorder.path) fsck --strict")
  }
}
