package import Foundation

/// The tests that Python code brings along, by what they look like.
package enum PythonTests {
  /// The command that runs those below a folder; nil if there are none.
  ///
  /// - Parameter name: the folder in it that alone is meant; nil for all of it.
  package static func command(in root: URL, within name: String? = nil) -> String? {
    let paths = WorkTreeListing.files(in: root.plainPath).filter { path in
      path.hasSuffix(".py") && (name.map { path.hasPrefix($0 + "/") } ?? true)
        && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }
    let tests = paths.filter { path in
      let file = path.split(separator: "/").last ?? ""
      return file.hasPrefix("test_") || file.hasSuffix("_test.py")
    }
    guard !tests.isEmpty else { return nil }
    let hasSource = paths.contains { $0.hasPrefix("src/") } && !paths.contains("src/__init__.py")
    let variable = hasSource ? "PYTHONPATH=src " : ""
    let isForUnittest = tests.allSatisfy { holdsTestCases($0, in: root) }
    let command = isForUnittest ? unittest(tests, among: Set(paths)) : nil
    return variable + (command ?? "python3 -m pytest")
  }

  /// Whether it holds nothing but test cases and is called what unittest looks for. pytest runs these as well, but
  /// isn't everywhere.
  private static func holdsTestCases(_ path: String, in root: URL) -> Bool {
    guard path.wholeMatch(of: /([A-Za-z0-9_.\-]+\/)*test[A-Za-z0-9_]*\.py/) != nil else {
      return false
    }
    let data =
      RegularFile.contents(of: root.appending(path: path).plainPath, most: 4 << 20) ?? Data()
    let holds = { (text: String) in data.firstRange(of: Data(text.utf8)) != nil }
    let others = ["pytest", "\ndef test", "\nasync def test"]
    return holds("TestCase") && !others.contains(where: holds)
  }

  /// From the folder that all tests have in common, with the folder above its packages on Python's path; nil if
  /// some are where unittest doesn't look, in folders that are no packages.
  private static func unittest(_ tests: [String], among paths: Set<String>) -> String? {
    let isPackage = { (folder: ArraySlice<Substring>) in
      paths.contains(folder.joined(separator: "/") + "/__init__.py")
    }
    let folders = tests.map { $0.split(separator: "/").dropLast() }
    var start = folders[0]
    for folder in folders { start = start.prefix(zip(start, folder).prefix { $0 == $1 }.count) }
    for folder in folders {
      let inner = start.count..<folder.count
      guard inner.allSatisfy({ isPackage(folder.prefix($0 + 1)) }) else { return nil }
    }
    var top = start
    while !top.isEmpty, isPackage(top) { top.removeLast() }
    var command = "python3 -m unittest discover"
    if !start.isEmpty { command += " -s " + start.joined(separator: "/") }
    if top != start { command += " -t " + (top.isEmpty ? "." : top.joined(separator: "/")) }
    return command + " -v"
  }
}
