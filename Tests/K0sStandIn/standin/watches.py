"""WATCH: changes of one kind as chunked JSON lines."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Iterable

from . import errors, tables
from .selectors import Predicate

if TYPE_CHECKING:
    from .server import Handler, Target

_PATIENCE = 0.5  # seconds after which a silent watch looks whether it should end


def watch(handler: Handler, target: Target, chosen: Predicate) -> None:
    """Answers until the client goes, the time is up, or the faults say that connections are refused."""
    stream = _Stream(handler, target, chosen)
    stream.run(handler.query.get("resourceVersion", ""), handler.query.get("sendInitialEvents") == "true",
               float(handler.query.get("timeoutSeconds") or 600))


class _Stream:
    def __init__(self, handler: Handler, target: Target, chosen: Predicate):
        self.handler, self.target, self.chosen = handler, target, chosen
        self.store = handler.api.store
        self.sent: set[str] = set()  # uids of what the client believes to match
        self.headers_sent = False

    def run(self, since: str, initial: bool, seconds: float) -> None:
        store, resource, end = self.store, self.target.resource, time.monotonic() + seconds
        with store.changed:
            at = store.version
            present = [value for value in store.list(resource, self.target.namespace) if self.chosen(value)]
            if since not in ("", "0"):
                at = int(since)
                store.changes(resource, at)  # 410 before the headers, as a list would get it
        self._begin()
        if initial or since in ("", "0"):
            self._send([("ADDED", value) for value in present])
            if initial:
                self._bookmark(at)
        else:
            self.sent = {value["metadata"]["uid"] for value in present}
        while time.monotonic() < end and not self.handler._refused():
            with store.changed:
                if store.version <= at:
                    store.changed.wait(_PATIENCE)
                try:
                    changes = store.changes(resource, at)
                except errors.ApiError as error:
                    self._line({"type": "ERROR", "object": error.status()})
                    break
                at = store.version
            self._send(event for change in changes for event in self._events(change.type, change.object))
        self.handler.wfile.write(b"0\r\n\r\n")

    def _events(self, type: str, value: dict) -> list[tuple[str, dict]]:
        """A change as the client sees it: what stops matching is deleted, what starts to is added."""
        uid = value["metadata"]["uid"]
        if self.target.namespace and value["metadata"].get("namespace") != self.target.namespace:
            return []
        if type == "DELETED" or not self.chosen(value):
            return [("DELETED", value)] if uid in self.sent else []
        return [("MODIFIED" if uid in self.sent else "ADDED", value)]

    def _begin(self) -> None:
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()
        self.handler.wfile.flush()

    def _send(self, events: Iterable[tuple[str, dict]]) -> None:
        for type, value in events:
            if type == "DELETED":
                self.sent.discard(value["metadata"]["uid"])
            else:
                self.sent.add(value["metadata"]["uid"])
            if self.handler._wants_table():
                include = self.handler.query.get("includeObject", "Metadata")
                value = tables.table([value], value["metadata"]["resourceVersion"], include, not self.headers_sent)
                self.headers_sent = True
            self._line({"type": type, "object": value})

    def _bookmark(self, version: int) -> None:
        resource = self.target.resource
        self._line({"type": "BOOKMARK", "object": {
            "kind": resource.kind, "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}}}})

    def _line(self, value: dict) -> None:
        content = json.dumps(value).encode() + b"\n"
        self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.handler.wfile.flush()
