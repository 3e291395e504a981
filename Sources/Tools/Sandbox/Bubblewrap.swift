import Glibc
import Synchronization

/// The command line of bubblewrap.
enum Bubblewrap {
  /// What of bubblewrap works here. Inside containers a new /proc or the ban on nested user
  /// namespaces may be impossible; the rest still isolates.
  struct Arrangement: Sendable, Hashable {
    var mountsProc = true
    var forbidsNamespaces = true

    static let all = [
      Arrangement(), Arrangement(forbidsNamespaces: false), Arrangement(mountsProc: false),
      Arrangement(mountsProc: false, forbidsNamespaces: false),
    ]
  }

  static let found = Mutex<Arrangement?>(nil)

  static var isInstalled: Bool {
    ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"].contains { (path: String) in
      access(path, X_OK) == 0
    }
  }

  /// Arguments before the command itself. All that can be seen inside: the system's programs and
  /// libraries, read only; an empty /tmp and /dev/shm of bounded size; the workspace, a second time at
  /// `place`.
  static func arguments(
    _ arrangement: Arrangement, workspace: String, limits: SandboxLimits,
    environment: [String: String], readOnlyBinds: [String: String], place: String?
  ) -> [String] {
    var result = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    if arrangement.forbidsNamespaces { result.append("--disable-userns") }
    result += ["--as-pid-1", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"]
    result += systemFolders
    result += arrangement.mountsProc ? ["--proc", "/proc"] : ["--dir", "/proc"]
    let temporary = max(limits.temporaryBytes, 1 << 16)
    result += ["--dev", "/dev", "--size", "\(temporary)", "--tmpfs", "/dev/shm"]
    result += ["--remount-ro", "/dev", "--size", "\(temporary)", "--tmpfs", "/tmp"]
    result += ["--dir", "/var", "--symlink", "/tmp", "/var/tmp"]
    for (host, inside) in readOnlyBinds.sorted(by: { $0.value < $1.value }) {
      result += ["--ro-bind", host, inside]
    }
    result += ["--bind", workspace, Sandbox.workspacePath, "--chdir", Sandbox.workspacePath]
    if let place {
      let isSource = place.hasPrefix("/usr/src/")
      if isSource { result += ["--size", "\(temporary)", "--tmpfs", "/usr/src"] }
      result += ["--bind", workspace, place]
      if isSource { result += ["--remount-ro", "/usr/src"] }
    }
    result += ["--remount-ro", "/", "--clearenv"]
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      result += ["--setenv", name, value]
    }
    return result
  }

  /// The path without needless slashes, if the workspace can be seen there besides: neither the system has
  /// anything there nor one of `others`. Of the system's own folders only /usr/src is nobody's.
  static func place(_ path: String, beside others: some Collection<String>) -> String? {
    let parts = path.split(separator: "/")
    guard path.hasPrefix("/"), let first = parts.first, !parts.contains("."), !parts.contains("..")
    else { return nil }
    let place = "/" + parts.joined(separator: "/")
    let isTaken =
      switch first {
      case "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "sys",
        "workspace":
        true
      // Where some commands see files of a task's.
      case "hindsight", "logs", "solution", "tests": true
      case "usr": parts.count < 3 || parts[1] != "src" || access("/usr/src", F_OK) != 0
      case "var": parts.count < 2 || parts[1] == "tmp"
      case "tmp": parts.count < 2
      default: false
      }
    let overlaps = others.contains { "\(place)/".hasPrefix("\($0)/") || $0.hasPrefix("\(place)/") }
    return isTaken || overlaps ? nil : place
  }

  /// /usr, what links into it or stands beside it, and the few files of /etc that programs and the
  /// dynamic linker need.
  private static let systemFolders: [String] = {
    var result = ["--ro-bind", "/usr", "/usr"]
    for path in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
      var buffer = [UInt8](repeating: 0, count: 256)
      let count = buffer.withUnsafeMutableBytes {
        readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), 256)
      }
      if count > 0 {
        result += ["--symlink", String(decoding: buffer[..<count], as: UTF8.self), path]
      } else {
        result += ["--ro-bind-try", path, path]
      }
    }
    for name in ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "debian_version"] {
      result += ["--ro-bind-try", "/etc/\(name)", "/etc/\(name)"]
    }
    return result
  }()
}
