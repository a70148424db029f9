internal import Definition
internal import OCI

/// Images without a tag, or with one that moves by design.
func latestTagFindings(of images: [DiscoveredImage]) -> [LintFinding] {
    images.filter { $0.reference.tag == "latest" && $0.reference.digest == nil }.flatMap { image in
        image.origins.map { origin in
            LintFinding(
                rule: .latestTag, severity: .error, file: origin.file, line: origin.line, object: origin.object,
                field: origin.field,
                message: image.reference.tagIsImplied
                    ? "'\(image.written)' has no tag, which means latest" : "'\(image.written)' has the tag latest",
                remedy: "name the version that was tested, as in \(image.reference.name):1.2.3")
        }
    }
}

/// What lint finds in one file.
func lintFindings(in scan: ManifestScan, known: KnownHostPaths) -> [LintFinding] {
    var findings: [LintFinding] = []
    for spec in scan.podSpecs {
        var linter = PodLinter(spec, known: known)
        linter.run()
        findings += linter.findings
    }
    for object in scan.objects where object.kind == "PersistentVolume" {
        for source in ["hostPath", "local"] {
            guard let path = object.node[path: "spec", source, "path"] else { continue }
            findings += hostPathFinding(
                path, in: object, field: FieldPath() / "spec" / source / "path", known: known)
        }
    }
    return findings
}

/// A path of the host that isn't one of `known`.
func hostPathFinding(
    _ path: YAMLNode, in object: ManifestObject, field: FieldPath, known: KnownHostPaths
) -> [LintFinding] {
    guard let fault = known.fault(of: path.text ?? "") else { return [] }
    return [
        LintFinding(
            rule: .hostPath, severity: .error, file: object.file, line: path.line, object: object.label,
            field: field.description, message: fault.message, remedy: fault.remedy)
    ]
}

/// Claims that several workloads of the bundle write.
func sharedClaimFindings(in scans: [ManifestScan]) -> [LintFinding] {
    struct Use {
        let spec: PodSpec
        let claim: YAMLNode
        let field: FieldPath
    }
    var uses: [[String]: [Use]] = [:]
    for spec in scans.flatMap(\.podSpecs) {
        for (index, volume) in (spec.node["volumes"]?.elements ?? []).enumerated() {
            guard let claim = volume[path: "persistentVolumeClaim", "claimName"], let name = claim.text,
                writes(spec, volume)
            else { continue }
            let field = (spec.field / "volumes")[index] / "persistentVolumeClaim" / "claimName"
            uses[[spec.object.namespace, name], default: []].append(Use(spec: spec, claim: claim, field: field))
        }
    }
    return uses.values.flatMap { uses -> [LintFinding] in
        let workloads = Set(uses.map(\.spec.object.label)).sorted()
        guard workloads.count > 1 else { return [] }
        return uses.map { use in
            LintFinding(
                rule: .sharedClaim, severity: .error, file: use.spec.object.file, line: use.claim.line,
                object: use.spec.object.label, field: use.field.description,
                message: "claim '\(use.claim.text ?? "")' is written by \(workloads.joined(separator: " and "))",
                remedy: "give each workload its own claim, or mount it readOnly in all but one")
        }
    }
}

/// Whether a container of `spec` may write the claim of `volume`.
private func writes(_ spec: PodSpec, _ volume: YAMLNode) -> Bool {
    guard volume[path: "persistentVolumeClaim", "readOnly"]?.text != "true" else { return false }
    let mounts = spec.containers.flatMap { $0.node["volumeMounts"]?.elements ?? [] }
        .filter { $0["name"]?.text == volume["name"]?.text }
    // Without a mount nobody writes today, but the claim is bound all the same.
    return mounts.isEmpty || mounts.contains { $0["readOnly"]?.text != "true" }
}
