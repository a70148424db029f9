package import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
package import OCI

extension PreflightNeeds {
    /// Reckons what `bundle` needs on a host of `platform`.
    ///
    /// Reads a few bytes of each layer, whatever the bundle's size.
    ///
    /// - Parameters:
    ///   - bundle: the opened bundle.
    ///   - platform: the host's; only that platform's layers are counted, all where the bundle lacks it.
    ///   - profile: the one whose values are among `values`, as the operator named it.
    ///   - values: parameter values as they will be; those of the build where one is not given.
    /// - Throws: ``FramesError`` where the archive can't be read.
    package init(
        of bundle: BundleReader, platform: Platform = .current, profile: String? = nil, values: [String: String] = [:]
    ) throws {
        let description = bundle.description
        let all = bundle.graph.entries.flatMap(\.images)
        let own = all.filter { $0.platform == platform }
        let layers = Set((own.isEmpty ? all : own).flatMap { $0.manifest.value.layers.map(\.bare) })
        let binary = description.kubernetes?.binaries[platform.description]
        let config = KubernetesNetworks(of: bundle, values: values)
        self.init(
            platforms: description.platforms, distribution: description.kubernetes?.distribution,
            distributionBytes: bundle.artifact.value.layers.first {
                binary != nil && $0.annotations?[Annotation.title] == binary
            }?.size ?? 0,
            imageBytes: layers.map(\.size).reduce(0, saturatingSum),
            unpackedBytes: try UnpackedSize.total(of: layers, in: bundle),
            workloads: Requirements(of: bundle, profile: profile, values: values)
                .moved(from: description.parameters, to: values),
            images: description.images.map(\.reference),
            created: bundle.index.value.annotations?[Annotation.created].flatMap(Timestamp.seconds),
            podCIDR: config.podCIDR ?? Self.defaultPodCIDR, serviceCIDR: config.serviceCIDR ?? Self.defaultServiceCIDR)
        for parameter in description.parameters {
            guard let value = values[parameter.name] ?? parameter.value else { continue }
            // Others may be secrets, and are nobody's business here.
            guard parameter.kind == .path || value == podCIDR || value == serviceCIDR else { continue }
            settings[parameter.name] = value
        }
    }
}

/// The larger of all numbers rather than an overflow: sizes come from a file that anybody could have made.
func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflows) = left.addingReportingOverflow(right)
    return overflows ? .max : sum
}

extension BundleReader {
    /// The text of an artifact's layer; `nil` where it is none that the archive's beginning has.
    fileprivate func text(of layer: Descriptor?) -> String? {
        let member = contents.members.first { layer.map { LayoutNames.blob($0.digest) } == $0.name }
        guard case .document(let bytes) = member?.content else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What the manifests of all stages ask for with `values`.
    fileprivate func amounts(with values: [String: String]) -> ManifestAmounts? {
        // A value that its parameter refuses was an error long before preflight.
        guard let expansion = try? ParameterExpansion(parameters: description.parameters, values: values) else {
            return nil
        }
        let texts = description.stages.flatMap(\.manifests).map { title in
            text(of: artifact.value.layers.first { $0.annotations?[Annotation.title] == title }) ?? ""
        }
        return ManifestAmounts(of: texts, expansion)
    }
}

extension Requirements {
    /// What `bundle` asks for with `values`: what its build has counted with others, and the difference that these make.
    fileprivate init(of bundle: BundleReader, profile: String?, values: [String: String]) {
        let description = bundle.description
        let built = Dictionary(
            description.parameters.compactMap { parameter in parameter.value.map { (parameter.name, $0) } },
            uniquingKeysWith: { first, _ in first })
        let known = Parameter.profileNames(in: profile).last { description.profileRequirements[$0] != nil }
        let counted = built.merging(known.flatMap { description.profiles[$0] } ?? [:]) { _, chosen in chosen }
        let chosen = built.merging(values) { _, chosen in chosen }
        self = description.requirements(withProfile: profile)
        guard counted != chosen, let before = bundle.amounts(with: counted), let now = bundle.amounts(with: chosen)
        else {
            return
        }
        change(from: before, to: now)
    }

    private mutating func change(from before: ManifestAmounts, to now: ManifestAmounts) {
        func changed(_ amount: Int64, _ field: (ManifestAmounts) -> Int64) -> Int64 {
            max(0, saturatingSum(amount, field(now) - field(before)))
        }
        cpuMillis = changed(cpuMillis, \.cpuMillis)
        memoryBytes = changed(memoryBytes, \.memoryBytes)
        memoryLimitBytes = changed(memoryLimitBytes, \.memoryLimitBytes)
        volumeBytes = changed(volumeBytes) { $0.capacities.values.reduce(0, saturatingSum) }
        // Claims of volumes that the bundle brings are not counted a second time.
        if now.capacities.isEmpty { volumeBytes = changed(volumeBytes, \.claimBytes) }
        for index in hostPaths.indices {
            guard let bytes = hostPaths[index].bytes, hostPaths[index].owner.hasPrefix("PersistentVolume/") else {
                continue
            }
            let name = String(hostPaths[index].owner.dropFirst("PersistentVolume/".count))
            hostPaths[index].bytes = changed(bytes) { $0.capacities[name] ?? 0 }
        }
        guard before.ports.count == now.ports.count else { return }
        let ports = Dictionary(
            zip(before.ports, now.ports).filter { $0 != $1 }, uniquingKeysWith: { first, _ in first })
        for index in hostPorts.indices { hostPorts[index].port = ports[hostPorts[index].port] ?? hostPorts[index].port }
    }

    /// The requirements with paths below a parameter's value put below the value that it will have.
    fileprivate func moved(from parameters: [Parameter], to values: [String: String]) -> Requirements {
        let moves = parameters.filter { $0.kind == .path }.compactMap { parameter -> (from: String, to: String)? in
            guard let from = parameter.value, let to = values[parameter.name], from != to else { return nil }
            return (from, to)
        }.sorted { $0.from.utf8.count > $1.from.utf8.count }
        var result = self
        for index in result.hostPaths.indices {
            let path = result.hostPaths[index].path
            guard let move = moves.first(where: { path == $0.from || path.hasPrefix($0.from + "/") }) else { continue }
            result.hostPaths[index].path = move.to + path.dropFirst(move.from.count)
        }
        return result
    }
}

/// The networks that a bundle's Kubernetes configuration names.
struct KubernetesNetworks {
    var podCIDR: String?
    var serviceCIDR: String?

    init(of bundle: BundleReader, values: [String: String]) {
        self.init()
        let layer = bundle.artifact.value.layers.first { $0.mediaType == .kubernetesConfig }
        guard let text = bundle.text(of: layer) else { return }
        let parameters = bundle.description.parameters
        let known = parameters.compactMap { parameter in
            (values[parameter.name] ?? parameter.value).map { (parameter.name, $0) }
        }
        self.init(
            reading: text, values: Dictionary(known) { first, _ in first }, parameters: parameters)
    }

    private init() {}

    /// Finds the two keys line by line: there is no YAML reader on this side, and k0s itself reads the file strictly.
    init(reading text: String, values: [String: String], parameters: [Parameter]) {
        // A value that its parameter refuses was an error long before preflight.
        guard let expansion = try? ParameterExpansion(parameters: parameters, values: values) else { return }
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let key = parts[0].filter { !$0.isWhitespace }
            guard key == "podCIDR" || key == "serviceCIDR" else { continue }
            // A placeholder without a value leaves k0s' default to be looked at.
            guard let expanded = try? expansion.expand(String(parts[1])) else { continue }
            let value = expanded.prefix { $0 != "#" }.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
            if key == "podCIDR" { podCIDR = value } else { serviceCIDR = value }
        }
    }
}
