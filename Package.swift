// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

// The programs that `hindsight tasks make` runs in the sandbox, carried inside the executable.
let makingScripts = [
  "driver.py", "examples.py", "mutate.py", "operators.py", "package.py", "proposals.py",
  "slicing.py", "statements.py", "subjects.py", "textual.py", "trial.py", "unpack.py",
  "variations.py",
]

let package = Package(
  name: "hindsight",
  products: [.executable(name: "hindsight", targets: ["CLI"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),

    .target(name: "CKernels", linkerSettings: [.linkedLibrary("dnnl")]),
    .target(
      name: "LanguageModel", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: settings),
    .target(
      name: "Tools", dependencies: ["CLibGit2", "COpenSSL", subprocess], swiftSettings: settings),
    .target(
      name: "Agent",
      dependencies: ["LanguageModel", "Tools", "TOMLKit", subprocess],
      resources: makingScripts.map { .embedInCode("Tasks/Making/Python/\($0)") },
      swiftSettings: settings),
    .target(
      name: "SDPO", dependencies: ["Agent", "LanguageModel", "CKernels"], swiftSettings: settings),
    .target(
      name: "Serving",
      dependencies: [
        "Agent", "LanguageModel",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "CLI",
      dependencies: [
        "SDPO", "Serving", "Agent", "Tools", "LanguageModel", "CKernels", "COneDNN", argumentParser,
      ],
      swiftSettings: settings),

    .testTarget(
      name: "LanguageModelTests", dependencies: ["LanguageModel"], swiftSettings: settings),
    .testTarget(name: "ToolsTests", dependencies: ["Tools"], swiftSettings: settings),
    .testTarget(
      name: "AgentTests", dependencies: ["Agent", "Tools", "LanguageModel"], swiftSettings: settings
    ),
    .testTarget(
      name: "SDPOTests", dependencies: ["SDPO", "Agent", "Tools", "LanguageModel"],
      swiftSettings: settings),
    .testTarget(
      name: "ServingTests", dependencies: ["Serving", "LanguageModel"], swiftSettings: settings),
    .testTarget(name: "CLITests", dependencies: ["CLI", subprocess], swiftSettings: settings),
  ]
)
