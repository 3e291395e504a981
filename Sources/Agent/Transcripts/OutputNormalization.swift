/// What two runs of the same command may print differently without having done anything different.
///
/// Replaced before recorded and replayed output are compared:
/// - times of day with their date, as files have them that a command made: `Nov 27 22:22` and, after half a year,
///   `Nov 27  2026` of `ls -l`, `Fri Nov 27 22:22:10` of `date` and git, `2026-11-27T22:22:10.5Z` and
///   `2026-11-27 22:22 +0100`;
/// - durations with a fraction: `Ran 3 tests in 0.002s`, `0.5 seconds`, `real 0m0.012s`, `1.5ms`;
/// - addresses: `<object at 0x7f3a…>`, four hexadecimal digits or more;
/// - the first folder below `/tmp` or `/var/tmp`: `/tmp/tmpx8a2/out` and, without a sandbox, the work
///   tree itself;
/// - process ids of sanitizers and valgrind: `==1234==`.
///
/// Nothing else: whole numbers, other dates, orders and counts are part of what is verified.
public enum OutputNormalization {
  public static func normalized(_ output: String) -> String {
    output
      .replacing(
        /(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d\d:\d\d(?::\d\d)?| \d{4}\b)/,
        with: "<time>"
      )
      .replacing(
        /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?/,
        with: "<time>"
      )
      .replacing(/\d+m\d+\.\d+s\b/, with: "<duration>")
      .replacing(/\d+\.\d+ ?(?:seconds|second|secs|sec|ms|us|µs|s)\b/, with: "<duration>")
      .replacing(/0x[0-9a-fA-F]{4,}/, with: "<address>")
      .replacing(/\/(?:var\/)?tmp\/[^\/\s'":;,)\]>]+/, with: "<temporary>")
      .replacing(/==\d+==/, with: "==<process>==")
  }
}
