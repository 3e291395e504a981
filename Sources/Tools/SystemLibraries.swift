import CLibGit2
import COpenSSL

/// The versions of the system's libraries that this module runs with, for `hindsight doctor`.
public enum SystemLibraries {
  /// "1.5.1"
  public static var libgit2: String {
    var (major, minor, revision): (Int32, Int32, Int32) = (0, 0, 0)
    git_libgit2_version(&major, &minor, &revision)
    return "\(major).\(minor).\(revision)"
  }

  /// "3.0.15"
  public static var openSSL: String { String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }
}
