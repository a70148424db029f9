"""Who owns whom."""

from __future__ import annotations

from .store import Store


def names(store: Store, pod: dict) -> tuple[str, ...]:
    """By which faults may call a pod: its own name and those of its owners, up to the Deployment."""
    found, value = [pod["metadata"]["name"]], pod
    while owner := next(iter(value["metadata"].get("ownerReferences", [])), None):
        found.append(owner["name"])
        parent = store.find(store.kind("replicasets"), pod["metadata"]["namespace"], owner["name"])
        if owner["kind"] != "ReplicaSet" or parent is None:
            break
        value = parent
    return tuple(found)


def job(pod: dict) -> str | None:
    """The name of the job that the pod belongs to."""
    return next((entry["name"] for entry in pod["metadata"].get("ownerReferences", []) if entry["kind"] == "Job"), None)
