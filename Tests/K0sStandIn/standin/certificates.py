"""The authority and the certificates of the API, made by openssl once, as k0s makes its own."""

from __future__ import annotations

import os
import subprocess

from .machine import Failure


def make(folder: str, names: list[str], addresses: list[str]) -> None:
    """ca, server and admin (.crt and .key) in folder. What is there stays, but the server's, whose names may change."""
    os.makedirs(folder, mode=0o751, exist_ok=True)
    if not os.path.exists(f"{folder}/ca.crt"):
        _openssl(folder, "req", "-x509", "-subj", "/CN=kubernetes-ca", "-days", "3650", *_new_key("ca"),
                 "-out", "ca.crt", "-addext", "basicConstraints=critical,CA:TRUE")
    if not os.path.exists(f"{folder}/admin.crt"):
        _signed(folder, "admin", "/O=system:masters/CN=kubernetes-admin", "extendedKeyUsage=clientAuth")
    names = ",".join([f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses])
    _signed(folder, "server", "/CN=kubernetes", f"subjectAltName={names}\nextendedKeyUsage=serverAuth")


def _new_key(name: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]


def _signed(folder: str, name: str, subject: str, extensions: str) -> None:
    with open(f"{folder}/{name}.ext", "w") as file:
        file.write(extensions + "\n")
    _openssl(folder, "req", "-subj", subject, *_new_key(name), "-out", f"{name}.csr")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
             "-days", "365", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    for ending in ("csr", "ext"):
        os.remove(f"{folder}/{name}.{ending}")


def _openssl(folder: str, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"stand-in: openssl {arguments[0]}: {done.stderr.strip()}")
