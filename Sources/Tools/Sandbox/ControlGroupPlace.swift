import Glibc
import Subprocess
import Synchronization

/// A folder of the cgroup file system in which groups for commands can be made.
package struct ControlGroupPlace: Sendable, Hashable {
  package enum Controller: String, Sendable { case pids, memory }

  package let folder: String
  /// Whether it is of cgroup v2.
  package let isUnified: Bool
  package let controllers: Set<Controller>

  private static let found = Mutex<[ControlGroupPlace]?>(nil)

  /// Where this process may make groups that bound the number of processes, and memory where that is
  /// possible too; empty if nowhere. Found once; leftovers of killed runs are removed then.
  package static func all() async -> [ControlGroupPlace] {
    if let known = found.withLock({ $0 }) { return known }
    let places = await search(
      mounts: lines(of: "/proc/self/mountinfo"), own: lines(of: "/proc/self/cgroup"))
    for place in places { place.removeLeftovers() }
    found.withLock { $0 = places }
    return places
  }

  /// Ends what runs that were killed left here.
  package func removeLeftovers() {
    guard let folder = try? Descriptor.folder(at: folder) else { return }
    for name in folder.names() ?? [] {
      ControlGroup(leftover: String(decoding: name, as: UTF8.self), in: self)?.remove()
    }
  }

  private static func search(mounts: [String], own: [String]) async -> [ControlGroupPlace] {
    for folder in candidates("cgroup2", nil, mounts: mounts, own: own) {
      let words = lines(of: folder + "/cgroup.subtree_control").joined().split(separator: " ")
      let controllers = Set(words.compactMap { Controller(rawValue: String($0)) })
      let place = ControlGroupPlace(folder: folder, isUnified: true, controllers: controllers)
      if controllers.contains(.pids), await place.works() { return [place] }
    }
    var result: [ControlGroupPlace] = []
    for controller in [Controller.pids, .memory] {
      let folders = candidates("cgroup", controller.rawValue, mounts: mounts, own: own)
      for folder in folders {
        let place = ControlGroupPlace(folder: folder, isUnified: false, controllers: [controller])
        guard await place.works() else { continue }
        result.append(place)
        break
      }
      // Without the bound on processes there is no use for the rest.
      if result.isEmpty { break }
    }
    return result
  }

  /// This process's own group and the groups above it, as far up as they are mounted here. With v2 a
  /// group that holds processes can't have children with controllers, so that it is a group above.
  private static func candidates(
    _ type: String, _ controller: String?, mounts: [String], own: [String]
  ) -> [String] {
    // "36 35 0:30 /root /mount/point options - type source options"
    for line in mounts {
      let words = line.split(separator: " ").map(String.init)
      guard let dash = words.firstIndex(of: "-"), dash > 5, words.count > dash + 3,
        words[dash + 1] == type,
        controller.map({ words[dash + 3].split(separator: ",").map(String.init).contains($0) })
          ?? true
      else { continue }
      var path = ownPath(controller, own)
      // A container may see only a part of the hierarchy.
      if words[3] != "/" {
        path = path.hasPrefix(words[3]) ? String(path.dropFirst(words[3].count)) : ""
      }
      var names = path.split(separator: "/").map(String.init)
      if names.contains("..") { names = [] }
      var result: [String] = []
      while true {
        result.append(([words[4]] + names).joined(separator: "/"))
        if names.isEmpty { return result.filter { access($0, W_OK) == 0 } }
        names.removeLast()
      }
    }
    return []
  }

  /// The third field of this controller's line "8:pids:/path", of "0::/path" for nil.
  private static func ownPath(_ controller: String?, _ own: [String]) -> String {
    for line in own {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let names = fields[1].split(separator: ",").map(String.init)
      if controller.map({ names.contains($0) }) ?? fields[1].isEmpty { return String(fields[2]) }
    }
    return "/"
  }

  /// Whether a process can really enter a group made here: the rights to do so lie in several files.
  private func works() async -> Bool {
    guard let group = ControlGroup(in: [self], limits: SandboxLimits()) else { return false }
    defer { group.remove() }
    let trial = try? await Subprocess.run(
      .name("sh"), arguments: Arguments(group.entering("true", [])), output: .discarded,
      error: .discarded)
    return trial?.terminationStatus == .exited(0)
  }

  private static func lines(of path: String) -> [String] {
    (readSmallFile(path, limit: 1 << 20) ?? []).split(separator: 0x0A).map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}
