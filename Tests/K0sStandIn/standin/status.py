"""The status socket: what `k0s status` asks, and who answers it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

from .machine import Failure, Machine, reason


class StatusServer:
    def __init__(self, machine: Machine, config: dict, single: bool, workloads: bool, role: str = "controller"):
        self.machine = machine
        self.information = {
            "Version": machine.version, "Pid": os.getpid(), "PPid": 0, "Role": role, "SysInit": "",
            "StubFile": "", "Output": "", "Workloads": workloads, "SingleNode": single,
            "Args": [machine.program, *sys.argv[1:]],
            "WorkerToAPIConnectionStatus": {"Message": "", "Success": workloads}, "ClusterConfig": config,
            "K0sVars": {"AdminKubeConfigPath": machine.admin_conf, "BinDir": machine.data + "/bin",
                        "CertRootDir": machine.pki, "DataDir": machine.data,
                        "KubeletRootDir": machine.data + "/kubelet", "ManifestsDir": machine.data + "/manifests",
                        "RunDir": machine.run, "OCIBundleDir": machine.data + "/images",
                        "StatusSocketPath": machine.status_socket, "StartupConfigPath": machine.default_config,
                        "RuntimeConfigPath": machine.runtime_config}}
        self._server: socketserver.BaseServer | None = None

    def start(self) -> None:
        information, faults = self.information, self.machine.faults

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = information
                told = faults.read().get("status", {})
                if "workerToAPI" in told:
                    answer = dict(information, WorkerToAPIConnectionStatus={
                        "Message": told["workerToAPI"], "Success": False})
                content = json.dumps(answer).encode()
                self.send_response(200 if self.path.startswith("/status") else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

            def address_string(self) -> str:
                return "unix"

        if os.path.exists(self.machine.status_socket):
            os.remove(self.machine.status_socket)
        self._server = socketserver.ThreadingUnixStreamServer(self.machine.status_socket, Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="status", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            os.remove(self.machine.status_socket)


def ask(machine: Machine) -> dict:
    """The running k0s' status; fails in the real one's words when there is none."""
    path = machine.status_socket
    connection = http.client.HTTPConnection("localhost", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.connect(path)
        connection.request("GET", "/status", headers={"Connection": "close"})
        return json.load(connection.getresponse())
    except OSError as error:
        raise Failure(f"status: can't get \"status\" via \"{path}\": Get \"http://localhost/status\": dial unix "
                      f"{path}: connect: {reason(error)}") from error
    finally:
        connection.close()


def text(information: dict) -> str:
    lines = [f"Version: {information['Version']}", f"Process ID: {information['Pid']}", f"Role: {information['Role']}",
             f"Workloads: {_word(information['Workloads'])}", f"SingleNode: {_word(information['SingleNode'])}"]
    if information["Workloads"]:
        api = information["WorkerToAPIConnectionStatus"]
        lines += [f"Kube-api probing successful: {_word(api['Success'])}",
                  f"Kube-api probing last error:  {api['Message']}"]
    return "\n".join(lines) + "\n"


def _word(flag: bool) -> str:
    return "true" if flag else "false"
