"""What the stand-in's API is started with."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass, fields


@dataclass
class Settings:
    """Times are in seconds. A JSON file may set any of them by name."""

    kubernetes_version: str = "v1.36.3"
    node_name: str = ""
    node_address: str = "127.0.0.1"
    service_cidr: str = "10.96.0.0/12"
    pod_cidr: str = "10.244.0.0/16"
    cpu: str = "32"
    memory: str = "64Gi"
    containerd_socket: str = ""  # the socket of the containerd whose images count; "": every image is there
    ctr: str = "ctr"
    sandbox_image: str = ""  # without it no pod starts
    system_images: tuple[str, ...] = ()  # of the workloads in kube-system
    start_time: float = 0.3  # from a pod's creation until it runs
    ready_time: float = 0.2  # from then until it is ready
    job_time: float = 0.3  # how long a job's pod runs

    def __post_init__(self) -> None:
        self.node_name = self.node_name or socket.gethostname().lower()

    def read(self, path: str) -> None:
        """Takes over what the JSON file at path says, if it is there."""
        if not os.path.exists(path):
            return
        with open(path) as file:
            saved = json.load(file)
        for entry in fields(self):
            if entry.name in saved:
                setattr(self, entry.name, saved[entry.name])
