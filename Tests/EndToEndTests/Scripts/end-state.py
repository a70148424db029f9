#!/usr/bin/env python3
"""What an installation has led to, as JSON without anything that differs between two installations of the same.

Run on the machine: the objects in Kubernetes, the images in containerd, what is configured, and what the installer
remembers.
"""

import hashlib
import json
import os
import subprocess

KINDS = "namespaces,deployments,services,ingresses,configmaps,secrets,persistentvolumes,persistentvolumeclaims,jobs"
VOLATILE = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "status", "clusterIP",
            "clusterIPs", "lastTransitionTime", "deployment.kubernetes.io/revision"}


def call(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def steady(value):
    """The value without what the cluster makes anew each time."""
    if isinstance(value, dict):
        if value.get("kind") == "Secret":
            value = dict(value, data={key: len(text) for key, text in value.get("data", {}).items()})
        return {key: steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def objects() -> list:
    items = json.loads(call("k0s", "kubectl", "get", KINDS, "-A", "-o", "json"))["items"]
    return sorted((steady(item) for item in items),
                  key=lambda item: (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]))


def ctr(*arguments: str) -> list[str]:
    return sorted(" ".join(line.split()) for line in call("k0s", "ctr", *arguments).splitlines())


def digests(*folders: str) -> dict:
    found = {}
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(place, name), "rb") as file:
                    found[os.path.join(place, name)] = hashlib.sha256(file.read()).hexdigest()
    return found


def record() -> dict:
    with open("/var/lib/sealift/installed.json") as file:
        return json.load(file)


def state() -> dict:
    return {
        "objects": objects(),
        "images": ctr("images", "ls"),
        "incomplete": [line for line in ctr("images", "check") if " complete" not in line and not line.startswith("REF")],
        "content": ctr("content", "ls", "-q"),
        "snapshots": ctr("snapshots", "ls"),
        "leases": ctr("leases", "ls", "-q"),
        "ingests": ctr("content", "active"),
        "files": digests("/etc/k0s", "/usr/local/bin", "/var/lib/sealift/bundle", "/var/lib/sealift/files"),
        "unit": digests("/etc/systemd/system/").get("/etc/systemd/system/k0scontroller.service"),
        "beside": sorted(os.listdir("/var/lib/sealift")),
        "record": record(),
    }


print(json.dumps(state(), indent=1, sort_keys=True))
