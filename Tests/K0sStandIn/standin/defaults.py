"""What the API server fills in when it stores an object. The defaults that workloads and kubectl look at, not all."""

from __future__ import annotations

import base64
import ipaddress
import re

from .store import Store, now


def fill(store: Store, value: dict, service_cidr: str) -> None:
    """Fills in defaults, in place."""
    spec = value.get("spec")
    filler = _KINDS.get(value["kind"])
    if filler:
        filler(value, spec if isinstance(spec, dict) else value.setdefault("spec", {}))
    if value["kind"] == "Service":
        _cluster_ip(store, value, service_cidr)
    if value["kind"] == "Secret":
        _secret(value)


def pull_policy(image: str) -> str:
    """Always for :latest and for no tag, as the real one defaults it."""
    tag = re.search(r":([^:/@]+)(@|$)", image)
    if "@" in image:
        return "IfNotPresent"
    return "Always" if tag is None or tag[1] == "latest" else "IfNotPresent"


def pod_spec(spec: dict) -> None:
    for key, default in (("restartPolicy", "Always"), ("terminationGracePeriodSeconds", 30),
                         ("dnsPolicy", "ClusterFirst"), ("securityContext", {}),
                         ("schedulerName", "default-scheduler")):
        spec.setdefault(key, default)
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in spec.get("initContainers", []) + spec.get("containers", []):
        _container(container, bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes", []):
        for source in ("configMap", "secret"):
            if isinstance(volume.get(source), dict):
                volume[source].setdefault("defaultMode", 420)
        if isinstance(volume.get("hostPath"), dict):
            volume["hostPath"].setdefault("type", "")


def _container(container: dict, host_network: bool) -> None:
    container.setdefault("imagePullPolicy", pull_policy(container.get("image", "")))
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")
        if host_network:
            port.setdefault("hostPort", port.get("containerPort"))
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        if isinstance(container.get(probe), dict):
            for key, default in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1),
                                 ("failureThreshold", 3)):
                container[probe].setdefault(key, default)
            if "httpGet" in container[probe]:
                container[probe]["httpGet"].setdefault("scheme", "HTTP")


def _template(spec: dict) -> None:
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        template.setdefault("metadata", {})
        pod_spec(template["spec"])


def _deployment(value: dict, spec: dict) -> None:
    for key, default in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        spec.setdefault(key, default)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {"maxSurge": "25%", "maxUnavailable": "25%"})
    _template(spec)


def _replica_set(value: dict, spec: dict) -> None:
    spec.setdefault("replicas", 1)
    _template(spec)


def _stateful_set(value: dict, spec: dict) -> None:
    for key, default in (("replicas", 1), ("revisionHistoryLimit", 10), ("podManagementPolicy", "OrderedReady")):
        spec.setdefault(key, default)
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})
    for claim in spec.get("volumeClaimTemplates", []):
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim.setdefault("status", {"phase": "Pending"})
    _template(spec)


def _daemon_set(value: dict, spec: dict) -> None:
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}})
    _template(spec)


def _job(value: dict, spec: dict) -> None:
    for key, default in (("backoffLimit", 6), ("completions", 1), ("parallelism", 1),
                         ("completionMode", "NonIndexed"), ("suspend", False), ("manualSelector", False)):
        spec.setdefault(key, default)
    _template(spec)


def own_job(value: dict) -> None:
    """The selector and the labels that tie a job to its pods; its uid must be known."""
    uid, spec = value["metadata"]["uid"], value["spec"]
    spec.setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}})
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    for prefix in ("", "batch.kubernetes.io/"):
        labels.setdefault(prefix + "controller-uid", uid)
        labels.setdefault(prefix + "job-name", value["metadata"]["name"])


def _service(value: dict, spec: dict) -> None:
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports", []):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    value.setdefault("status", {"loadBalancer": {}})


def _cluster_ip(store: Store, value: dict, cidr: str) -> None:
    spec = value["spec"]
    if spec["type"] == "ExternalName":
        return
    if not spec.get("clusterIP"):
        taken = {service["spec"].get("clusterIP") for service in store.list(store.kind("services"))}
        first, tenth = ipaddress.ip_network(cidr).network_address + 1, ipaddress.ip_network(cidr).network_address + 10
        free = (address for address in ipaddress.ip_network(cidr).hosts()
                if address not in (first, tenth) and str(address) not in taken)
        spec["clusterIP"] = str(next(free))
    spec.setdefault("clusterIPs", [spec["clusterIP"]])


def _namespace(value: dict, spec: dict) -> None:
    spec.setdefault("finalizers", ["kubernetes"])
    value.setdefault("status", {"phase": "Active"})
    labels = value["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = value["metadata"]["name"]


def _claim(value: dict, spec: dict) -> None:
    spec.setdefault("volumeMode", "Filesystem")
    value.setdefault("status", {"phase": "Pending"})


def _volume(value: dict, spec: dict) -> None:
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    value.setdefault("status", {"phase": "Available"})


def _pod(value: dict, spec: dict) -> None:
    pod_spec(spec)
    value.setdefault("status", {"phase": "Pending", "qosClass": "BestEffort"})


def _definition(value: dict, spec: dict) -> None:
    names = spec.get("names", {})
    names.setdefault("singular", names.get("kind", "").lower())
    names.setdefault("listKind", names.get("kind", "") + "List")
    conditions = [{"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now()}
                  for kind, reason, message in (
                      ("NamesAccepted", "NoConflicts", "no conflicts found"),
                      ("Established", "InitialNamesAccepted", "the initial names have been accepted"))]
    value.setdefault("status", {"acceptedNames": names, "conditions": conditions,
                                "storedVersions": [v["name"] for v in spec.get("versions", []) if v.get("storage")]})


def _secret(value: dict) -> None:
    value.setdefault("type", "Opaque")
    value.pop("spec", None)
    for key, text in (value.pop("stringData", None) or {}).items():
        value.setdefault("data", {})[key] = base64.b64encode(str(text).encode()).decode()


_KINDS = {
    "Deployment": _deployment, "StatefulSet": _stateful_set, "DaemonSet": _daemon_set, "ReplicaSet": _replica_set,
    "Job": _job, "Service": _service, "Namespace": _namespace, "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume, "Pod": _pod, "CustomResourceDefinition": _definition,
}
