"""The containers of a pod that is on the node: what holds them up, and their statuses."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from . import owners
from .conditions import Clock, conditions
from .images import full_name
from .store import now

if TYPE_CHECKING:
    from .pods import Pods

_CREATING = {"waiting": {"reason": "ContainerCreating"}}
_INITIALIZING = {"waiting": {"reason": "PodInitializing"}}


class Containers:
    """Works out a pod's status; never changes the pod."""

    def __init__(self, pods: Pods):
        self.pods, self.clock = pods, Clock()

    def status(self, pod: dict) -> dict:
        fault = self.pods.fault(pod) or {}
        blocked = None if _runs(pod) and fault.get("reason") != "FailedMount" else self._blocked(pod, fault)
        initial = self._initial(pod, blocked)
        initialized = all("terminated" in entry["state"] for entry in initial)
        main = self._main(pod, fault, blocked, initialized)
        phase = _phase(pod, main, fault)
        if phase != "Pending" and not _runs(pod):
            self.pods.events.record(pod, "Normal", "Started", "Started container " + main[0]["name"], "kubelet")
        ready = bool(main) and all(entry["ready"] for entry in main) and phase == "Running"
        unready = [entry["name"] for entry in main if not entry["ready"]]
        reason = "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
        why = ("True", "", "") if ready else ("False", reason, message)
        status = {key: part for key, part in pod.get("status", {}).items() if key in ("qosClass", "startTime")}
        status |= {"phase": phase, "containerStatuses": main, "hostIP": self.pods.settings.node_address,
                   "conditions": conditions(pod, {
                       "PodReadyToStartContainers": ("False" if blocked else "True", "", ""),
                       "Initialized": ("True", "", "") if initialized else (
                           "False", "ContainersNotInitialized", "containers with incomplete status: ["
                           + " ".join(e["name"] for e in initial if "terminated" not in e["state"]) + "]"),
                       "Ready": why, "ContainersReady": why, "PodScheduled": ("True", "", "")})}
        status.setdefault("startTime", now())
        if initial:
            status["initContainerStatuses"] = initial
        if phase != "Pending" or not blocked and any(entry.get("containerID") for entry in initial):
            status["podIP"] = self.pods.address(pod)
            status["podIPs"] = [{"ip": status["podIP"]}]
        return status

    # What holds up the whole pod

    def _blocked(self, pod: dict, fault: dict) -> bool:
        """True while no container can be made; an event tells why."""
        volumes = pod["spec"].get("volumes", [])
        if fault.get("reason") == "FailedMount":
            name = volumes[0]["name"] if volumes else "kube-api-access"
            problem = fault.get("message", f'MountVolume.SetUp failed for volume "{name}" : mount failed: exit '
                                "status 32")
            return self._event(pod, "FailedMount", problem)
        for volume in volumes:
            for key, kind, field in (("configMap", "configmap", "name"), ("secret", "secret", "secretName")):
                source = volume.get(key)
                if source and not source.get("optional") and not self._exists(pod, kind, source.get(field, "")):
                    return self._event(pod, "FailedMount", f'MountVolume.SetUp failed for volume "{volume["name"]}" : '
                                       f'{kind} "{source.get(field)}" not found')
        sandbox = self.pods.settings.sandbox_image
        if sandbox and not self.pods.images.present(sandbox):
            return self._event(pod, "FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error: code = Unknown "
                               f'desc = failed to get sandbox image "{sandbox}": failed to pull image "{sandbox}": '
                               "failed to resolve reference: dial tcp: lookup: Temporary failure in name resolution")
        return self.clock.elapsed(pod["metadata"]["uid"]) < self.pods.settings.start_time

    def _event(self, pod: dict, reason: str, message: str) -> bool:
        self.pods.events.record(pod, "Warning", reason, message, "kubelet")
        return True

    def _exists(self, pod: dict, kind: str, name: str) -> bool:
        store = self.pods.store
        return store.find(store.kind(kind + "s"), pod["metadata"]["namespace"], name) is not None

    # Containers

    def _initial(self, pod: dict, blocked: bool | None) -> list[dict]:
        before = {entry["name"]: entry for entry in pod.get("status", {}).get("initContainerStatuses", [])}
        result, may_start = [], not blocked
        for container in pod["spec"].get("initContainers", []):
            old = before.get(container["name"], {})
            if "terminated" in old.get("state", {}):
                result.append(old)
                continue
            state = self._held_up(pod, container) or _ended(0) if may_start else _INITIALIZING
            may_start = may_start and "terminated" in state
            result.append(_entry(container, state, ready=may_start))
        return result

    def _main(self, pod: dict, fault: dict, blocked: bool | None, initialized: bool) -> list[dict]:
        before = {entry["name"]: entry for entry in pod.get("status", {}).get("containerStatuses", [])}
        result = []
        for index, container in enumerate(pod["spec"]["containers"]):
            old = before.get(container["name"], {})
            if blocked or not initialized:
                waiting = _INITIALIZING if pod["spec"].get("initContainers") else _CREATING
                result.append(_entry(container, waiting))
                continue
            told = fault if index == 0 or container["name"] == fault.get("container") else {}
            result.append(self._told(pod, container, old, told) or self._container(pod, container, old))
        return result

    def _container(self, pod: dict, container: dict, old: dict) -> dict:
        held = None if "running" in old.get("state", {}) else self._held_up(pod, container)
        if held:
            return _entry(container, held)
        state = old.get("state", {}) if "running" in old.get("state", {}) else {"running": {"startedAt": now()}}
        key = f"{pod['metadata']['uid']}/{container['name']}"
        if owners.job(pod):
            return self._job_container(pod, container, state, self.clock.elapsed(key))
        ready = bool(old.get("ready")) or self.clock.elapsed(key) >= self.pods.settings.ready_time
        return _entry(container, state, ready, old.get("restartCount", 0), old.get("lastState"))

    def _job_container(self, pod: dict, container: dict, state: dict, elapsed: float) -> dict:
        fault = self.pods.job_fault(pod) or {}
        if fault.get("hang") or elapsed < fault.get("time", self.pods.settings.job_time):
            return _entry(container, state, ready=True)
        return _entry(container, _ended(fault.get("exitCode", 1 if fault else 0), state["running"]["startedAt"]))

    def _held_up(self, pod: dict, container: dict) -> dict | None:
        """Why a container cannot start, as the waiting state that kubelet would show."""
        image, policy = container["image"], container.get("imagePullPolicy", "IfNotPresent")
        present = self.pods.images.present(image)
        if present is None:
            return _CREATING
        if policy == "Never" and not present:
            message = f'Container image "{image}" is not present with pull policy of Never'
            self._event(pod, "ErrImageNeverPull", message)
            return {"waiting": {"reason": "ErrImageNeverPull", "message": message}}
        if self.pods.images.socket and (policy == "Always" or not present):
            name = full_name(image)
            self._event(pod, "Failed", f'Failed to pull image "{image}": failed to pull and unpack image "{name}": '
                        f'failed to resolve reference "{name}": dial tcp: lookup: Temporary failure in name resolution')
            return {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}}
        for variable in container.get("env", []):
            for key, kind in (("secretKeyRef", "secret"), ("configMapKeyRef", "configmap")):
                source = (variable.get("valueFrom") or {}).get(key)
                if source and not source.get("optional") and not self._exists(pod, kind, source["name"]):
                    message = f'{kind} "{source["name"]}" not found'
                    self._event(pod, "Failed", "Error: " + message)
                    return {"waiting": {"reason": "CreateContainerConfigError", "message": message}}
        return None

    def _told(self, pod: dict, container: dict, old: dict, fault: dict) -> dict | None:
        """The status that a fault asks for."""
        reason, metadata = fault.get("reason"), pod["metadata"]
        if not reason or reason in ("FailedMount", "Unschedulable"):
            return None
        if reason == "Unhealthy":
            message = fault.get("message", "Readiness probe failed: dial tcp: connect: connection refused")
            self._event(pod, "Unhealthy", message)
            running = old.get("state") if "running" in old.get("state", {}) else {"running": {"startedAt": now()}}
            return _entry(container, running, False, old.get("restartCount", 0))
        name = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        texts = {"CrashLoopBackOff": f"back-off 10s restarting failed container={container['name']} pod={name}",
                 "ImagePullBackOff": f'Back-off pulling image "{container["image"]}"'}
        message = fault.get("message", texts.get(reason, reason))
        event = "BackOff" if reason.endswith("BackOff") else "Failed"
        self._event(pod, event, message if reason != "CrashLoopBackOff" else
                    f"Back-off restarting failed container {container['name']} in pod {name}")
        last = old.get("lastState") or (_ended(fault.get("exitCode", 1)) if reason == "CrashLoopBackOff" else None)
        restarts = fault.get("restarts", 3) if reason == "CrashLoopBackOff" else old.get("restartCount", 0)
        return _entry(container, {"waiting": {"reason": reason, "message": message}}, False, restarts, last)


def _runs(pod: dict) -> bool:
    return any("running" in entry.get("state", {}) or entry.get("lastState")
               for entry in pod.get("status", {}).get("containerStatuses", []))


def _phase(pod: dict, main: list[dict], fault: dict) -> str:
    codes = [entry["state"]["terminated"]["exitCode"] for entry in main if "terminated" in entry["state"]]
    if len(codes) == len(main):
        return "Failed" if any(codes) else "Succeeded"
    started = ["running" in entry["state"] or bool(entry.get("lastState")) or "terminated" in entry["state"]
               for entry in main]
    return "Running" if all(started) else "Pending"


def _ended(code: int, started: str | None = None) -> dict:
    return {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed", "startedAt": started or now(),
                           "finishedAt": now(), "containerID": "containerd://stand-in"}}


def _entry(container: dict, state: dict, ready: bool = False, restarts: int = 0, last: dict | None = None) -> dict:
    runs = "running" in state
    entry = {"name": container["name"], "image": container["image"], "imageID": "", "ready": ready,
             "restartCount": restarts, "state": copy.deepcopy(state), "lastState": last or {}, "started": runs}
    if "waiting" not in state:
        entry["containerID"] = "containerd://stand-in"
    return entry
