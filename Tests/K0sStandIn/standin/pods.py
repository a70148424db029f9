"""Pods as a scheduler and a kubelet would treat them, but for running anything."""

from __future__ import annotations

import hashlib

from . import owners, quantities
from .conditions import conditions
from .containers import Containers
from .events import Events
from .faults import Faults
from .images import Images
from .operations import Operations
from .settings import Settings

DONE = ("Succeeded", "Failed")


class Pods:
    """Moves every pod towards what its spec, its images, its volumes and the faults allow."""

    def __init__(self, operations: Operations, events: Events, images: Images, faults: Faults, settings: Settings):
        self.operations, self.store, self.events = operations, operations.store, events
        self.images, self.faults, self.settings = images, faults, settings
        self.resource = self.store.kind("pods")
        self.containers = Containers(self)
        self.node_ready = False

    def advance(self) -> None:
        for pod in self.store.list(self.resource):
            if pod.get("status", {}).get("phase") not in DONE:
                pod = self._schedule(pod)
                if pod["spec"].get("nodeName"):
                    self.operations.set_status(self.resource, pod, self.containers.status(pod))

    def fault(self, pod: dict) -> dict | None:
        return self.faults.pod(pod["metadata"]["namespace"], *owners.names(self.store, pod))

    def job_fault(self, pod: dict) -> dict | None:
        name = owners.job(pod)
        return self.faults.job(pod["metadata"]["namespace"], name) if name else None

    def _schedule(self, pod: dict) -> dict:
        if pod["spec"].get("nodeName"):
            return pod
        problem = self._unschedulable(pod)
        if problem:
            self.events.record(pod, "Warning", "FailedScheduling", problem, "default-scheduler")
            status = dict(pod.get("status", {}), phase="Pending", conditions=conditions(pod, {"PodScheduled": (
                "False", "Unschedulable", problem)}))
            return self.operations.set_status(self.resource, pod, status)
        node = self.settings.node_name
        pod = self.store.update(self.resource, dict(pod, metadata=dict(pod["metadata"]),
                                                    spec=dict(pod["spec"], nodeName=node)))
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self.events.record(pod, "Normal", "Scheduled", f"Successfully assigned {name} to {node}", "default-scheduler")
        return pod

    def _unschedulable(self, pod: dict) -> str | None:
        fault, none = self.fault(pod), "0/1 nodes are available: "
        if fault and fault.get("reason") == "Unschedulable":
            return fault.get("message", none + "1 Insufficient memory. preemption: 0/1 nodes are available: 1 No "
                             "preemption victims found for incoming pod.")
        tolerated = any(entry.get("operator") == "Exists" and entry.get("key") in (None, "node.kubernetes.io/not-ready")
                        for entry in pod["spec"].get("tolerations", []))
        if not self.node_ready and not tolerated:
            return (none + "1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/1 nodes are "
                    "available: 1 Preemption is not helpful for scheduling.")
        return self._lacks_claim(pod) or self._lacks_resources(pod)

    def _lacks_claim(self, pod: dict) -> str | None:
        for volume in pod["spec"].get("volumes", []):
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if name:
                claim = self.store.find(self.store.kind("persistentvolumeclaims"), pod["metadata"]["namespace"], name)
                if claim is None:
                    return f'0/1 nodes are available: persistentvolumeclaim "{name}" not found.'
                if claim.get("status", {}).get("phase") != "Bound":
                    return "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
        return None

    def _lacks_resources(self, pod: dict) -> str | None:
        lacking, running = [], [other for other in self.store.list(self.resource) if other["spec"].get("nodeName")
                                and other.get("status", {}).get("phase") not in DONE]
        for name, allocatable in (("cpu", self.settings.cpu), ("memory", self.settings.memory)):
            wanted = quantities.requested(pod, name)
            taken = sum(quantities.requested(other, name) for other in running)
            if wanted and wanted + taken > quantities.parse(allocatable):
                lacking.append(f"1 Insufficient {name}")
        return f"0/1 nodes are available: {', '.join(lacking)}." if lacking else None

    def address(self, pod: dict) -> str:
        if pod["spec"].get("hostNetwork"):
            return self.settings.node_address
        number = int(hashlib.sha256(pod["metadata"]["uid"].encode()).hexdigest()[:2], 16)
        return self.settings.pod_cidr.rsplit(".", 1)[0] + f".{2 + number % 250}"
