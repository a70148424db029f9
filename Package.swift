// swift-tools-version: 6.2

import PackageDescription

// One list of settings for every target: a promise that holds in one module holds in all.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nio = ["NIOCore", "NIOHTTP1", "NIOPosix"].map { Target.Dependency.product(name: $0, package: "swift-nio") }
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

// The installer is one file that runs on any Linux of its architecture: in release builds everything,
// libc included, is linked in. libarchive.a needs the libraries that its other formats use.
let fullyStatic: [LinkerSetting] =
    [
        // -s: it travels in every bundle, and nobody has a debugger where it runs. The script: see there. The warnings
        // are about functions of libc that want shared libraries; none of ours calls them.
        .unsafeFlags(
            [
                "-static-executable", "-Xlinker", "-s", "-Xlinker", "--no-warnings",
                // GNU ld, since of the three linkers only it discards by the name of an archive's member.
                "-use-ld=bfd",
                // What scripts/fetch-libraries makes.
                "-L\(Context.packageDirectory)/.build/libraries", "-Xlinker", "-T",
                "-Xlinker", "\(Context.packageDirectory)/Sources/sealift-installer/small.ld",
            ], .when(configuration: .release))
    ]
    + ["acl", "hogweed", "nettle", "gmp", "lzma", "bz2", "lz4", "z"].map {
        .linkedLibrary($0, .when(configuration: .release))
    }

let package = Package(
    name: "sealift",
    products: [
        .executable(name: "sealift", targets: ["sealift"]),
        .executable(name: "sealift-installer", targets: ["sealift-installer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // MARK: C libraries, each imported by exactly one module
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CIsal", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CNettle", pkgConfig: "hogweed", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // MARK: both sides of the air gap
        .target(name: "OCI", dependencies: ["CCrypto"]),
        .target(name: "Threads"),
        .target(name: "Linux", dependencies: ["CLinux"]),
        .target(name: "Frames", dependencies: ["CXXHash", "CZstd", "OCI", "Threads", system]),
        .target(name: "Tarball", dependencies: ["CArchive"]),
        .target(name: "Inflate", dependencies: ["CIsal"]),
        .target(name: "Layers", dependencies: ["Frames", "Inflate"]),
        .target(name: "Signatures", dependencies: ["CNettle", "OCI", system]),
        .target(name: "ImageLayout", dependencies: ["OCI"]),
        .target(
            name: "BundleFormat",
            dependencies: ["Frames", "ImageLayout", "OCI", "Signatures", "Tarball", "Threads", system]),
        .target(
            name: "CommandSupport",
            dependencies: [
                "BundleFormat", "Frames", "Linux", "OCI", "Signatures", "Tarball", "Threads", argumentParser, system,
            ]),

        // MARK: the connected side
        .target(name: "HTTP", dependencies: ["CCurl", "Threads", system]),
        .target(name: "Registry", dependencies: ["HTTP", "OCI", "Threads", subprocess, system]),
        .target(name: "Packages", dependencies: ["BundleFormat", "ImageLayout", "Inflate", "Layers", "OCI"]),
        .target(name: "Definition", dependencies: ["BundleFormat", "OCI", system, yams]),
        .target(name: "Discovery", dependencies: ["BundleFormat", "Definition", "OCI", system]),
        .target(
            name: "Charts", dependencies: ["BundleFormat", "Definition", "OCI", "Processes", "Threads", system]),
        .target(
            name: "BundleBuilder",
            dependencies: [
                "BundleFormat", "Charts", "Definition", "Discovery", "Frames", "ImageLayout", "OCI", "Packages",
                "Registry",
                "Signatures", "Threads", subprocess, system,
            ]),
        .target(name: "BundlePage", dependencies: ["BundleFormat", "ImageLayout", "OCI", "Signatures", system]),
        .target(
            name: "BundleDistribution",
            dependencies: [
                "BundleBuilder", "BundleFormat", "Frames", "ImageLayout", "OCI", "Registry", "Signatures", "Threads",
                system,
            ]),
        .target(
            name: "RegistryServer",
            dependencies: ["BundleFormat", "Frames", "ImageLayout", "OCI", "Threads"] + nio),
        .target(
            name: "BuilderCommands",
            dependencies: [
                "BundleBuilder", "BundleDistribution", "BundleFormat", "BundlePage", "Charts", "CommandSupport",
                "Definition", "Discovery", "ImageLayout", "Linux", "OCI", "Registry", "RegistryServer",
                "Signatures", "Threads", argumentParser, system,
            ]),
        .executableTarget(name: "sealift", dependencies: ["BuilderCommands"]),

        // MARK: the isolated side; no path from here to HTTP or Registry
        .target(name: "HTTP2", dependencies: ["CNghttp2", "Linux", "Threads", system]),
        .target(name: "Containerd", dependencies: ["HTTP2", "OCI", "Threads", system]),
        .target(name: "Unpack", dependencies: ["Layers", "Linux", "OCI", system]),
        .target(
            name: "NodeImages",
            dependencies: [
                "BundleFormat", "Containerd", "Frames", "ImageLayout", "Layers", "OCI", "Threads", "Unpack", system,
            ]),
        .target(name: "Processes", dependencies: [subprocess, system]),
        .target(
            name: "Preflight",
            dependencies: ["BundleFormat", "Frames", "ImageLayout", "Inflate", "OCI", "Threads", system]),
        .target(name: "Cluster", dependencies: ["Inflate", "Processes", system]),
        .target(
            name: "BundleInstaller",
            dependencies: [
                "BundleFormat", "Cluster", "Containerd", "Frames", "ImageLayout", "NodeImages", "OCI", "Preflight",
                "Processes", "Tarball", "Threads", system,
            ]),
        .target(
            name: "InstallerCommands",
            dependencies: [
                "BundleFormat", "BundleInstaller", "Cluster", "CommandSupport", "Containerd", "NodeImages", "OCI",
                "Preflight", "Processes", "Signatures", "Threads", argumentParser, system,
            ]),
        .executableTarget(
            name: "sealift-installer", dependencies: ["InstallerCommands"], exclude: ["small.ld"],
            linkerSettings: fullyStatic),

        // MARK: tests
        .target(
            name: "DefinitionTestSupport", dependencies: ["Definition", system], path: "Tests/DefinitionTestSupport"),
        .target(
            name: "TestSupport", dependencies: ["OCI", "Threads", subprocess, system], path: "Tests/TestSupport",
            exclude: ["Scripts"]),
        .target(
            name: "HostileBundles",
            dependencies: [
                "BundleFormat", "Frames", "ImageLayout", "OCI", "Signatures", "Tarball", "TestSupport", system,
            ], path: "Tests/HostileBundles"),
        .target(
            name: "HostileRegistries", dependencies: ["OCI", "TestSupport", "Threads"], path: "Tests/HostileRegistries"),
        .testTarget(name: "OCITests", dependencies: ["OCI"]),
        .testTarget(
            name: "UnpackTests", dependencies: ["Layers", "Linux", "OCI", "TestSupport", "Threads", "Unpack", system]),
        .testTarget(
            name: "SignaturesTests", dependencies: ["OCI", "Signatures", "TestSupport", system]),
        .testTarget(name: "ThreadsTests", dependencies: ["Threads"]),
        .testTarget(
            name: "FramesTests", dependencies: ["CZstd", "Frames", "OCI", "TestSupport", "Threads", system]),
        .testTarget(
            name: "TarballTests", dependencies: ["Tarball", "TestSupport", system]),
        .testTarget(
            name: "ImageLayoutTests", dependencies: ["ImageLayout", "OCI", "TestSupport"]),
        .testTarget(
            name: "BundleFormatTests",
            dependencies: [
                "BundleFormat", "Frames", "HostileBundles", "ImageLayout", "OCI", "Signatures", "Tarball",
                "TestSupport", "Threads", system,
            ]),
        .testTarget(
            name: "BundlePageTests",
            dependencies: [
                "BundleFormat", "BundlePage", "HostileBundles", "OCI", "Signatures", "TestSupport", system,
            ]),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "TestSupport", "Threads", system]),
        .testTarget(
            name: "RegistryTests",
            dependencies: ["HTTP", "HostileRegistries", "OCI", "Registry", "TestSupport", "Threads", system]),
        .testTarget(
            name: "BundleDistributionTests",
            dependencies: [
                "BundleBuilder", "BundleDistribution", "BundleFormat", "HostileBundles", "OCI", "Registry",
                "Signatures",
                "TestSupport", "Threads", system,
            ]),
        .testTarget(
            name: "RegistryServerTests",
            dependencies: [
                "BundleFormat", "HTTP", "HostileBundles", "OCI", "Registry", "RegistryServer", "TestSupport", "Threads",
                subprocess, system,
            ]),
        .testTarget(name: "InflateTests", dependencies: ["Inflate", "TestSupport", system]),
        .testTarget(
            name: "PackagesTests",
            dependencies: ["BundleFormat", "ImageLayout", "OCI", "Packages", "TestSupport", "Threads", system],
            exclude: ["Scripts"]),
        .testTarget(
            name: "DefinitionTests",
            dependencies: ["BundleFormat", "Definition", "DefinitionTestSupport", "OCI", system]),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: ["BundleFormat", "Definition", "DefinitionTestSupport", "Discovery", "OCI", system]),
        .testTarget(
            name: "ChartsTests",
            dependencies: [
                "Charts", "Definition", "DefinitionTestSupport", "Discovery", "OCI", "Processes", "TestSupport", system,
            ]),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "BuilderCommands", "BundleBuilder", "BundleFormat", "CommandSupport", "Definition",
                "DefinitionTestSupport", "Discovery", "OCI", "TestSupport", argumentParser, subprocess, system, yams,
            ]),
        .testTarget(name: "HTTP2Tests", dependencies: ["CNghttp2", "HTTP2", "TestSupport", "Threads", system]),
        .testTarget(name: "ContainerdTests", dependencies: ["Containerd", "OCI", "TestSupport", "Threads", system]),
        .testTarget(
            name: "NodeImagesTests",
            dependencies: [
                "BundleFormat", "Containerd", "Frames", "ImageLayout", "NodeImages", "OCI", "TestSupport", "Threads",
                subprocess, system,
            ]),
        .testTarget(name: "ProcessesTests", dependencies: ["Processes", "TestSupport", system]),
        .testTarget(
            name: "PreflightTests",
            dependencies: [
                "BundleFormat", "Frames", "ImageLayout", "OCI", "Preflight", "TestSupport", subprocess, system,
            ]),
        .testTarget(
            name: "ClusterTests", dependencies: ["Cluster", "Processes", "TestSupport", subprocess, system]),
        .testTarget(
            name: "BundleInstallerTests",
            dependencies: [
                "BundleFormat", "BundleInstaller", "Cluster", "Containerd", "Frames", "ImageLayout", "NodeImages",
                "OCI", "Preflight", "Processes", "TestSupport", "Threads", system,
            ]),
        .testTarget(
            name: "InstallerCommandsTests",
            dependencies: [
                "BundleInstaller", "Cluster", "CommandSupport", "Containerd", "InstallerCommands", "NodeImages", "OCI",
                "Preflight", "Processes", "TestSupport", argumentParser, system,
            ]),
        .testTarget(
            name: "PlatformTests",
            dependencies: [
                "BundleFormat", "Definition", "DefinitionTestSupport", "Discovery", "OCI", "Preflight", "TestSupport",
                "Threads", subprocess, system, yams,
            ],
            exclude: ["Fixtures", "Scripts"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "BundleFormat", "Definition", "HostileBundles", "HostileRegistries", "ImageLayout", "OCI",
                "TestSupport",
                subprocess, system,
            ],
            exclude: ["Fixtures", "Scripts"]),
    ]
)

// The fuzzers' targets: run by libFuzzer where it is asked for (scripts/fuzz), else over their corpus, as a test.
let isFuzzing = Context.environment["SEALIFT_FUZZING"] == "1"
let fuzzed: [Target.Dependency] = [
    "BundleFormat", "Cluster", "Containerd", "Definition", "Discovery", "Frames", "HTTP", "HTTP2", "ImageLayout",
    "Layers",
    "OCI", "Preflight", "Registry", "Signatures", "Tarball", "Threads", "Unpack", system,
]
package.targets.append(
    isFuzzing
        ? .executableTarget(
            name: "sealift-fuzz", dependencies: fuzzed, path: "Tests/Fuzzing",
            exclude: ["Replay", "corpus", "dictionaries"])
        : .testTarget(
            name: "FuzzingTests", dependencies: fuzzed, path: "Tests/Fuzzing",
            exclude: ["Driver", "corpus", "dictionaries"]))

// SEALIFT_TESTS names test targets that are to be built, with what they need and nothing else: under a sanitizer
// everything is built once more.
if let names = Context.environment["SEALIFT_TESTS"]?.split(separator: " ").map({ String($0) }) {
    var needed: Set<String> = []
    var open = names
    while let name = open.popLast() {
        guard needed.insert(name).inserted else { continue }
        for case .byNameItem(let next, _) in package.targets.first(where: { $0.name == name })?.dependencies ?? [] {
            open.append(next)
        }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products = []
}

// The installer travels in every bundle: what no byte of an image goes through is made small, not fast.
let small: Set = [
    "BundleFormat", "BundleInstaller", "Cluster", "CommandSupport", "Containerd", "ImageLayout", "InstallerCommands",
    "NodeImages", "Preflight", "Processes", "Signatures",
]

// Only where it is asked for, as for a release: every commit would compile everything above this module anew.
let commit = Context.environment["SEALIFT_COMMIT"] ?? ""
precondition(commit.allSatisfy { $0.isHexDigit }, "SEALIFT_COMMIT is no commit: \(commit)")

for target in package.targets where target.type != .system {
    target.swiftSettings =
        small.contains(target.name)
        ? settings + [.unsafeFlags(["-Osize"], .when(configuration: .release))] : settings
    if target.name == "Linux", !commit.isEmpty {
        target.swiftSettings? += [.unsafeFlags(["-Xcc", "-DSEALIFT_COMMIT=\"\(commit)\""])]
    }
}
