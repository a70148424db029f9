import Yams

/// Rules of services and of the ways in.
extension ObjectGraph {
    /// Every Service selects a pod, and each of its ports is one that every such pod has.
    func servicesWithoutPods() -> [Finding] {
        all("Service").flatMap { service -> [Finding] in
            let selector = strings(service["spec", "selector"])
            guard !selector.isEmpty else { return [Finding(service, "selects nothing")] }
            let chosen = pods.filter { pod in selector.allSatisfy { pod.labels[$0.key] == $0.value } }
            let running = chosen.filter(\.object.isLongRunning)
            guard !running.isEmpty else { return [Finding(service, "selects no pod")] }
            return (service["spec", "ports"]?.items ?? []).flatMap { port -> [Finding] in
                let target = (port["targetPort"] ?? port["port"])?.string ?? ""
                return chosen.filter { !$0.containers.contains { $0.listens(on: target) } }.map {
                    Finding(service, "port \(target) is not one of \($0.object.title)")
                }
            }
        }
    }

    /// Every path of every Ingress leads to a port of a Service that is there by then.
    func ingressesWithoutServices() -> [Finding] {
        all("Ingress").flatMap { ingress in
            routes(of: ingress).compactMap { route in
                guard let service = object("Service", route.service, notAfter: ingress) else {
                    return Finding(ingress, "\(route.path) leads to the missing Service \(route.service)")
                }
                let ports = service["spec", "ports"]?.items ?? []
                guard ports.contains(where: { [$0["name"]?.string, $0["port"]?.string].contains(route.port) }) else {
                    return Finding(ingress, "\(route.path) leads to \(route.service), which has no port \(route.port)")
                }
                return nil
            }
        }
    }

    /// Every Ingress says by which entry points it is reached, names a class that is there, and only middlewares that
    /// the file provider has.
    func ingressesThatTraefikRefuses() -> [Finding] {
        let prefix = "traefik.ingress.kubernetes.io/router."
        let arguments = containers.filter { $0.image.contains("/traefik:") }.flatMap(\.words)
        let middlewares = fileMiddlewares
        return all("Ingress").flatMap { ingress -> [Finding] in
            var findings: [Finding] = []
            let annotations = strings(ingress["metadata", "annotations"])
            let points = (annotations[prefix + "entrypoints"] ?? "").split(separator: ",").map(String.init)
            if points.isEmpty { findings.append(Finding(ingress, "would be attached to every entry point")) }
            for point in points where !arguments.contains(where: { $0.hasPrefix("--entrypoints.\(point).address=") }) {
                findings.append(Finding(ingress, "there is no entry point \(point)"))
            }
            for name in (annotations[prefix + "middlewares"] ?? "").split(separator: ",").map(String.init) {
                guard name.hasSuffix("@file"), middlewares.contains(String(name.dropLast(5))) else {
                    findings.append(Finding(ingress, "there is no middleware \(name)"))
                    continue
                }
            }
            let name = ingress["spec", "ingressClassName"]?.string ?? ""
            if object("IngressClass", name, notAfter: ingress) == nil {
                findings.append(Finding(ingress, "there is no IngressClass '\(name)'"))
            }
            return findings
        }
    }

    /// The workloads' own words: selectors match templates, owners' Services are there.
    func selectorsWithoutPods() -> [Finding] {
        objects.filter(\.isLongRunning).flatMap { workload -> [Finding] in
            var findings: [Finding] = []
            let selector = strings(workload["spec", "selector", "matchLabels"])
            if selector.isEmpty || selector.contains(where: { workload.podLabels[$0.key] != $0.value }) {
                findings.append(Finding(workload, "its selector does not match its own pods"))
            }
            for label in ["app"] where workload.podLabels[label] == nil {
                findings.append(Finding(workload, "its pods have no label \(label)"))
            }
            if workload.kind == "StatefulSet" {
                let name = workload["spec", "serviceName"]?.string ?? ""
                if object("Service", name, notAfter: workload) == nil {
                    findings.append(Finding(workload, "there is no Service '\(name)'"))
                }
            }
            return findings
        }
    }

    /// One path of an Ingress.
    struct Route: Hashable {
        let host: String?
        let path: String
        let service: String
        let port: String
    }

    func routes(of ingress: Object) -> [Route] {
        func route(_ backend: Node?, _ host: String?, _ path: String) -> Route {
            let port = backend?["service"]?["port"]
            return Route(
                host: host, path: path, service: backend?["service"]?["name"]?.string ?? "",
                port: (port?["name"] ?? port?["number"])?.string ?? "")
        }
        var routes = (ingress["spec", "rules"]?.items ?? []).flatMap { rule in
            (rule["http"]?["paths"]?.items ?? []).map {
                route($0["backend"], rule["host"]?.string, $0["path"]?.string ?? "")
            }
        }
        if let backend = ingress["spec", "defaultBackend"] { routes.append(route(backend, nil, "/")) }
        return routes
    }

    /// The middlewares in the texts of ConfigMaps, for Traefik's file provider.
    private var fileMiddlewares: Set<String> {
        Set(
            all("ConfigMap").flatMap { map in
                strings(map["data"]).values.flatMap { text -> [String] in
                    // Most texts in ConfigMaps are no YAML; those have no middlewares.
                    let document = try? Yams.compose(yaml: text)
                    guard let list = document?["http"]?["middlewares"]?.mapping else { return [] }
                    return list.keys.compactMap(\.string)
                }
            })
    }
}
