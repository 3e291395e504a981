import Agent
import Foundation
import Testing
import Tools

/// What Harbor's `task.toml` and Dockerfile say.
extension ImportTests {
  private static let mend = "sed -i 's/a - b/a + b/' calc.py\n"

  /// Files of a task by paths in its folder.
  private static func files(_ id: String, _ files: [String: String]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: files.map { ("tasks/\(id)/\($0.key)", $0.value) })
  }

  @Test func harborSettingsAreKept() async throws {
    var files = Self.scripted(
      "kept", Self.mend,
      limits: #"""
        [task]
        name = "org/kept"
        keywords = ["calc", "sums"]
        [metadata]
        author_name = "Jane Doe"
        tags = ["debugging"]
        [metadata.extra]
        when = 2025-10-31
        [metadata.hindsight]
        language = "c"
        [agent]
        timeout_sec = 900
        [verifier]
        timeout_sec = 90
        [verifier.env]
        WORD = "a \"b\""
        MODE = "${HINDSIGHT_HAS_NONE:-fast}"
        [environment]
        workdir = "/opt/calc"
        memory = "1.5G"
        """#)
    files.merge(
      Self.files(
        "kept",
        [
          "tests/test.sh": """
          [ "$WORD" = 'a "b"' ] && [ "$MODE" = fast ] &&
            python3 -c 'from calc import add; assert add(1, 2) == 3' &&
            echo 1 > reward.txt || echo 0 > reward.txt
          """,
          "environment/.git/logs/HEAD": "the fix", "environment/vendor/.git": "gitdir: x",
          "environment/vendor/a.py": "", "environment/.gitignore": "*.o\n",
        ])
    ) { $1 }
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.harbor(folder.appending(path: "tasks")))
      #expect(outcomes == ["kept": .imported(failToPass: 0, passToPass: 0, dropped: 0)])
      let task = try RepairTask(directory: importer.output.appending(path: "kept"))
      #expect(task.keywords == ["calc", "sums"] && task.language == .python)
      #expect(task.agentTimeout == 900 && task.verifierTimeout == 90)
      #expect(task.verifierEnvironment == ["WORD": "a \"b\"", "MODE": "fast"])
      #expect(task.memoryMegabytes == 1536 && task.workdir == "/opt/calc")
      let text = try String(
        contentsOf: task.directory.appending(path: "task.toml"), encoding: .utf8)
      for word in ["Jane Doe", "debugging", "2025-10-31"] { #expect(text.contains(word)) }
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: task.environmentDirectory.path).sorted()
          == [".gitignore", "calc.py", "vendor", "vendor/a.py"])
    }
  }

  @Test func whatHarborTasksLack() async throws {
    var files = Self.scripted("memory", Self.mend, limits: "[environment]\nmemory = \"lots\"\n")
    for (id, more) in [
      ("silent", ["tests/test.sh": "exit 0\n"]),
      ("several", ["tests/test.sh": "echo '{\"a\": 1, \"b\": 1}' > reward.json\n"]),
      ("high", ["tests/test.sh": "echo 2 > reward.txt\nexit 1\n"]),
      (
        "moved",
        [
          "environment/sub/a.py": "",
          "environment/Dockerfile": "FROM x\nWORKDIR /app\nCOPY . .\nCOPY sub /app/other\n",
        ]
      ),
    ] {
      files.merge(Self.scripted(id, Self.mend)) { $1 }
      files.merge(Self.files(id, more)) { $1 }
    }
    files.merge(
      Self.scripted("variable", Self.mend, limits: "[verifier.env]\nKEY = \"${KEY}\"\n")
    ) { $1 }
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      let outcomes = try await run(importer, try importer.harbor(folder.appending(path: "tasks")))
      for (id, reason) in [
        (
          "memory",
          "environment.memory is \"lots\", but must be a size such as \"512M\" or \"2G\""
        ),
        (
          "variable",
          "verifier.env.KEY is ${KEY}, a variable of the machine's; expected a value, or a default "
            + "as in ${KEY:-default}"
        ),
        (
          "silent",
          "tests/test.sh ended with exit code 0 and wrote neither reward.json nor reward.txt"
        ),
        (
          "several",
          "tests/test.sh ended with exit code 0 and wrote no reward from 0 to 1 to reward.json: "
            + "expected a number, alone or as \"reward\""
        ),
        (
          "high",
          "tests/test.sh ended with exit code 1 and wrote no reward from 0 to 1 to reward.txt"
        ),
        (
          "moved",
          "its environment/Dockerfile has \"COPY sub /app/other\"; expected what it copies to /app to "
            + "keep its place, or to be one folder and no more"
        ),
      ] {
        guard case .refused(let said)? = outcomes[id] else {
          Issue.record("\(id) is not refused: \(String(describing: outcomes[id]))")
          continue
        }
        #expect(said.hasSuffix(reason))
      }
    }
  }

  /// The scripts name the repository's place in the image, and nothing else leads them there.
  @Test(
    arguments: [
      ("/app", "", "FROM x\nWORKDIR /app\nCOPY . .\n"),
      ("/app", "", "FROM x\nCOPY calc.py /app/\nCOPY run.sh /\nWORKDIR /app/\n"),
      ("/app", "sub/", "FROM x\nworkdir /app\nCOPY ./sub /app\n"),
      (
        "/srv/code", "",
        """
        FROM x AS base
        ARG TOP=/srv
        ENV PLACE="${TOP}/code" A=b
        WORKDIR $PLACE
        COPY --chown=1:1 ["calc.py", "./"]
        FROM y AS other
        WORKDIR /other
        COPY . /other/sub
        FROM base
        COPY --from=other /other /srv/code/made
        """
      ),
      (
        "/usr/src/app", "",
        """
        FROM x
        RUN <<EOF
        WORKDIR /nowhere
        EOF
        RUN python3 -c "print(1<<20, 1 <<20)" && cat <<<word
        ENV A=xxxxxxxx
        \(String(repeating: "ENV A=$A$A\n", count: 64))
        WORKDIR /usr/src
        WORKDIR app
        COPY calc.py \\
          # and no other
          .
        """
      ),
    ])
  func harborWorkdirs(place: String, folder: String, dockerfile: String) async throws {
    var files = Self.scripted("placed", Self.mend.replacing("calc.py", with: "\(place)/calc.py"))
    let environment = "tasks/placed/environment"
    files["\(environment)/\(folder)calc.py"] = files.removeValue(
      forKey: "\(environment)/calc.py")
    files["\(environment)/Dockerfile"] = dockerfile
    files["tasks/placed/tests/test.sh"] = """
      [ "$PWD" = \(place) ] && cd / && touch \(place)/made &&
        PYTHONPATH=\(place) python3 -c 'from calc import add; assert add(1, 2) == 3'
      echo $((! $?)) > /logs/verifier/reward.txt
      """
    try await withFolder(files) { folder in
      let importer = await importer(folder)
      // Without a sandbox there is no other place.
      guard importer.sandbox == .bubblewrap else { return }
      let outcomes = try await run(importer, try importer.harbor(folder.appending(path: "tasks")))
      #expect(outcomes == ["placed": .imported(failToPass: 0, passToPass: 0, dropped: 0)])
      let task = try RepairTask(directory: importer.output.appending(path: "placed"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: task.environmentDirectory.path)
          == ["calc.py"])
      let grade = await GraderTests.grade(task, patch: try await GraderTests.solution(of: task))
      #expect(grade.resolved)
    }
  }
}
