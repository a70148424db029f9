"""What the API answers when it refuses: a Status object, worded as the real API server words it."""

from __future__ import annotations

from .resources import Resource


class ApiError(Exception):
    """Ends a request with a Status object."""

    def __init__(self, code: int, reason: str, message: str, details: dict | None = None):
        super().__init__(message)
        self.code, self.reason, self.details = code, reason, details or {}

    def status(self) -> dict:
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(self),
                "reason": self.reason, "details": self.details, "code": self.code}


def not_found(resource: Resource, name: str) -> ApiError:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', details)


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(resource: Resource, name: str) -> ApiError:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', details)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def stale(resource: Resource, name: str) -> ApiError:
    return ApiError(409, "Conflict", f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has '
                    "been modified; please apply your changes to the latest version and try again")


def terminating(resource: Resource, name: str, namespace: str) -> ApiError:
    return ApiError(403, "Forbidden", f'{resource.qualified} "{name}" is forbidden: unable to create new content in '
                    f"namespace {namespace} because it is being terminated")


def expired(version: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {version} ({oldest})")


def invalid(resource: Resource, name: str, causes: list[tuple[str, str]]) -> ApiError:
    """causes: (field, "Required value: ...") pairs."""
    texts = [f"{field}: {text}" for field, text in causes]
    message = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    reasons = {"Required": "FieldValueRequired", "Forbidden": "FieldValueForbidden", "Duplicate": "FieldValueDuplicate"}
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": [
        {"reason": reasons.get(text.split()[0].rstrip(":"), "FieldValueInvalid"), "message": text, "field": field}
        for field, text in causes]}
    return ApiError(422, "Invalid", f'{resource.qualified_kind} "{name}" is invalid: {message}', details)
