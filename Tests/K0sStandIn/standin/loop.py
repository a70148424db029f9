"""The status loop: what controllers, scheduler and kubelet would do, over and over, on a thread of its own."""

from __future__ import annotations

import threading
import traceback

from .cluster import Cluster
from .events import Events
from .faults import Faults
from .images import Images
from .jobs import Jobs
from .operations import Operations
from .pods import Pods
from .settings import Settings
from .system import System
from .workloads import Workloads

_PAUSE = 0.1  # seconds between two rounds


class Loop(threading.Thread):
    """Runs until stop()."""

    def __init__(self, operations: Operations, faults: Faults, settings: Settings):
        super().__init__(name="status loop", daemon=True)
        events, self.store = Events(operations.store), operations.store
        self.images = Images(settings.ctr, settings.containerd_socket)
        self.cluster = Cluster(operations, events, faults, settings)
        self.system = System(operations, settings)
        self.workloads, self.jobs = Workloads(operations, events, settings), Jobs(operations, events)
        self.pods = Pods(operations, events, self.images, faults, settings)
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(_PAUSE):
            try:
                self.round()
            except Exception:  # a bug of the stand-in; the next round may get further
                traceback.print_exc()

    def round(self) -> None:
        # Asked before the lock is taken: containerd may take its time, and requests must not wait for it.
        self.images.refresh()
        with self.store.changed:
            self.cluster.namespaces()
            self.system.reconcile()
            self.cluster.collect()
            self.pods.node_ready = self.cluster.node()
            self.cluster.volumes()
            self.workloads.reconcile()
            self.jobs.reconcile()
            self.pods.advance()
            self.store.save()

    def stop(self) -> None:
        self._stopped.set()
