"""The fields of the objects that people misspell most. What is not listed here is never called unknown."""

from __future__ import annotations

_METADATA = set("""name generateName namespace labels annotations finalizers ownerReferences managedFields uid
resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds selfLink""".split())

_POD = set("""activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy
enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride
imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName
readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext
serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds
tolerations topologySpreadConstraints volumes workloadRef""".split())

_CONTAINER = set("""args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe
resizePolicy resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce
terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir""".split())

_PROBE = set("""exec failureThreshold grpc httpGet initialDelaySeconds periodSeconds successThreshold tcpSocket
terminationGracePeriodSeconds timeoutSeconds""".split())

_SPECS = {
    "Deployment": "minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector strategy "
                  "template",
    "StatefulSet": "minReadySeconds ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy replicas "
                   "revisionHistoryLimit selector serviceName template updateStrategy volumeClaimTemplates",
    "DaemonSet": "minReadySeconds revisionHistoryLimit selector template updateStrategy",
    "ReplicaSet": "minReadySeconds replicas selector template",
    "Job": "activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy "
           "manualSelector maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy selector successPolicy "
           "suspend template ttlSecondsAfterFinished",
    "Service": "allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy "
               "healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP "
               "loadBalancerSourceRanges ports publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig "
               "trafficDistribution type",
    "Namespace": "finalizers",
}
_TOP = {"ConfigMap": "data binaryData immutable", "Secret": "data stringData type immutable",
        "ServiceAccount": "secrets imagePullSecrets automountServiceAccountToken",
        "ClusterRole": "rules aggregationRule", "ClusterRoleBinding": "roleRef subjects"}


def unknown_fields(value: dict) -> list[str]:
    """The paths of fields that the kind of value does not have."""
    kind, spec = value.get("kind", ""), value.get("spec")
    found = _extra(value.get("metadata"), _METADATA, "metadata.")
    if kind in _SPECS:
        found += _extra(value, {"apiVersion", "kind", "metadata", "spec", "status"}, "")
        found += _extra(spec, set(_SPECS[kind].split()), "spec.")
    elif kind in _TOP:
        found += _extra(value, {"apiVersion", "kind", "metadata"} | set(_TOP[kind].split()), "")
    if kind == "Pod":
        found += _pod(spec, "spec.")
    template = spec.get("template") if isinstance(spec, dict) and kind in _SPECS else None
    if isinstance(template, dict):
        found += _extra(template, {"metadata", "spec", "apiVersion", "kind"}, "spec.template.")
        found += _pod(template.get("spec"), "spec.template.spec.")
    return found


def _pod(spec: object, at: str) -> list[str]:
    found = _extra(spec, _POD, at)
    for group in ("initContainers", "containers"):
        for index, container in enumerate((spec or {}).get(group) or [] if isinstance(spec, dict) else []):
            where = f"{at}{group}[{index}]."
            found += _extra(container, _CONTAINER, where)
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                found += _extra(container.get(probe), _PROBE, f"{where}{probe}.")
    return found


def _extra(value: object, known: set[str], at: str) -> list[str]:
    return [at + key for key in value if key not in known] if isinstance(value, dict) else []
