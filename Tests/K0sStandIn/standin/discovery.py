"""What kubectl asks before it does anything: groups, kinds, the version, and the parameters that a PATCH takes."""

from __future__ import annotations

from .resources import SCALED, Resource

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def version(git_version: str) -> dict:
    major, minor = git_version.lstrip("v").split(".")[:2]
    return {"major": major, "minor": minor, "gitVersion": git_version, "gitCommit": "stand-in",
            "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "stand-in",
            "compiler": "stand-in", "platform": "linux/amd64"}


def core_versions(address: str) -> dict:
    return {"kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]}


def groups(resources: list[Resource]) -> dict:
    versions: dict[str, list[str]] = {}
    for resource in resources:
        if resource.group and resource.version not in versions.setdefault(resource.group, []):
            versions[resource.group].append(resource.version)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(name, versions[name]) for name in versions]}


def group(name: str, versions: list[str]) -> dict:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": entries, "preferredVersion": entries[0]}


def kinds(resources: list[Resource], group_name: str, version_name: str) -> dict | None:
    """The APIResourceList of a group's version; None when there is none."""
    chosen = [r for r in resources if (r.group, r.version) == (group_name, version_name)]
    if not chosen:
        return None
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": chosen[0].api_version,
            "resources": [entry for resource in chosen for entry in _entries(resource)]}


def _entries(resource: Resource) -> list[dict]:
    entry = {"name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
             "kind": resource.kind, "verbs": _VERBS}
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.plural in ("pods", "services", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs"):
        entry["categories"] = ["all"]
    result = [entry]
    if resource.status:
        result.append(_subresource(resource, "status", resource.kind, ["get", "patch", "update"]))
    if resource.plural in SCALED:
        scale = _subresource(resource, "scale", "Scale", ["get", "patch", "update"])
        result.append(scale | {"group": "autoscaling", "version": "v1"})
    if resource.plural == "pods":
        result.append(_subresource(resource, "log", "Pod", ["get"]))
    return result


def _subresource(resource: Resource, name: str, kind: str, verbs: list[str]) -> dict:
    return {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced, "kind": kind,
            "verbs": verbs}


def openapi_index(resources: list[Resource]) -> dict:
    paths = {_prefix(resource) for resource in resources}
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=stand-in"} for path in sorted(paths)}}


def openapi(resources: list[Resource], prefix: str) -> dict | None:
    """No schemas: only that a PATCH of each kind takes dryRun and fieldValidation, which kubectl looks up."""
    chosen = [resource for resource in resources if _prefix(resource) == prefix]
    if not chosen:
        return None
    paths = {}
    for resource in chosen:
        scope = "namespaces/{namespace}/" if resource.namespaced else ""
        parameters = [{"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
                      for name in ("dryRun", "fieldManager", "fieldValidation", "force")]
        kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        paths[f"/{prefix}/{scope}{resource.plural}/{{name}}"] = {"patch": {
            "operationId": "patch" + resource.kind, "parameters": parameters, "responses": {"200": {
                "description": "OK"}}, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind}}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes (stand-in)", "version": "stand-in"}, "paths": paths,
            "components": {"schemas": {}}}


def _prefix(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"
