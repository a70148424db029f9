"""The node, the namespaces, the volumes, and what nobody owns any more."""

from __future__ import annotations

import copy

from . import quantities
from .conditions import conditions, is_ready
from .events import Events
from .faults import Faults
from .operations import Operations, Options
from .settings import Settings

_AS_SYSTEM = Options(manager="kube-controller-manager")
_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_NO_NETWORK = ("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
               "message:Network plugin returns error: cni plugin not initialized")


class Cluster:
    def __init__(self, operations: Operations, events: Events, faults: Faults, settings: Settings):
        self.operations, self.store, self.events = operations, operations.store, events
        self.faults, self.settings = faults, settings

    # Namespaces

    def namespaces(self) -> None:
        resource = self.store.kind("namespaces")
        for name in _NAMESPACES:
            if self.store.find(resource, "", name) is None:
                self._create("namespaces", "", {"metadata": {"name": name}})
        for value in self.store.list(resource):
            name = value["metadata"]["name"]
            if value["status"].get("phase") == "Terminating":
                self._empty(name)
                self.store.remove(resource, "", name)
                continue
            if self.store.find(self.store.kind("serviceaccounts"), name, "default") is None:
                self._create("serviceaccounts", name, {"metadata": {"name": "default"}})
            if self.store.find(self.store.kind("configmaps"), name, "kube-root-ca.crt") is None:
                self._create("configmaps", name, {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ""}})

    def _empty(self, namespace: str) -> None:
        for resource, value in list(self.store.all()):
            if resource.namespaced and value["metadata"]["namespace"] == namespace:
                self.store.remove(resource, namespace, value["metadata"]["name"])

    def _create(self, plural: str, namespace: str, value: dict) -> None:
        resource = self.store.kind(plural)
        value |= {"apiVersion": resource.api_version, "kind": resource.kind}
        self.operations.create(resource, namespace, value, _AS_SYSTEM)

    # What nobody owns

    def collect(self) -> None:
        """Removes objects all of whose owners are gone, custom objects of removed definitions included."""
        present = {value["metadata"]["uid"] for _, value in self.store.all()}
        for resource, value in list(self.store.all()):
            owners = value["metadata"].get("ownerReferences", [])
            if owners and not any(entry["uid"] in present for entry in owners):
                self.store.remove(resource, value["metadata"].get("namespace", ""), value["metadata"]["name"])

    # The node

    def node(self) -> bool:
        """Keeps the node's status; whether it is ready."""
        resource, name = self.store.kind("nodes"), self.settings.node_name
        if self.store.find(resource, "", name) is None:
            self._create("nodes", "", {"metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64",
                "node-role.kubernetes.io/control-plane": "true", "node.k0sproject.io/role": "control-plane"}},
                "spec": {"podCIDR": self.settings.pod_cidr}})
        node, problem = self.store.get(resource, "", name), self._node_problem()
        ready = ("False", *problem) if problem else ("True", "KubeletReady", "kubelet is posting ready status")
        if node["spec"].get("unschedulable"):
            problem = problem or ("", "")
        node = self._taint(node, problem is not None)
        wanted = {kind: ("False", f"KubeletHas{has}", f"kubelet has {text}") for kind, has, text in (
            ("MemoryPressure", "SufficientMemory", "sufficient memory available"),
            ("DiskPressure", "NoDiskPressure", "no disk pressure"),
            ("PIDPressure", "SufficientPID", "sufficient PID available"))}
        capacity = {"cpu": self.settings.cpu, "memory": self.settings.memory, "pods": "110",
                    "ephemeral-storage": "100Gi"}
        self.operations.set_status(resource, node, {
            "addresses": [{"type": "InternalIP", "address": self.settings.node_address},
                          {"type": "Hostname", "address": name}],
            "allocatable": capacity, "capacity": capacity, "conditions": conditions(node, wanted | {"Ready": ready}),
            "nodeInfo": {"kubeletVersion": self.settings.kubernetes_version + "+k0s", "osImage": "stand-in",
                         "containerRuntimeVersion": "containerd://stand-in", "operatingSystem": "linux",
                         "architecture": "amd64", "kernelVersion": "", "machineID": "", "systemUUID": "",
                         "bootID": ""}})
        return problem is None

    def _taint(self, node: dict, tainted: bool) -> dict:
        taints = [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}] if tainted else []
        if node["spec"].get("taints", []) == taints:
            return node
        changed = copy.deepcopy(node)
        changed["spec"].pop("taints", None)
        if taints:
            changed["spec"]["taints"] = taints
        return self.store.update(self.store.kind("nodes"), changed)

    def _node_problem(self) -> tuple[str, str] | None:
        """Why the node is not ready: (reason, message)."""
        fault = self.faults.read().get("node", {})
        if fault.get("ready", True) is False:
            return fault.get("reason", "KubeletNotReady"), fault.get("message", "container runtime is down")
        if self.store.find(self.store.kind("daemonsets"), "kube-system", "kube-router") is not None:
            routers = [pod for pod in self.store.list(self.store.kind("pods"), "kube-system")
                       if pod["metadata"].get("labels", {}).get("k8s-app") == "kube-router"]
            if not any(is_ready(pod) for pod in routers):
                return "KubeletNotReady", _NO_NETWORK
        return None

    # Volumes

    def volumes(self) -> None:
        claims, volumes = self.store.kind("persistentvolumeclaims"), self.store.kind("persistentvolumes")
        for volume in self.store.list(volumes):
            self._release(volume)
        for claim in self.store.list(claims):
            if claim["status"].get("phase") != "Bound":
                self._bind(claim)

    def _release(self, volume: dict) -> None:
        reference = volume["spec"].get("claimRef")
        if not reference or volume["status"].get("phase") != "Bound":
            return
        claim = self.store.find(self.store.kind("persistentvolumeclaims"), reference["namespace"], reference["name"])
        if claim is None or claim["metadata"]["uid"] != reference.get("uid"):
            self.operations.set_status(self.store.kind("persistentvolumes"), volume, {"phase": "Released"})

    def _bind(self, claim: dict) -> None:
        volumes, claims = self.store.kind("persistentvolumes"), self.store.kind("persistentvolumeclaims")
        volume = next((one for one in self.store.list(volumes) if _fits(one, claim)), None)
        if volume is None:
            self.events.record(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim "
                               "and no storage class is set", "persistentvolume-controller")
            return
        metadata = claim["metadata"]
        bound, taken = copy.deepcopy(volume), copy.deepcopy(claim)
        bound["spec"]["claimRef"] = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "name": metadata["name"],
                                     "namespace": metadata["namespace"], "uid": metadata["uid"]}
        taken["spec"]["volumeName"] = volume["metadata"]["name"]
        self.operations.set_status(volumes, self.store.update(volumes, bound), {"phase": "Bound"})
        self.operations.set_status(claims, self.store.update(claims, taken), {
            "phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": volume["spec"]["capacity"]})


def _fits(volume: dict, claim: dict) -> bool:
    spec, wanted, reference = volume["spec"], claim["spec"], volume["spec"].get("claimRef")
    if reference and (reference.get("name"), reference.get("namespace")) != (
            claim["metadata"]["name"], claim["metadata"]["namespace"]):
        return False
    if wanted.get("volumeName"):
        return volume["metadata"]["name"] == wanted["volumeName"]
    size = quantities.parse(wanted["resources"]["requests"]["storage"])
    return (volume.get("status", {}).get("phase") == "Available" or bool(reference)) and (
        spec.get("storageClassName", "") == wanted.get("storageClassName", "")
        and set(wanted["accessModes"]) <= set(spec["accessModes"])
        and quantities.parse(spec["capacity"]["storage"]) >= size)
