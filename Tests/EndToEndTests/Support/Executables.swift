import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

/// The release executables that these tests drive.
enum Executables {
    /// `$SEALIFT_BIN_DIR`, or `.build/release` of this package.
    static let folder: FilePath =
        if let given = ProcessInfo.processInfo.environment["SEALIFT_BIN_DIR"], !given.isEmpty {
            FilePath(given)
        } else {
            FilePath("\(#filePath)").removingLastComponent().removingLastComponent().removingLastComponent()
                .removingLastComponent().appending(".build/release")
        }

    static let sealift = folder.appending("sealift")
    static let installer = folder.appending("sealift-installer")

    /// What every suite here needs.
    static let areThere = DockerRegistry.isInstalled && exists(sealift) && exists(installer)
    static let need: Comment =
        "needs docker-registry, htpasswd, openssl, and both executables in .build/release or $SEALIFT_BIN_DIR"

    /// Checks a CycloneDX document against its schema; `scripts/fetch-test-parts` gets it.
    static let validator = ProcessInfo.processInfo.environment["SEALIFT_CYCLONEDX_VALIDATE"]

    /// Whether this process may mount, chroot and run containers.
    static let isRoot = geteuid() == 0

    /// Whether all of `programs` are installed.
    static func areInstalled(_ programs: String...) -> Bool {
        programs.allSatisfy { program in
            ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].contains { exists(FilePath($0).appending(program)) }
        }
    }
}
