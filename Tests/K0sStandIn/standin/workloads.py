"""Deployments, ReplicaSets, StatefulSets and DaemonSets: their pods and their statuses."""

from __future__ import annotations

import copy
import hashlib
import json

from . import errors
from .conditions import Clock, conditions, is_ready
from .events import Events
from .operations import Operations, Options, random_suffix
from .resources import Resource
from .settings import Settings

_AS_CONTROLLER = Options(manager="kube-controller-manager")
_REVISION = "deployment.kubernetes.io/revision"
_NODE_TOLERATIONS = [{"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect} for name, effect in (
    ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"))]


class Owner:
    """Makes, finds and removes what a workload owns."""

    def __init__(self, operations: Operations, events: Events):
        self.operations, self.store, self.events = operations, operations.store, events
        self.pods = self.store.kind("pods")

    def dependents(self, resource: Resource, owner: dict) -> list[dict]:
        uid = owner["metadata"]["uid"]
        return [value for value in self.store.list(resource, owner["metadata"]["namespace"])
                if any(entry["uid"] == uid for entry in value["metadata"].get("ownerReferences", []))]

    def make_pod(self, owner: dict, labels: dict, name: str = "", changes: dict | None = None) -> dict | None:
        """A pod of owner's template; None, and an event, when the service account is missing."""
        template, metadata = copy.deepcopy(owner["spec"]["template"]), owner["metadata"]
        name = name or f"{metadata['name']}-{random_suffix()}"
        spec = dict(template["spec"], **(changes or {}))
        account = spec.get("serviceAccountName") or "default"
        spec["serviceAccountName"] = account
        if self.store.find(self.store.kind("serviceaccounts"), metadata["namespace"], account) is None:
            self.events.record(owner, "Warning", "FailedCreate", f'Error creating: pods "{metadata["name"]}-" is '
                               f"forbidden: error looking up service account {metadata['namespace']}/{account}: "
                               f'serviceaccount "{account}" not found', f"{owner['kind'].lower()}-controller")
            return None
        old = template.get("metadata") or {}
        meta = {"name": name, "annotations": old.get("annotations") or {},
                "labels": {**(old.get("labels") or {}), **labels}}
        return self.make(self.pods, owner, {"metadata": meta, "spec": spec})

    def make(self, resource: Resource, owner: dict, value: dict) -> dict | None:
        value |= {"apiVersion": resource.api_version, "kind": resource.kind}
        value["metadata"]["ownerReferences"] = [{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]
        try:
            made = self.operations.create(resource, owner["metadata"]["namespace"], value, _AS_CONTROLLER)
        except errors.ApiError as error:
            self.events.record(owner, "Warning", "FailedCreate", f"Error creating: {error}", "controller")
            return None
        self.events.record(owner, "Normal", "SuccessfulCreate", f"Created {resource.singular}: "
                           f"{made['metadata']['name']}", f"{owner['kind'].lower()}-controller")
        return made

    def remove(self, resource: Resource, value: dict) -> None:
        self.store.remove(resource, value["metadata"]["namespace"], value["metadata"]["name"])


def template_hash(value: dict) -> str:
    text = json.dumps(value["spec"]["template"], sort_keys=True)
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "".join("bcdfghjklmnpqrst"[int(digit, 16)] for digit in digits[:10])


class Workloads:
    """Reconciles all of them once."""

    def __init__(self, operations: Operations, events: Events, settings: Settings):
        self.operations, self.store, self.settings = operations, operations.store, settings
        self.owner, self.clock = Owner(operations, events), Clock()

    def reconcile(self) -> None:
        for plural, act in (("deployments", self._deployment), ("replicasets", self._replica_set),
                            ("statefulsets", self._stateful_set), ("daemonsets", self._daemon_set)):
            resource = self.store.kind(plural)
            for value in self.store.list(resource):
                self.operations.set_status(resource, value, act(value))

    # Deployments

    def _deployment(self, value: dict) -> dict:
        resource, hash, spec = self.store.kind("replicasets"), template_hash(value), value["spec"]
        sets = self.owner.dependents(resource, value)
        current = next((one for one in sets if one["metadata"]["labels"].get("pod-template-hash") == hash), None)
        old = [one for one in sets if one is not current]
        if current is None:
            current = self._new_replica_set(value, hash, 1 + max([_revision(one) for one in sets], default=0))
        if current is None:
            return value.get("status", {})
        current = self._scale(resource, current, spec["replicas"])
        ready = current.get("status", {}).get("readyReplicas", 0)
        if ready >= spec["replicas"] or spec["strategy"].get("type") == "Recreate":
            old = [self._scale(resource, one, 0) for one in old]
        status = self._replica_status(value, current, old)
        return status | {"conditions": self._deployment_conditions(value, current, status)}

    def _new_replica_set(self, value: dict, hash: str, revision: int) -> dict | None:
        spec = copy.deepcopy(value["spec"])
        template, selector = spec["template"], spec["selector"]
        template.setdefault("metadata", {}).setdefault("labels", {})["pod-template-hash"] = hash
        selector.setdefault("matchLabels", {})["pod-template-hash"] = hash
        meta = {"name": f"{value['metadata']['name']}-{hash}", "labels": dict(template["metadata"]["labels"]),
                "annotations": {_REVISION: str(revision)}}
        made = self.owner.make(self.store.kind("replicasets"), value, {"metadata": meta, "spec": {
            "replicas": spec["replicas"], "selector": selector, "template": template}})
        changed = copy.deepcopy(value)
        changed["metadata"].setdefault("annotations", {})[_REVISION] = str(revision)
        self.store.update(self.store.kind("deployments"), changed)
        return made

    def _scale(self, resource: Resource, value: dict, replicas: int) -> dict:
        if value["spec"]["replicas"] == replicas:
            return value
        changed = copy.deepcopy(value)
        changed["spec"]["replicas"] = replicas
        return self.store.update(resource, changed)

    def _replica_status(self, value: dict, current: dict, old: list[dict]) -> dict:
        def total(key: str, sets: list[dict]) -> int:
            return sum(one.get("status", {}).get(key, 0) for one in sets)

        ready, wanted = total("readyReplicas", [current, *old]), value["spec"]["replicas"]
        status = {"observedGeneration": value["metadata"]["generation"], "replicas": total("replicas", [current, *old]),
                  "updatedReplicas": total("replicas", [current]), "readyReplicas": ready, "availableReplicas": ready,
                  "unavailableReplicas": max(0, wanted - ready)}
        return {key: number for key, number in status.items() if number or key == "observedGeneration"}

    def _deployment_conditions(self, value: dict, current: dict, status: dict) -> list[dict]:
        wanted, name = value["spec"]["replicas"], current["metadata"]["name"]
        available = status.get("availableReplicas", 0) >= max(1, wanted * 3 // 4) or wanted == 0
        done = (available and status.get("updatedReplicas", 0) == wanted == status.get("replicas", 0)
                and status.get("availableReplicas", 0) == wanted)
        key = f"{value['metadata']['uid']}/{value['metadata']['generation']}/{status.get('availableReplicas', 0)}"
        late = not done and self.clock.elapsed(key) > value["spec"].get("progressDeadlineSeconds", 600)
        progressing = ("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        if done:
            progressing = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
        elif late:
            progressing = ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
        return conditions(value, {
            "Available": ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.") if available else
                         ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
            "Progressing": progressing})

    # ReplicaSets

    def _replica_set(self, value: dict) -> dict:
        pods = [pod for pod in self.owner.dependents(self.owner.pods, value) if _lives(pod)]
        wanted = value["spec"].get("replicas", 1)
        for pod in sorted(pods, key=is_ready)[:max(0, len(pods) - wanted)]:
            self.owner.remove(self.owner.pods, pod)
            pods.remove(pod)
        for _ in range(wanted - len(pods)):
            pod = self.owner.make_pod(value, {})
            if pod is None:
                break
            pods.append(pod)
        ready = sum(is_ready(pod) for pod in pods)
        status = {"observedGeneration": value["metadata"]["generation"], "replicas": len(pods)}
        return status | ({"readyReplicas": ready, "availableReplicas": ready} if ready else {})

    # StatefulSets

    def _stateful_set(self, value: dict) -> dict:
        name, spec = value["metadata"]["name"], value["spec"]
        revision = f"{name}-{template_hash(value)}"
        pods = {pod["metadata"]["name"]: pod for pod in self.owner.dependents(self.owner.pods, value)}
        wanted = [f"{name}-{index}" for index in range(spec["replicas"])]
        for extra in sorted(set(pods) - set(wanted)):
            self.owner.remove(self.owner.pods, pods.pop(extra))
        self._replace_outdated(value, pods, wanted, revision)
        for index, pod_name in enumerate(wanted):
            if pod_name not in pods:
                self._claims(value, pod_name)
                pod = self._stateful_pod(value, pod_name, index, revision)
                if pod is not None:
                    pods[pod_name] = pod
            if spec["podManagementPolicy"] == "OrderedReady" and not (pod_name in pods and is_ready(pods[pod_name])):
                break
        ready = sum(is_ready(pod) for pod in pods.values())
        updated = sum(_pod_revision(pod) == revision for pod in pods.values())
        done = updated == len(pods) == spec["replicas"] == ready
        current = revision if done else value.get("status", {}).get("currentRevision", revision)
        return {"observedGeneration": value["metadata"]["generation"], "replicas": len(pods), "readyReplicas": ready,
                "availableReplicas": ready, "updatedReplicas": updated, "currentRevision": current,
                "currentReplicas": sum(_pod_revision(pod) == current for pod in pods.values()),
                "updateRevision": revision, "collisionCount": 0}

    def _replace_outdated(self, value: dict, pods: dict[str, dict], wanted: list[str], revision: str) -> None:
        if value["spec"]["updateStrategy"].get("type") == "OnDelete":
            return
        for name in reversed(wanted):
            if name not in pods:
                return
            if _pod_revision(pods[name]) != revision:
                self.owner.remove(self.owner.pods, pods.pop(name))
                return
            if not is_ready(pods[name]):
                return

    def _stateful_pod(self, value: dict, name: str, index: int, revision: str) -> dict | None:
        volumes = list(value["spec"]["template"]["spec"].get("volumes", []))
        for claim in value["spec"].get("volumeClaimTemplates", []):
            kept = claim["metadata"]["name"]
            volumes.append({"name": kept, "persistentVolumeClaim": {"claimName": f"{kept}-{name}"}})
        labels = {"statefulset.kubernetes.io/pod-name": name, "controller-revision-hash": revision,
                  "apps.kubernetes.io/pod-index": str(index)}
        changes = {"volumes": volumes, "hostname": name, "subdomain": value["spec"].get("serviceName", "")}
        return self.owner.make_pod(value, labels, name, changes)

    def _claims(self, value: dict, pod_name: str) -> None:
        resource, namespace = self.store.kind("persistentvolumeclaims"), value["metadata"]["namespace"]
        for template in value["spec"].get("volumeClaimTemplates", []):
            name = f"{template['metadata']['name']}-{pod_name}"
            if self.store.find(resource, namespace, name) is None:
                labels = value["spec"]["selector"].get("matchLabels", {})
                self.operations.create(resource, namespace, {
                    "apiVersion": "v1", "kind": resource.kind, "metadata": {"name": name, "labels": labels},
                    "spec": template["spec"]}, _AS_CONTROLLER)

    # DaemonSets

    def _daemon_set(self, value: dict) -> dict:
        revision = template_hash(value)
        pods = self.owner.dependents(self.owner.pods, value)
        if pods and _pod_revision(pods[0]) != revision and value["spec"]["updateStrategy"].get("type") != "OnDelete":
            self.owner.remove(self.owner.pods, pods.pop(0))
        if not pods:
            spec = value["spec"]["template"]["spec"]
            tolerations = list(spec.get("tolerations", [])) + _NODE_TOLERATIONS
            labels = {"controller-revision-hash": revision}
            pod = self.owner.make_pod(value, labels, changes={"tolerations": tolerations})
            pods = [pod] if pod else []
        ready = sum(is_ready(pod) for pod in pods)
        status = {"observedGeneration": value["metadata"]["generation"], "desiredNumberScheduled": 1,
                  "currentNumberScheduled": len(pods), "numberMisscheduled": 0, "numberReady": ready,
                  "updatedNumberScheduled": sum(_pod_revision(pod) == revision for pod in pods)}
        return status | ({"numberAvailable": ready} if ready else {"numberUnavailable": 1})


def _lives(pod: dict) -> bool:
    return pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")


def _pod_revision(pod: dict) -> str:
    return pod["metadata"].get("labels", {}).get("controller-revision-hash", "")


def _revision(value: dict) -> int:
    return int((value["metadata"].get("annotations") or {}).get(_REVISION, 0))
