"""`k0s worker`: what the service of a node runs that joins another's cluster."""

from __future__ import annotations

import base64
import fcntl
import http.client
import json
import os
import signal
import socket
import ssl
import threading
import time
import urllib.parse
from types import SimpleNamespace

from . import tokens
from .containerd import Containerd
from .controller import make_folders, node_address
from .machine import Failure, Machine, reason, require_root
from .service import log
from .status import StatusServer

_ATTEMPTS = 3  # the real one tries ten times, ever more seldom


class Api:
    """The controller's API, believed by the authority that the first token brought."""

    def __init__(self, machine: Machine, server: str):
        self.server, self.place = server, urllib.parse.urlsplit(server)
        self.tls = ssl.create_default_context(cafile=f"{machine.pki}/ca.crt")

    def ask(self, method: str, path: str, value: dict | None = None, kind: str = "application/json") -> dict:
        """The answer; fails with the server's own words, or the system's."""
        connection = http.client.HTTPSConnection(self.place.hostname, self.place.port or 443, timeout=5,
                                                 context=self.tls)
        try:
            connection.request(method, path, json.dumps(value) if value else None, {"Content-Type": kind})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failure(f'{method.title()} "{self.server}{path}": {error}') from error
        finally:
            connection.close()
        if response.status >= 300:
            raise Failure(answer.get("message", f"status {response.status}"))
        return answer


def main(machine: Machine, given: SimpleNamespace) -> None:
    """Until SIGTERM."""
    require_root(machine)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lock = _lock(machine)
    server = _bootstrap(machine, _token(given.token_file), stop)
    make_folders(machine, True)
    containerd, status = Containerd(machine), StatusServer(machine, {}, False, True, "worker")
    try:
        containerd.start()
        containerd.load_bundles()
        status.information["WorkerToAPIConnectionStatus"] = {"Message": "", "Success": False}
        status.start()
        log("info", "the stand-in for a k0s worker is up")
        while not stop.wait(0.5):
            containerd.keep_up()
            status.information["WorkerToAPIConnectionStatus"] = _report(machine, Api(machine, server), given)
    finally:
        status.stop()
        containerd.stop()
        lock.close()


def _token(path: str | None) -> str:
    if path is None:
        return ""
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        raise Failure(f"open {path}: {reason(error)}") from error


def _bootstrap(machine: Machine, token: str, stop: threading.Event) -> str:
    """The API's address, once the cluster has taken this node; kubelet.conf remembers it."""
    kept = machine.data + "/kubelet.conf"
    if not token:
        if not os.path.exists(kept):
            raise Failure("neither regular nor bootstrap kubelet kubeconfig files exist and no join token given; dunno "
                          "how to make kubelet authenticate to API server")
        with open(kept) as file:
            return json.load(file)["server"]
    config = tokens.decode(token)
    cluster = config["clusters"][0]["cluster"]
    os.makedirs(machine.pki, mode=0o751, exist_ok=True)
    if not os.path.exists(machine.pki + "/ca.crt"):
        with open(machine.pki + "/ca.crt", "wb") as file:
            file.write(base64.b64decode(cluster["certificate-authority-data"]))
    user = config["contexts"][0]["context"]["user"]
    if user != "kubelet-bootstrap":
        raise Failure(f"wrong token type {user}, expected type: kubelet-bootstrap")
    for attempt in range(_ATTEMPTS):
        try:
            _authenticate(Api(machine, cluster["server"]), config["users"][0]["user"]["token"])
            break
        except (Failure, ssl.SSLError) as error:
            if attempt == _ATTEMPTS - 1 or stop.wait(1):
                raise Failure(f"failed to bootstrap kubelet client configuration: {error}") from error
    with open(kept + ".new", "w") as file:
        json.dump({"server": cluster["server"]}, file)
    os.replace(kept + ".new", kept)
    return cluster["server"]


def _authenticate(api: Api, token: str) -> None:
    """What the API server would do: anybody may ask the stand-in, so the worker looks up its token itself."""
    identity, _, secret = token.partition(".")
    try:
        data = api.ask("GET", f"/api/v1/namespaces/kube-system/secrets/bootstrap-token-{identity}")["data"]
    except Failure as error:
        raise Failure("Unauthorized" if "not found" in str(error) else str(error)) from error
    known = {key: base64.b64decode(value).decode() for key, value in data.items()}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if known["token-secret"] != secret or known.get("expiration", now) < now:
        raise Failure("Unauthorized")


def _report(machine: Machine, api: Api, given: SimpleNamespace) -> dict:
    """Keeps the node known to the cluster; what `k0s status` says of that."""
    name = machine.setting("node_name", "") or socket.gethostname().lower()
    address = node_address(given) or "127.0.0.1"
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}}}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    status = {"status": {
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now,
                        "lastTransitionTime": now, "message": "kubelet is posting ready status"}],
        "nodeInfo": {"kubeletVersion": machine.version.split("+")[0] + "+k0s", "osImage": "stand-in"}}}
    try:
        try:
            api.ask("GET", f"/api/v1/nodes/{name}")
        except Failure as error:
            if "not found" not in str(error):
                raise
            api.ask("POST", "/api/v1/nodes", node)
        api.ask("PATCH", f"/api/v1/nodes/{name}/status", status, "application/merge-patch+json")
    except Failure as error:
        return {"Message": str(error), "Success": False}
    return {"Message": "", "Success": True}


def _lock(machine: Machine):
    """The lock that `k0s reset` looks at."""
    os.makedirs(machine.run, exist_ok=True)
    file = open(machine.runtime_config, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Failure("failed to initialize runtime config: another k0s process is still running") from error
    return file
