/// What one check found.
struct Finding {
    let status: PreflightReport.Status
    let measured: String
    let need: String
    var remedy: String?

    static func pass(_ measured: String, need: String) -> Finding {
        Finding(status: .pass, measured: measured, need: need)
    }

    static func warn(_ measured: String, need: String, remedy: String) -> Finding {
        Finding(status: .warn, measured: measured, need: need, remedy: remedy)
    }

    static func fail(_ measured: String, need: String, remedy: String) -> Finding {
        Finding(status: .fail, measured: measured, need: need, remedy: remedy)
    }

    static func skipped(_ reason: String) -> Finding { Finding(status: .skipped, measured: reason, need: "") }
}

/// Where a check makes sense.
enum CheckScope {
    /// Wherever Sealift does anything.
    case always
    /// Where pods of the bundle will run.
    case workloads
    /// Where the bundle brings its own Kubernetes.
    case kubernetes
}

/// One check: a name, when it is made, and how.
struct CheckRule {
    let name: CheckName
    let title: String
    let scope: CheckScope
    let check: @Sendable (CheckContext) -> Finding

    init(
        _ name: CheckName, _ title: String, _ scope: CheckScope, _ check: @escaping @Sendable (CheckContext) -> Finding
    ) {
        self.name = name
        self.title = title
        self.scope = scope
        self.check = check
    }
}

/// What a check may look at.
struct CheckContext: Sendable {
    let host: Host
    let needs: PreflightNeeds
    let options: PreflightOptions
    let mounts: MountTable
    let processes: ProcessTable

    init(_ needs: PreflightNeeds, _ options: PreflightOptions) {
        host = options.host
        self.needs = needs
        self.options = options
        mounts = MountTable(parsing: options.host.text("/proc/self/mountinfo") ?? "")
        processes = ProcessTable(of: options.host)
    }

    /// Why a check of `scope` is not made; `nil` where it is.
    func reasonToSkip(_ scope: CheckScope) -> String? {
        switch (scope, options.purpose) {
        case (.always, _): nil
        case (_, .importImages): "only images are imported"
        case (.kubernetes, .install) where needs.distribution == nil:
            "the bundle brings no Kubernetes; the one that is there is taken as it is"
        case (_, .install): nil
        }
    }
}
