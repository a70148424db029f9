import Definition
import DefinitionTestSupport
import SystemPackage
import Testing
import Yams

@Suite struct PostureTests {
    private func exceptions(_ variant: Variant) throws -> [PostureException] {
        let platform = try variant.rendered()
        let texts = Dictionary(platform.files.map { ($0.path, $0.text) }) { first, _ in first }
        return ObjectGraph(platform).postureExceptions(in: texts)
    }

    @Test(arguments: [Variant(), Variant("small,restricted")]) func everyExceptionHasItsReason(_ variant: Variant)
        throws
    {
        let unexplained = try exceptions(variant).filter { $0.reason.isEmpty }
        #expect(unexplained == [])
    }

    /// The table in docs/platform/production.md names the exceptions that there are, and no others.
    @Test func theDocumentedExceptionsAreThose() throws {
        let page = try readText(at: repositoryRoot.appending("docs/platform/production.md"))
        let documented = page.split(separator: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|").map(\.trimmed)
            guard cells.count == 4, cells[0].hasPrefix("`"), !cells[3].isEmpty else { return nil }
            return cells[0...2].map { $0.split(separator: "`").joined() }.joined(separator: " ")
        }
        #expect(!documented.isEmpty)
        let actual = try exceptions(Variant()).map { "\($0.object) \($0.container) \($0.setting)" }
        #expect(Set(actual).subtracting(documented).sorted() == [], "not in the table")
        #expect(Set(documented).subtracting(actual).sorted() == [], "no longer there")
    }

    private static let tight =
        "allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}"
    private static let tightPod = """
        runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}
        """

    /// The settings found, each with its reason.
    private func found(
        pod: String = tightPod, more: String = "automountServiceAccountToken: false", container: String = tight,
        comment: String = ""
    ) throws -> [String] {
        let text = """
            kind: Pod
            metadata: {name: p}
            spec:
              # above everything
              securityContext: {\(pod)}
              \(more)
              containers:
                - name: c
                  securityContext: {\(container)}
                  \(comment)
            """
        return try ObjectGraph(text).postureExceptions(in: ["one.yaml": text]).map {
            "\($0.container) \($0.setting) \($0.reason)"
        }
    }

    @Test(
        arguments: [
            (tightPod, []), ("runAsUser: 1, seccompProfile: {type: RuntimeDefault}", ["pod runAsNonRoot "]),
            ("runAsNonRoot: true, runAsUser: 0, seccompProfile: {type: RuntimeDefault}", ["pod runAsUser "]),
            ("runAsNonRoot: true, runAsUser: 1", ["pod seccompProfile "]),
            ("runAsNonRoot: true, runAsUser: 1, seccompProfile: {type: Unconfined}", ["pod seccompProfile "]),
        ] as [(String, [String])]) func findsWhatAPodMay(_ context: String, _ settings: [String]) throws
    {
        #expect(try found(pod: context) == settings)
    }

    @Test(
        arguments: [
            (tight, []),
            ("readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}", ["c allowPrivilegeEscalation "]),
            ("allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}", ["c readOnlyRootFilesystem "]),
            ("allowPrivilegeEscalation: false, readOnlyRootFilesystem: true", ["c capabilities "]),
            (
                "allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL], add: [SYS_ADMIN]}",
                ["c capabilities "]
            ),
            (tight + ", runAsUser: 0, runAsNonRoot: false", ["c runAsNonRoot ", "c runAsUser "]),
            (tight + ", privileged: true", ["c privileged "]),
        ] as [(String, [String])]) func findsWhatAContainerMay(_ context: String, _ settings: [String]) throws
    {
        #expect(try found(container: context) == settings)
    }

    @Test func aUserIsThePodsOrEachContainers() throws {
        let context = "runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}"
        #expect(try found(pod: context) == ["pod runAsUser "])
        #expect(try found(pod: context, container: Self.tight + ", runAsUser: 1") == [])
    }

    @Test func findsWhatAPodSeesOfItsNode() throws {
        #expect(try found(more: "hostNetwork: true") == ["pod automountServiceAccountToken ", "pod hostNetwork "])
    }

    @Test func aReasonStandsBesideItsException() throws {
        let weak = "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}"
        #expect(try found(container: weak, comment: "# exception: it writes") == ["c readOnlyRootFilesystem it writes"])
        #expect(try found(container: weak, comment: "# because it writes") == ["c readOnlyRootFilesystem "])
        // A container's reason is none for its pod, nor the other way round.
        #expect(
            try found(more: "hostNetwork: true", comment: "# exception: a") == [
                "pod automountServiceAccountToken ", "pod hostNetwork ",
            ])
        #expect(
            try found(more: "automountServiceAccountToken: false # exception: b", container: weak) == [
                "c readOnlyRootFilesystem "
            ])
    }

    @Test(
        arguments: [
            ("[chown, -R, \"1:1\", /d]", "drop: [ALL], add: [CHOWN]", []),
            (
                "[chown, -R, \"1:1\", /d]", "drop: [ALL], add: [SYS_ADMIN]",
                ["capabilities", "runAsNonRoot", "runAsUser"]
            ),
            ("[id]", "drop: [ALL]", ["runAsNonRoot", "runAsUser"]),
        ] as [(String, String, [String])]) func handingOverAVolumeNeedsRoot(
            _ command: String, _ capabilities: String, _ settings: [String]
        ) throws
    {
        let graph = try ObjectGraph(
            """
            kind: Pod
            metadata: {name: p}
            spec:
              securityContext: {\(Self.tightPod)}
              automountServiceAccountToken: false
              containers: []
              initContainers:
                - name: permissions
                  image: docker.io/library/busybox:1.35.0
                  command: \(command)
                  securityContext:
                    runAsUser: 0
                    runAsNonRoot: false
                    allowPrivilegeEscalation: false
                    readOnlyRootFilesystem: true
                    capabilities: {\(capabilities)}
            """)
        #expect(graph.postureExceptions(in: [:]).map(\.setting) == settings)
    }
}
