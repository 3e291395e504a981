import CLibGit2
import Synchronization

/// Owns one libgit2 object: a pointer and the function that frees it.
struct GitHandle: ~Copyable {
  let pointer: OpaquePointer
  private let free: (OpaquePointer?) -> Void

  /// Takes over what `make` creates; throws libgit2's own message if it creates nothing.
  init(
    free: @escaping (OpaquePointer?) -> Void, _ what: @autoclosure () -> String,
    make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
  ) throws(ToolsError) {
    var result: OpaquePointer?
    let code = make(&result)
    guard code >= 0, let result else { throw lastGitError(code, what()) }
    pointer = result
    self.free = free
  }

  deinit { free(pointer) }
}

/// Runs one libgit2 call and turns a negative code into an error at once, before anything else can
/// overwrite the thread's last message.
@discardableResult
func git(_ what: @autoclosure () -> String, _ call: () -> Int32) throws(ToolsError) -> Int32 {
  let code = call()
  guard code >= 0 else { throw lastGitError(code, what()) }
  return code
}

private func lastGitError(_ code: Int32, _ what: String) -> ToolsError {
  let message = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) }
  return ToolsError(.git, "\(what): \(message ?? "libgit2 error \(code)")")
}

enum LibGit2 {
  /// Started once per process: no configuration of the machine or the user is read, so results don't
  /// depend on it, and repositories may belong to another user.
  private static let started: ToolsError? = {
    let steps: [(String, () -> Int32)] = [
      ("libgit2 can't start", { git_libgit2_init() }),
      ("libgit2 can't forget the search paths", { shim_git_clear_search_paths() }),
      ("libgit2 can't disable owner validation", { shim_git_disable_owner_validation() }),
    ]
    for (what, step) in steps {
      do throws(ToolsError) { try git(what, step) } catch { return error }
    }
    return nil
  }()

  static func start() throws(ToolsError) {
    if let started { throw started }
  }
}

extension ObjectID {
  init(_ oid: git_oid) {
    var oid = oid
    let digits = [UInt8](unsafeUninitializedCapacity: 41) { buffer, count in
      buffer.withMemoryRebound(to: CChar.self) { _ = git_oid_fmt($0.baseAddress, &oid) }
      count = 40
    }
    self.init(digits: String(decoding: digits, as: UTF8.self))
  }

  /// The 20 bytes.
  var oid: git_oid {
    var result = git_oid()
    git_oid_fromstr(&result, description)
    return result
  }

  /// The 20 bytes of the name, as tree objects hold them.
  var bytes: [UInt8] {
    withUnsafeBytes(of: oid) { Array($0) }
  }

  init(bytes: some Collection<UInt8>) {
    var oid = git_oid()
    withUnsafeMutableBytes(of: &oid) { $0.copyBytes(from: bytes) }
    self.init(oid)
  }
}
