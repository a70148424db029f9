"""Puts the API together: store, status loop and listener; and the kubeconfig that leads to it."""

from __future__ import annotations

import base64
import os
import ssl
import threading

from .faults import Faults
from .listener import Listener
from .loop import Loop
from .operations import Operations
from .server import Api
from .settings import Settings
from .store import Store


class Server:
    """The API on a port of its own; port 0 lets the kernel choose."""

    def __init__(self, settings: Settings, state: str | None, faults: str | None, address: str, port: int,
                 certificates: str | None):
        store = Store(state)
        operations, told = Operations(store, settings.service_cidr), Faults(faults)
        self.loop = Loop(operations, told, settings)
        self.listener = Listener(Api(operations, told, settings), address, port, _tls(certificates))
        self._thread = threading.Thread(target=self.listener.serve, name="listener", daemon=True)

    @property
    def port(self) -> int:
        return self.listener.port

    def start(self) -> None:
        self.loop.round()  # namespaces and node are there before anybody asks
        self.loop.start()
        self._thread.start()

    def stop(self) -> None:
        self.listener.stop()
        self.loop.stop()
        self._thread.join(5)
        self.loop.join(5)


def kubeconfig(address: str, port: int, certificates: str | None) -> str:
    """With names as k0s gives them; with certificates all is inline, as in k0s' own."""
    scheme, cluster, user = "http", "", " {}"
    if certificates:
        scheme = "https"
        cluster = f"\n    certificate-authority-data: {_inline(certificates, 'ca.crt')}"
        user = (f"\n    client-certificate-data: {_inline(certificates, 'admin.crt')}"
                f"\n    client-key-data: {_inline(certificates, 'admin.key')}")
    return f"""apiVersion: v1
clusters:
- cluster:{cluster}
    server: {scheme}://{address}:{port}
  name: local
contexts:
- context:
    cluster: local
    namespace: default
    user: user
  name: Default
current-context: Default
kind: Config
preferences: {{}}
users:
- name: user
  user:{user}
"""


def write_kubeconfig(path: str, address: str, port: int, certificates: str | None) -> None:
    """Readable by the owner only, whole or not at all."""
    with open(path + ".new", "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(kubeconfig(address, port, certificates))
    os.replace(path + ".new", path)


def _inline(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), "rb") as file:
        return base64.b64encode(file.read()).decode()


def _tls(certificates: str | None) -> ssl.SSLContext | None:
    if not certificates:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(certificates, "server.crt"), os.path.join(certificates, "server.key"))
    return context
