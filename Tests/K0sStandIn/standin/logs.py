"""The text behind `kubectl logs`."""

from __future__ import annotations

from . import errors, owners
from .faults import Faults
from .store import Store

_WAITING = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image",
            "CreateContainerConfigError": "CreateContainerConfigError"}


def text(store: Store, faults: Faults, pod: dict, query: dict[str, str]) -> str:
    """What the chosen container of pod wrote; 400 when there are several to choose from, or when it never ran."""
    metadata, name = pod["metadata"], _container(pod, query.get("container", ""))
    told = pod.get("status", {})
    statuses = told.get("initContainerStatuses", []) + told.get("containerStatuses", [])
    status = next((one for one in statuses if one["name"] == name), None)
    state = (status or {}).get("state", {})
    if status is None or "waiting" in state and not status.get("lastState"):
        reason = state.get("waiting", {}).get("reason", "ContainerCreating")
        raise errors.bad_request(f'container "{name}" in pod "{metadata["name"]}" is waiting to start: '
                                 f"{_WAITING.get(reason, reason)}")
    if query.get("previous") == "true" and not (status or {}).get("lastState"):
        raise errors.bad_request(f'previous terminated container "{name}" in pod "{metadata["name"]}" not found')
    lines = _written(store, faults, pod, name).splitlines(keepends=True)
    if query.get("tailLines", "").isdigit():
        count = int(query["tailLines"])
        lines = lines[-count:] if count else []
    return "".join(lines)


def _written(store: Store, faults: Faults, pod: dict, container: str) -> str:
    metadata, job = pod["metadata"], owners.job(pod)
    namespace, names = metadata["namespace"], owners.names(store, pod)
    told = [faults.log(namespace, *names), faults.pod(namespace, *names)]
    told.append(faults.job(namespace, job) if job else None)
    for fault in told:
        if fault and ("log" in fault or "text" in fault):
            return fault.get("log", fault.get("text", "")).rstrip("\n") + "\n"
    return f"stand-in: container {container} of pod {metadata['name']} does not really run\n"


def _container(pod: dict, wanted: str) -> str:
    initial = [container["name"] for container in pod["spec"].get("initContainers", [])]
    names = [container["name"] for container in pod["spec"]["containers"]]
    if wanted:
        if wanted not in names + initial:
            raise errors.bad_request(f"container {wanted} is not valid for pod {pod['metadata']['name']}")
        return wanted
    if len(names) > 1:
        raise errors.bad_request(f"a container name must be specified for pod {pod['metadata']['name']}, choose one "
                                 f"of: [{' '.join(names)}]" + (f" or one of the init containers: [{' '.join(initial)}]"
                                                               if initial else ""))
    return names[0]
