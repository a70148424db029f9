import Yams

/// Rules of how containers show that they live.
extension ObjectGraph {
    /// The documented figures of readiness and liveness probes, in seconds and attempts.
    static let probeFigures: [(field: String, range: ClosedRange<Int>)] = [
        ("initialDelaySeconds", 30...60), ("periodSeconds", 10...30), ("timeoutSeconds", 5...10),
        ("failureThreshold", 3...5),
    ]

    /// Every container that is to run on has the three probes, with figures in the documented ranges, on its own ports.
    func unprobedContainers() -> [Finding] {
        containers.filter(\.isToRunOn).flatMap { container in
            ["readinessProbe", "livenessProbe", "startupProbe"].flatMap { name -> [Finding] in
                guard let probe = container.node[name] else { return [Finding(container, "no \(name)")] }
                // How long a start may take is each component's own affair; how often to look is not.
                let figures = Self.probeFigures.filter { name != "startupProbe" || $0.field == "periodSeconds" }
                return figures.compactMap { figure in
                    let value = probe[figure.field]?.int
                    return value.map(figure.range.contains) == true
                        ? nil
                        : Finding(container, "\(name).\(figure.field) is \(value.map(String.init) ?? "not given")")
                }
            }
        } + probesOfUnknownPorts()
    }

    /// Ports of probes and hooks are ports of their container.
    private func probesOfUnknownPorts() -> [Finding] {
        containers.flatMap { container in
            let hooks = ["postStart", "preStop"].map { container.node["lifecycle"]?[$0] }
            let probes = ["readinessProbe", "livenessProbe", "startupProbe"].map { container.node[$0] }
            return (probes + hooks).compactMap { $0 }.flatMap { probe in
                ["httpGet", "tcpSocket", "grpc"].compactMap { probe[$0]?["port"]?.string }
            }
            .filter { !container.listens(on: $0) }
            .map { Finding(container, "a probe asks port \($0), which it has not") }
        }
    }

    /// The longest that `workload` may take until it is there, in seconds: its own start, and before that the start of
    /// whom its init containers wait for, where that is of the same stage.
    func timeToBeThere(of workload: String) -> Int? {
        guard let pod = longRunning(workload), let own = startTime(of: workload) else { return nil }
        let awaited = pod.containers.filter(\.isInit).flatMap(\.awaitedServices).compactMap { object("Service", $0) }
        let earlier = awaited.filter { $0.stage == pod.object.stage }.compactMap { service in
            strings(service["spec", "selector"])["app"].flatMap(timeToBeThere)
        }
        return own + (earlier.max() ?? 0)
    }

    private func longRunning(_ workload: String) -> Pod? {
        pods.first { $0.object.isLongRunning && $0.object.name == workload }
    }

    /// How long the container may take to start, in seconds.
    func startTime(of workload: String) -> Int? {
        let container = longRunning(workload)?.containers.first { !$0.isInit }
        guard let probe = container?.node["startupProbe"] else { return nil }
        // Kubernetes' own defaults.
        return (probe["initialDelaySeconds"]?.int ?? 0)
            + (probe["periodSeconds"]?.int ?? 10) * (probe["failureThreshold"]?.int ?? 3)
    }
}

extension PodContainer {
    /// Whether Kubernetes keeps it running; of init containers only those that do not end.
    var isToRunOn: Bool {
        pod.object.isLongRunning && (!isInit || node["restartPolicy"]?.string == "Always")
    }

    /// The Services whose ports it waits for.
    var awaitedServices: [String] {
        words.flatMap { text in
            text.matches(of: /until nc -z -w \d+ ([a-z0-9-]+) \d+/).map { String($0.output.1) }
        }
    }
}
