"""Amounts as manifests write them: "500m", "2Gi"."""

from __future__ import annotations

import re

_FACTORS = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
            "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}


def parse(text: object) -> float:
    """0 for what is no amount."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][0-9]+)?)([A-Za-z]*)", str(text))
    return float(found[1]) * _FACTORS.get(found[2], 0) if found else 0


def requested(pod: dict, resource: str) -> float:
    """What the scheduler sets aside: the sum of the containers', or the largest of the init containers'."""
    def of(container: dict) -> float:
        resources = container.get("resources") or {}
        wanted = (resources.get("requests") or {}).get(resource, (resources.get("limits") or {}).get(resource, 0))
        return parse(wanted)

    initial = [of(container) for container in pod["spec"].get("initContainers", [])]
    return max([sum(of(container) for container in pod["spec"]["containers"])] + initial)
