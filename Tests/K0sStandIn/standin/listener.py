"""The port of the API, with or without TLS."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from http.server import ThreadingHTTPServer

from .server import Api, Handler


class Listener:
    """Accepts connections on the loopback interface, except while the faults say that the API refuses them."""

    def __init__(self, api: Api, address: str, port: int, tls: ssl.SSLContext | None):
        self.api, self.address, self.port, self.tls = api, address, port, tls
        self._handler = type("BoundHandler", (Handler,), {"api": api})
        self._server = self._open()
        self.port = self._server.server_address[1]
        self._stopped = threading.Event()

    def serve(self) -> None:
        """Until stop()."""
        while not self._stopped.is_set():
            refuse = self.api.faults.read().get("api", {}).get("refuse")
            if refuse and self._server is not None:
                self._server.server_close()
                self._server = None
            elif not refuse and self._server is None:
                self._server = self._open()
            if self._server is None:
                self._stopped.wait(0.1)
            else:
                self._server.handle_request()

    def stop(self) -> None:
        self._stopped.set()

    def _open(self) -> ThreadingHTTPServer:
        server = _Server((self.address, self.port), self._handler)
        server.timeout = 0.2
        server.tls = self.tls
        return server


class _Server(ThreadingHTTPServer):
    """Handshakes on the connection's own thread, so that a silent client holds up nobody else."""

    daemon_threads, block_on_close, request_queue_size = True, False, 64
    tls: ssl.SSLContext | None = None

    def finish_request(self, request, client_address) -> None:
        if self.tls is not None:
            request.settimeout(30)
            request = self.tls.wrap_socket(request, server_side=True)
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (ssl.SSLError, ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)
