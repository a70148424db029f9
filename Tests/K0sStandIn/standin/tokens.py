"""Tokens that nodes join with: made by `k0s token create`, taken by `k0s worker`."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import os
import re
import secrets
import subprocess
import time

from .machine import Failure, Machine
from .yaml_subset import YamlError, parse

_USERS = {"worker": "kubelet-bootstrap", "controller": "controller-bootstrap"}
_SECONDS = {"h": 3600, "m": 60, "s": 1}


def create(machine: Machine, api: dict, role: str, expiry: str | None) -> str:
    """A kubeconfig as client-go writes it, packed; the cluster knows its secret until it expires."""
    identity, secret = secrets.token_hex(3), secrets.token_hex(8)
    data = {"token-id": identity, "token-secret": secret, "usage-bootstrap-authentication": "true"}
    seconds = _duration(expiry or "0s")
    if seconds:
        data["expiration"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    _put(machine, {"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
                   "metadata": {"name": f"bootstrap-token-{identity}", "namespace": "kube-system"},
                   "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}})
    with open(f"{machine.pki}/ca.crt", "rb") as file:
        authority = base64.b64encode(file.read()).decode()
    with open(machine.admin_conf) as file:
        port = re.findall(r"server: .*:(\d+)", file.read())[0]
    return encode(f"https://{api['address']}:{port}", authority, _USERS[role], f"{identity}.{secret}")


def encode(server: str, authority: str, user: str, token: str) -> str:
    kubeconfig = f"""apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {authority}
    server: {server}
  name: k0s
contexts:
- context:
    cluster: k0s
    user: {user}
  name: k0s
current-context: k0s
kind: Config
preferences: {{}}
users:
- name: {user}
  user:
    token: {token}
"""
    return base64.b64encode(gzip.compress(kubeconfig.encode())).decode()


def decode(text: str) -> dict:
    """The kubeconfig in a token."""
    try:
        content = gzip.decompress(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, OSError, EOFError, ValueError) as error:
        raise Failure(f"failed to decode join token: {error}") from error
    try:
        return parse(content.replace("preferences: {}\n", ""))
    except YamlError as error:
        raise Failure(f"failed to parse kubelet bootstrap kubeconfig from join token: {error}") from error


def _put(machine: Machine, value: dict) -> None:
    environment = dict(os.environ, KUBECONFIG=machine.admin_conf, HOME="/nonexistent")
    done = subprocess.run([machine.program_path("kubectl"), "apply", "--server-side", "--field-manager=k0s", "-f", "-"],
                          input=json.dumps(value), capture_output=True, text=True, env=environment)
    if done.returncode:
        raise Failure(f"stand-in: {done.stderr.strip()}")


def _duration(text: str) -> int:
    """Whole seconds of what Go's time.ParseDuration reads."""
    parts = re.findall(r"(\d+)([hms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Failure(f'invalid argument "{text}" for "--expiry" flag: time: invalid duration "{text}"')
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)
