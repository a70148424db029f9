"""The columns that `kubectl get` prints: the Table form of objects."""

from __future__ import annotations

import datetime
from typing import Callable

Column = tuple[str, Callable[[dict], object], bool]  # title, cell, only with -o wide


def table(values: list[dict], version: str, include_object: str, headers: bool = True) -> dict:
    columns = _columns(values[0]["kind"] if values else "")
    result: dict = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version},
                    "columnDefinitions": [], "rows": [_row(value, columns, include_object) for value in values]}
    if headers:
        result["columnDefinitions"] = [
            {"name": title, "type": "string", "format": "name" if title == "Name" else "", "description": "",
             "priority": 1 if wide else 0} for title, _, wide in columns]
    return result


def _row(value: dict, columns: list[Column], include_object: str) -> dict:
    row: dict = {"cells": [cell(value) for _, cell, _ in columns]}
    if include_object == "Object":
        row["object"] = value
    elif include_object != "None":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]}
    return row


def age(timestamp: str | None) -> str:
    """How long ago, as kubectl shortens it."""
    if not timestamp:
        return "<unknown>"
    then = datetime.datetime.strptime(timestamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    seconds = max(0, int((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 7200:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 172800 else f"{seconds // 86400}d"


def _columns(kind: str) -> list[Column]:
    if kind == "Event":
        return _KINDS[kind]
    name = ("Name", lambda value: value["metadata"]["name"], False)
    created = ("Age", lambda value: age(value["metadata"].get("creationTimestamp")), False)
    return [name, *_KINDS.get(kind, []), created, *_WIDE.get(kind, [])]


def _status(*path: str, default: object = "") -> Callable[[dict], object]:
    def cell(value: dict) -> object:
        found: object = value
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        return default if found is None else found
    return cell


def _of(ready: str, wanted: Callable[[dict], object]) -> Callable[[dict], object]:
    return lambda value: f"{value.get('status', {}).get(ready, 0)}/{wanted(value)}"


def _pod_ready(value: dict) -> str:
    statuses = value.get("status", {}).get("containerStatuses", [])
    return f"{sum(bool(status.get('ready')) for status in statuses)}/{len(value['spec'].get('containers', []))}"


def pod_status(value: dict) -> str:
    """One word for a pod's state: the reason that holds it up, or its phase."""
    status = value.get("status", {})
    reason = status.get("reason") or status.get("phase", "Unknown")
    initial = status.get("initContainerStatuses", [])
    for index, container in enumerate(initial):
        waiting = container.get("state", {}).get("waiting", {}).get("reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        if "terminated" not in container.get("state", {}):
            return f"Init:{index}/{len(initial)}"
    for container in status.get("containerStatuses", []):
        state = container.get("state", {})
        reason = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason") or reason
    return "Terminating" if value["metadata"].get("deletionTimestamp") else reason


def _restarts(value: dict) -> int:
    return sum(status.get("restartCount", 0) for status in value.get("status", {}).get("containerStatuses", []))


def _images(value: dict) -> str:
    return ",".join(container.get("image", "") for container in value["spec"]["template"]["spec"]["containers"])


def _ports(value: dict) -> str:
    ports = value["spec"].get("ports", [])
    return ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in ports) or "<none>"


def _involved(value: dict) -> str:
    return f"{value['involvedObject']['kind'].lower()}/{value['involvedObject']['name']}"


def _node_status(value: dict) -> str:
    conditions = {c["type"]: c["status"] for c in value.get("status", {}).get("conditions", [])}
    return "Ready" if conditions.get("Ready") == "True" else "NotReady"


def _roles(value: dict) -> str:
    prefix = "node-role.kubernetes.io/"
    roles = [key[len(prefix):] for key in value["metadata"].get("labels", {}) if key.startswith(prefix)]
    return ",".join(sorted(roles)) or "<none>"


def _node_address(value: dict) -> str:
    addresses = value.get("status", {}).get("addresses", [])
    return next((entry["address"] for entry in addresses if entry["type"] == "InternalIP"), "<none>")


def _job_status(value: dict) -> str:
    conditions = {c["type"] for c in value.get("status", {}).get("conditions", []) if c["status"] == "True"}
    return next((state for state in ("Complete", "Failed", "Suspended") if state in conditions), "Running")


_replicas = _status("spec", "replicas", default=1)
_KINDS: dict[str, list[Column]] = {
    "Pod": [("Ready", _pod_ready, False), ("Status", pod_status, False), ("Restarts", _restarts, False)],
    "Deployment": [("Ready", _of("readyReplicas", _replicas), False),
                   ("Up-to-date", _status("status", "updatedReplicas", default=0), False),
                   ("Available", _status("status", "availableReplicas", default=0), False)],
    "ReplicaSet": [("Desired", _replicas, False), ("Current", _status("status", "replicas", default=0), False),
                   ("Ready", _status("status", "readyReplicas", default=0), False)],
    "StatefulSet": [("Ready", _of("readyReplicas", _replicas), False)],
    "DaemonSet": [("Desired", _status("status", "desiredNumberScheduled", default=0), False),
                  ("Current", _status("status", "currentNumberScheduled", default=0), False),
                  ("Ready", _status("status", "numberReady", default=0), False),
                  ("Up-to-date", _status("status", "updatedNumberScheduled", default=0), False),
                  ("Available", _status("status", "numberAvailable", default=0), False)],
    "Job": [("Status", _job_status, False), ("Completions", _of("succeeded", _status("spec", "completions")), False)],
    "Node": [("Status", _node_status, False), ("Roles", _roles, False)],
    "Namespace": [("Status", _status("status", "phase"), False)],
    "Service": [("Type", _status("spec", "type"), False),
                ("Cluster-IP", _status("spec", "clusterIP", default="<none>"), False),
                ("External-IP", lambda value: "<none>", False), ("Port(s)", _ports, False)],
    "PersistentVolumeClaim": [("Status", _status("status", "phase"), False),
                              ("Volume", _status("spec", "volumeName"), False),
                              ("Capacity", _status("status", "capacity", "storage"), False),
                              ("Access Modes", lambda value: ",".join(value["spec"].get("accessModes", [])), False),
                              ("StorageClass", _status("spec", "storageClassName"), False)],
    "PersistentVolume": [("Capacity", _status("spec", "capacity", "storage"), False),
                         ("Access Modes", lambda value: ",".join(value["spec"].get("accessModes", [])), False),
                         ("Reclaim Policy", _status("spec", "persistentVolumeReclaimPolicy"), False),
                         ("Status", _status("status", "phase"), False),
                         ("Claim", lambda value: "/".join(filter(None, (
                             value["spec"].get("claimRef", {}).get(key) for key in ("namespace", "name")))), False),
                         ("StorageClass", _status("spec", "storageClassName"), False)],
    "ConfigMap": [("Data", lambda value: len(value.get("data") or {}), False)],
    "Secret": [("Type", _status("type"), False), ("Data", lambda value: len(value.get("data") or {}), False)],
    "Event": [("Last Seen", lambda value: age(value.get("lastTimestamp")), False), ("Type", _status("type"), False),
              ("Reason", _status("reason"), False),
              ("Object", _involved, False), ("Message", _status("message"), False)],
}
_WIDE: dict[str, list[Column]] = {
    "Pod": [("IP", _status("status", "podIP", default="<none>"), True),
            ("Node", _status("spec", "nodeName", default="<none>"), True),
            ("Nominated Node", lambda value: "<none>", True), ("Readiness Gates", lambda value: "<none>", True)],
    "Node": [("Version", _status("status", "nodeInfo", "kubeletVersion"), False), ("Internal-IP", _node_address, True),
             ("Container-Runtime", _status("status", "nodeInfo", "containerRuntimeVersion"), True)],
    **{kind: [("Images", _images, True)] for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")},
}
