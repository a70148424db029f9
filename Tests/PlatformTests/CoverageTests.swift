import BundleFormat
import Definition
import DefinitionTestSupport
import SystemPackage
import TestSupport
import Testing

/// docs/platform/coverage.md says where each requirement of the two documents is met; here it is held to that.
@Suite struct CoverageTests {
    /// The lines of the documents that require something: A the architecture, B the integration patterns.
    static let required: [String: [ClosedRange<Int>]] = [
        "A": [
            3...3, 9...10, 16...18, 24...31, 37...38, 47...49, 53...53, 56...60, 63...63, 66...69, 71...72, 77...77,
            80...82, 84...86, 89...89, 92...94, 97...97, 100...103, 106...106, 109...111, 116...116, 119...122,
            125...125, 128...130, 134...147, 152...154, 159...166, 171...172, 177...183, 187...191, 194...198,
            203...206, 211...216, 220...223, 226...230, 235...238, 241...243, 249...253, 255...259,
        ],
        "B": [
            13...18, 21...24, 27...30, 34...50, 57...61, 64...67, 76...88, 93...95, 100...100, 103...103, 106...106,
            114...117, 123...126, 131...132, 142...145, 148...151, 155...165, 168...171, 178...183, 185...189,
            194...197, 203...214, 221...224, 227...230, 235...238, 245...248, 253...255, 269...273, 277...281,
            287...299,
        ],
    ]

    /// One line of a table: `| A:9-10 | what | M | where |`.
    struct Row {
        let document: String
        let lines: ClosedRange<Int>
        let kind: String
        let place: String

        init?(_ text: Substring) {
            let cells = text.split(separator: "|").map(\.trimmed)
            guard cells.count == 4, let colon = cells[0].firstIndex(of: ":") else { return nil }
            let numbers = cells[0][cells[0].index(after: colon)...].split(separator: "-").compactMap { Int($0) }
            guard let first = numbers.first, let last = numbers.last, first <= last else { return nil }
            document = String(cells[0][..<colon])
            lines = first...last
            kind = cells[2]
            place = cells[3]
        }

        var title: String { "\(document):\(lines.lowerBound)-\(lines.upperBound)" }

        var quoted: [String] { place.quoted }
    }

    private static let folder = repositoryRoot.appending("docs/platform")

    private func rows() throws -> [Row] {
        try readText(at: Self.folder.appending("coverage.md")).split(separator: "\n").compactMap(Row.init)
    }

    @Test func everyRequirementHasItsRow() throws {
        let rows = try rows()
        for (document, ranges) in Self.required {
            let covered = rows.filter { $0.document == document }.flatMap { Array($0.lines) }
            let wanted = ranges.flatMap { Array($0) }
            #expect(Set(wanted).subtracting(covered).sorted() == [], "lines of \(document) without a row")
            #expect(Set(covered).subtracting(wanted).sorted() == [], "lines of \(document) that require nothing")
        }
        for row in rows { #expect(["M", "D", "M, D"].contains(row.kind), "\(row.title)") }
    }

    /// What must be in the product is in the bundle or in the program; what is to be documented is linked.
    @Test func everyRowNamesItsPlace() throws {
        for row in try rows() {
            let places = row.quoted.filter { Self.isObject($0) || Self.isPath($0) }
            if row.kind.contains("M") { #expect(!places.isEmpty, "\(row.title) names no place") }
            if row.kind.contains("D") { #expect(!row.place.links.isEmpty, "\(row.title) names no page") }
        }
    }

    /// Objects, files, commands' objects, pages and headings that the platform's pages name are there.
    @Test(arguments: ["README", "coverage", "operations", "production", "verification"])
    func everythingThatAPageNamesIsThere(_ name: String) throws {
        let graph = try Variant().graph()
        let page = try readText(at: Self.folder.appending("\(name).md"))
        for text in page.quoted where Self.isObject(text) {
            #expect(graph.objects.contains { $0.title == text }, "\(text)")
        }
        for path in page.quoted where !Self.isObject(path) && Self.isPath(path) {
            let isThere = ["bundles/infometis", ""].contains { exists(repositoryRoot.appending($0).appending(path)) }
            #expect(isThere, "\(path)")
        }
        for word in page.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "`" || $0 == ";" }) {
            let pieces = word.split(separator: "/")
            let kinds = [
                "statefulset": "StatefulSet", "deployment": "Deployment", "daemonset": "DaemonSet", "job": "Job",
            ]
            guard pieces.count == 2, let kind = kinds[String(pieces[0])] else { continue }
            #expect(graph.object(kind, String(pieces[1])) != nil, "\(word)")
        }
        for link in page.links where !link.contains("://") {
            let pieces = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target = Self.folder.appending(pieces[0].isEmpty ? "\(name).md" : String(pieces[0]))
                .lexicallyNormalized()
            guard pieces.count == 2 else {
                #expect(exists(target), "\(link)")
                continue
            }
            #expect(Self.anchors(of: try readText(at: target)).contains(String(pieces[1])), "\(link)")
        }
    }

    /// Sizes are told by their pattern, everything else by its name.
    @Test func everyParameterIsTold() throws {
        let page = try readText(at: Self.folder.appending("operations.md")).quoted
        let sizes = ["Cpu", "CpuLimit", "Memory", "MemoryLimit", "Heap", "ProcessSize", "Volume"]
        let names = try RenderedPlatform().definition.parameters.map(\.name)
        for name in names where !sizes.contains(where: name.hasSuffix) {
            #expect(page.contains { $0 == name || $0.hasPrefix(name + "=") }, "\(name)")
        }
    }

    /// `Kind/name`, where the kind is one of the bundle's or looks like one.
    private static func isObject(_ text: String) -> Bool {
        let pieces = text.split(separator: "/")
        return pieces.count == 2 && pieces[0].first?.isUppercase == true
            && pieces[0].dropFirst().contains { $0.isLowercase }
            && !pieces[0].contains(".") && !["Tests", "Sources"].contains(pieces[0]) && !text.contains(" ")
            && text != "Kind/name"
    }

    /// Relative to the repository or to the bundle.
    private static func isPath(_ text: String) -> Bool {
        let folders = ["Sources", "Tests", "bundles", "checks", "docs", "manifests", "scripts"]
        guard let slash = text.firstIndex(of: "/"), !text.contains(" ") else { return false }
        return folders.contains(String(text[..<slash]))
    }

    /// As the pages are shown: lower case, hyphens for spaces, no punctuation.
    private static func anchors(of text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                String(
                    line.drop { $0 == "#" || $0 == " " }.lowercased().compactMap { character -> Character? in
                        if character == " " { return "-" }
                        return character.isLetter || character.isNumber || character == "-" ? character : nil
                    })
            })
    }

    @Test func aRowIsRead() throws {
        let row = try #require(
            Row("| A:9-10 | one way in | M, D | `Service/a`, `b.c` in `manifests/x.yaml`; [d](e.md#f) |"))
        #expect(row.document == "A" && row.lines == 9...10 && row.kind == "M, D")
        #expect(row.quoted == ["Service/a", "b.c", "manifests/x.yaml"])
        #expect(row.place.links == ["e.md#f"])
        #expect(row.quoted.map(Self.isObject) == [true, false, false])
        #expect(row.quoted.map(Self.isPath) == [false, false, true])
        #expect(try #require(Row("|B:5|x|D|y|")).lines == 5...5)
        #expect(Row("| line | requirement | kind | place |") == nil)
        #expect(Row("| A:x | y | M | z |") == nil)
        #expect(Self.anchors(of: "# One\ntext\n## TLS, and who may\n") == ["one", "tls-and-who-may"])
    }
}

extension String {
    /// What stands between backquotes, blocks of code left out.
    fileprivate var quoted: [String] {
        split(separator: "\n").filter { !$0.hasPrefix("```") }.flatMap { line in
            line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
    }

    /// The targets of links.
    fileprivate var links: [String] {
        split(separator: "](", omittingEmptySubsequences: false).dropFirst().compactMap {
            $0.split(separator: ")").first.map(String.init)
        }
    }
}
