#!/usr/bin/env python3
"""The tests' stand-in for the Kubernetes API server, on its own: no k0s around it, no containerd needed.

  kubernetes_api.py --state FILE --kubeconfig FILE [--port 0] [--faults FILE] [--settings FILE]
                    [--certificates DIR] [--containerd SOCKET]

Plain http unless --certificates names a folder with server.crt and server.key. With --containerd a pod becomes ready
only when that containerd has its images. Writes the kubeconfig when it listens; stops on SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from standin import serving  # noqa: E402
from standin.settings import Settings  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--state", "--kubeconfig", "--faults", "--settings", "--certificates"):
        parser.add_argument(name)
    parser.add_argument("--port", type=int, default=6443)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--containerd", default="")
    parser.add_argument("--kubernetes-version", default="v1.36.3")
    given = parser.parse_args()
    settings = Settings(kubernetes_version=given.kubernetes_version, containerd_socket=given.containerd)
    if given.settings:
        settings.read(given.settings)
    server = serving.Server(settings, given.state, given.faults, given.address, given.port, given.certificates)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    if given.kubeconfig:
        serving.write_kubeconfig(given.kubeconfig, given.address, server.port, given.certificates)
    print(f"stand-in for the Kubernetes API: {server.port}", flush=True)
    stop.wait()
    server.stop()


if __name__ == "__main__":
    main()
