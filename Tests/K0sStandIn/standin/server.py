"""The HTTP side of the stand-in's API: paths and parameters in, JSON out."""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from . import discovery, errors, logs, selectors, tables
from .faults import Faults
from .operations import Operations, Options
from .resources import Resource
from .settings import Settings
from .watches import watch

_PATCHES = {"application/merge-patch+json": "merge", "application/strategic-merge-patch+json": "strategic-merge",
            "application/json-patch+json": "json"}
_APPLY = "application/apply-patch+yaml"


class Target(NamedTuple):
    """What a path names."""

    resource: Resource
    namespace: str
    name: str
    subresource: str


class Api:
    """What all requests share."""

    def __init__(self, operations: Operations, faults: Faults, settings: Settings):
        self.operations, self.store = operations, operations.store
        self.faults, self.settings = faults, settings

    def target(self, path: str) -> Target:
        found = re.fullmatch(r"/(?:api/(v1)|apis/([^/]+)/([^/]+))/(.+)", path.rstrip("/"))
        if not found:
            raise errors.no_such_path()
        parts, namespace = [urllib.parse.unquote(part) for part in found[4].split("/")], ""
        if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in ("status", "finalize"):
            namespace, parts = parts[1], parts[2:]
        if len(parts) > 3:
            raise errors.no_such_path()
        plural, name, subresource = (parts + ["", ""])[:3]
        return Target(self.store.resource(found[2] or "", found[1] or found[3], plural), namespace, name, subresource)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    api: Api
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "k0s-stand-in", ""
    timeout = 900

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def do_PATCH(self) -> None:
        self._answer(self._patch)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    # Answering

    def _answer(self, act) -> None:
        url = urllib.parse.urlsplit(self.path)
        self.route = url.path
        self.query = {key: values[-1] for key, values in urllib.parse.parse_qs(url.query, True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        try:
            if self._refused():
                self.close_connection = True
                return
            self._fail_if_told()
            act()
        except errors.ApiError as error:
            self._send(error.status(), error.code)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:  # a bug of the stand-in: tell who asked, and the log
            traceback.print_exc()
            self._send(errors.ApiError(500, "InternalError", f"stand-in: {error!r}").status(), 500)

    def _refused(self) -> bool:
        return bool(self.api.faults.read().get("api", {}).get("refuse"))

    def _fail_if_told(self) -> None:
        """faults.json: {"api": {"delay": seconds, "fail": {"status": 500, "match": "PATCH /apis/apps", "times": 2}}}"""
        told = self.api.faults.read().get("api", {})
        time.sleep(told.get("delay", 0))
        fail = told.get("fail")
        if fail and fail.get("match", "") in f"{self.command} {self.path}" and self.api.faults.use("api.fail", fail):
            message = fail.get("message", "an error on the server has prevented the request from succeeding")
            raise errors.ApiError(fail.get("status", 500), fail.get("reason", "InternalError"), message)

    def _send(self, value: object, code: int = 200) -> None:
        self._send_bytes(json.dumps(value).encode(), "application/json", code)

    def _send_bytes(self, content: bytes, type: str, code: int = 200) -> None:
        self.send_response(code)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stored(self, value: object, code: int = 200) -> None:
        self.api.store.save()
        self._send(value, code)

    def log_message(self, format: str, *args: object) -> None:
        print(f"api: {self.command} {self.path} " + format % args, file=sys.stderr, flush=True)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        if self.command != "GET":
            self.log_message("%s", code)

    # Verbs

    def _get(self) -> None:
        if self._get_about_server():
            return
        api, target = self.api, self.api.target(self.route)
        chosen = self._selected()
        if not target.name and self.query.get("watch") in ("true", "1"):
            watch(self, target, chosen)
        elif not target.name:
            with api.store.changed:
                values, version = api.store.list(target.resource, target.namespace), str(api.store.version)
            self._send_list(target.resource, [value for value in values if chosen(value)], version)
        else:
            value = api.store.get(target.resource, target.namespace, target.name)
            if target.subresource == "log":
                self._send_bytes(logs.text(api.store, api.faults, value, self.query).encode(), "text/plain")
            elif target.subresource == "scale":
                self._send(_scale(value))
            elif self._wants_table():
                version = value["metadata"]["resourceVersion"]
                self._send(tables.table([value], version, self.query.get("includeObject", "Metadata")))
            else:
                self._send(value)

    def _get_about_server(self) -> bool:
        resources, path = self.api.store.resources(), self.route.rstrip("/")
        parts = path.strip("/").split("/")
        if path in ("/healthz", "/livez", "/readyz"):
            self._send_bytes(b"ok", "text/plain")
            return True
        if path == "/openapi/v2":  # an empty document; only kubectl's client-side validation would want more
            self._send_bytes(b"", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            return True
        answer = None
        if path == "/version":
            answer = discovery.version(self.api.settings.kubernetes_version)
        elif path == "/api":
            answer = discovery.core_versions(self.headers.get("Host", ""))
        elif path == "/apis":
            answer = discovery.groups(resources)
        elif path == "/api/v1":
            answer = discovery.kinds(resources, "", "v1")
        elif parts[0] == "apis" and len(parts) == 2:
            answer = next((one for one in discovery.groups(resources)["groups"] if one["name"] == parts[1]), None)
        elif parts[0] == "apis" and len(parts) == 3:
            answer = discovery.kinds(resources, parts[1], parts[2])
        elif path == "/openapi/v3":
            answer = discovery.openapi_index(resources)
        elif path.startswith("/openapi/v3/"):
            answer = discovery.openapi(resources, path.removeprefix("/openapi/v3/"))
        if answer is None:
            return False
        self._send(answer)
        return True

    def _send_list(self, resource: Resource, values: list[dict], version: str) -> None:
        if self._wants_table():
            self._send(tables.table(values, version, self.query.get("includeObject", "Metadata")))
        else:
            self._send({"kind": resource.kind + "List", "apiVersion": resource.api_version,
                        "metadata": {"resourceVersion": version}, "items": values})

    def _wants_table(self) -> bool:
        return "as=Table" in self.headers.get("Accept", "")

    def _post(self) -> None:
        target = self.api.target(self.route)
        if target.subresource:
            raise errors.ApiError(501, "NotImplemented", f"the stand-in has no {target.subresource}")
        value = self.api.operations.create(target.resource, target.namespace, self._json(), self._options())
        self._stored(value, 201)

    def _put(self) -> None:
        target, value = self.api.target(self.route), self._json()
        self._change(target, "replace", value)

    def _patch(self) -> None:
        target, type = self.api.target(self.route), self.headers.get("Content-Type", "").split(";")[0]
        if type == _APPLY:
            value, new = self.api.operations.apply(target.resource, target.namespace, target.name, self._json(),
                                                   self._options(apply=True))
            self._stored(value, 201 if new else 200)
        elif type in _PATCHES:
            self._change(target, _PATCHES[type], self._json())
        else:
            raise errors.ApiError(415, "UnsupportedMediaType", f"the body of the request was in an unknown format - "
                                  f"accepted media types include: {', '.join(_PATCHES)}, {_APPLY}")

    def _change(self, target: Target, kind: str, body: object) -> None:
        operations, where = self.api.operations, (target.resource, target.namespace, target.name)
        if target.subresource == "scale":
            body, kind = {"spec": {"replicas": body["spec"]["replicas"]}}, "merge"
        if kind == "replace":
            value = operations.replace(*where, body, self._options(), target.subresource)
        else:
            value = operations.patch(*where, kind, body, self._options(), target.subresource)
        self._stored(_scale(value) if target.subresource == "scale" else value)

    def _delete(self) -> None:
        target = self.api.target(self.route)
        body = self._json() if self.body else {}
        propagation = body.get("propagationPolicy") or self.query.get("propagationPolicy", "Background")
        dry_run = bool(body.get("dryRun") or self.query.get("dryRun"))
        if target.name:
            value = self.api.operations.delete(target.resource, target.namespace, target.name, propagation, dry_run)
            details = {"name": target.name, "group": target.resource.group, "kind": target.resource.plural,
                       "uid": value["metadata"]["uid"]}
            self._stored({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                          "details": details})
        else:
            chosen = self._selected()
            values = self.api.operations.delete_all(target.resource, target.namespace, chosen, propagation, dry_run)
            self.api.store.save()
            self._send_list(target.resource, values, str(self.api.store.version))

    def _json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise errors.ApiError(415, "UnsupportedMediaType", "the stand-in reads JSON only, and no protobuf; use "
                                  f"kubectl apply: {error}") from error

    def _selected(self) -> selectors.Predicate:
        return selectors.compile_selectors(self.query.get("labelSelector", ""), self.query.get("fieldSelector", ""))

    def _options(self, apply: bool = False) -> Options:
        agent = self.headers.get("User-Agent", "unknown").split("/")[0]
        return Options(manager=self.query.get("fieldManager", "" if apply else agent),
                       dry_run=self.query.get("dryRun") == "All", force=self.query.get("force") == "true",
                       strict=self.query.get("fieldValidation") == "Strict")


def _scale(value: dict) -> dict:
    metadata = {key: value["metadata"].get(key) for key in ("name", "namespace", "uid", "resourceVersion")}
    labels = value["spec"].get("selector", {}).get("matchLabels", {})
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": {"replicas": value["spec"].get("replicas", 1)},
            "status": {"replicas": value.get("status", {}).get("replicas", 0),
                       "selector": ",".join(f"{key}={label}" for key, label in labels.items())}}
