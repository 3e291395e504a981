internal import LanguageModel

/// A program's own module of pytest tests, which import it from python_programs.
struct QuixBugsModule: QuixBugsTests {
  let name: String
  let module: TestModule
  /// Files that lie beside the tests, by name.
  let beside: [String: String]
  /// Files that lie beside the program.
  let package: [String: String]

  var program: String { "python_programs/\(name).py" }

  func command(_ folder: String) -> String { "python3 -m pytest \(folder)" }

  func files(without ids: Set<String>) -> [String: String] {
    let prefix = "hidden/test_\(name).py::"
    let left = Set(ids.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    let kept = module.functions.filter { !left.contains($0) }
    var files: [String: String] = [:]
    for (file, text) in package { files["environment/python_programs/\(file)"] = text }
    for (folder, functions) in [
      ("environment/tests", Self.visible(of: kept)), ("tests/hidden", kept),
    ] {
      for (file, text) in beside { files["\(folder)/\(file)"] = text }
      files["\(folder)/conftest.py"] = configuration(without: left)
      files["\(folder)/test_\(name).py"] = module.text(of: functions)
    }
    return files
  }

  /// - names: of tests after their file's name; those with parameters are left out here.
  private func configuration(without names: Set<String>) -> String {
    var text = """
      import signal

      import pytest

      # The tests ask which programs they are for.
      pytest.use_correct = False
      pytest.run_slow = False


      def give_up(*_):
          raise TimeoutError("the call takes too long")


      @pytest.fixture(autouse=True)
      def time_limit():
          signal.signal(signal.SIGALRM, give_up)
          signal.alarm(3)
          yield
          signal.alarm(0)

      """
    let names = names.subtracting(module.functions).sorted()
    guard !names.isEmpty else { return text }
    text += """


      LEFT_OUT = {\(names.map(JSONText.quoted).joined(separator: ", "))}


      def pytest_collection_modifyitems(items):
          items[:] = [item for item in items if item.nodeid.partition("::")[2] not in LEFT_OUT]

      """
    return text
  }
}
