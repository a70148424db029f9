"""Events: what `kubectl get events` and `kubectl describe` tell."""

from __future__ import annotations

from .operations import random_suffix
from .store import Store, now


class Events:
    """Records each event of an object once."""

    def __init__(self, store: Store):
        self.store = store
        self._recorded: set[tuple[str, str, str]] = set()

    def record(self, value: dict, type: str, reason: str, message: str, component: str) -> None:
        """type: "Normal" or "Warning"."""
        metadata = value["metadata"]
        key = (metadata["uid"], reason, message)
        if key in self._recorded:
            return
        self._recorded.add(key)
        time, namespace = now(), metadata.get("namespace") or "default"
        self.store.create(self.store.kind("events"), {
            "metadata": {"name": f"{metadata['name']}.{random_suffix(16)}", "namespace": namespace},
            "involvedObject": {"kind": value["kind"], "apiVersion": value["apiVersion"], "name": metadata["name"],
                               "namespace": metadata.get("namespace", ""), "uid": metadata["uid"]},
            "type": type, "reason": reason, "message": message, "count": 1, "firstTimestamp": time,
            "lastTimestamp": time, "source": {"component": component}, "reportingComponent": component,
            "reportingInstance": ""})
