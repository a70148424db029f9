"""Conditions of a status, and how long something has been going on."""

from __future__ import annotations

import time

from .store import now


def conditions(value: dict, wanted: dict[str, tuple[str, str, str]]) -> list[dict]:
    """value's conditions with those of wanted (status, reason, message) set; times change only with the status."""
    old = {entry["type"]: entry for entry in value.get("status", {}).get("conditions", [])}
    for type, (status, reason, message) in wanted.items():
        before = old.get(type)
        same = before is not None and before["status"] == status
        entry = {"type": type, "status": status, "lastTransitionTime": before["lastTransitionTime"] if same else now()}
        entry |= {key: text for key, text in (("reason", reason), ("message", message)) if text}
        old[type] = entry
    return list(old.values())


def is_ready(pod: dict) -> bool:
    return any(entry["type"] == "Ready" and entry["status"] == "True"
               for entry in pod.get("status", {}).get("conditions", []))


class Clock:
    """Since when something has been going on, in this process."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def elapsed(self, key: str) -> float:
        return time.monotonic() - self._since.setdefault(key, time.monotonic())

    def forget(self, key: str) -> None:
        self._since.pop(key, None)
