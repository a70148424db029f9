"""What the API server refuses, for the kinds that platforms are made of, in its words."""

from __future__ import annotations

import json
import re
from typing import Callable

from . import errors, selectors
from .known_fields import unknown_fields
from .resources import Resource

Causes = list[tuple[str, str]]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = _LABEL + r"(\." + _LABEL + ")*"
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')")
_LABEL_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_FREE_NAMES = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")  # may hold ":" and capitals
_REQUIRED = "Required value"


def check_fields(resource: Resource, value: dict) -> None:
    """Raises what fieldValidation=Strict makes of fields that the kind does not have."""
    unknown = unknown_fields(value)
    if unknown:
        texts = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise errors.bad_request(f"{value['kind']} in version \"{resource.version}\" cannot be handled as a "
                                 f"{value['kind']}: strict decoding error: {texts}")


def check(resource: Resource, value: dict, old: dict | None) -> None:
    """Raises what the API server answers to a value that it would not store."""
    causes = _metadata(resource, value["metadata"])
    checker = _KINDS.get(value["kind"])
    if checker:
        causes += checker(value.get("spec") or {})
    if old is not None:
        causes += _immutable(value, old)
    if causes:
        raise errors.invalid(resource, value["metadata"]["name"], causes)


def quoted(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _metadata(resource: Resource, metadata: dict) -> Causes:
    name, causes = metadata["name"], []
    if resource.kind in ("Namespace", "Service"):
        if not re.fullmatch(_LABEL, name):
            causes.append(("metadata.name", f"Invalid value: {quoted(name)}: {_LABEL_RULE}"))
        elif len(name) > 63:
            causes.append(("metadata.name", f"Invalid value: {quoted(name)}: must be no more than 63 bytes"))
    elif resource.kind not in _FREE_NAMES and not re.fullmatch(_SUBDOMAIN, name):
        causes.append(("metadata.name", f"Invalid value: {quoted(name)}: {_SUBDOMAIN_RULE}"))
    for label in (metadata.get("labels") or {}).values():
        if not re.fullmatch(_LABEL_VALUE, label):
            causes.append(("metadata.labels", f"Invalid value: {quoted(label)}: a valid label must be an empty string "
                           "or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                           "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
                           f"validation is '{_LABEL_VALUE}')"))
    return causes


def check_types(resource: Resource, value: dict) -> None:
    """Raises what the API server makes of the numbers and booleans that YAML reads where texts are meant."""
    texts = _labels(value, "metadata")
    if value["kind"] == "ConfigMap":
        texts += [("ConfigMap.data", text) for text in (value.get("data") or {}).values()]
    template = (value.get("spec") or {}).get("template") or {}
    texts += _labels(template, "spec.template.metadata")
    pod, at = template.get("spec") or {}, "spec.template.spec"
    if value["kind"] == "Pod":
        pod, at = value.get("spec") or {}, "spec"
    for group in ("initContainers", "containers"):
        for container in pod.get(group) or []:
            texts += [(f"Container.{at}.{group}.{key}", text) for key in ("args", "command")
                      for text in container.get(key) or []]
            texts += [(f"EnvVar.{at}.{group}.env.value", variable["value"])
                      for variable in container.get("env") or [] if "value" in variable]
    for field, text in texts:
        if text is not None and not isinstance(text, str):
            kinds = {bool: "bool", int: "number", float: "number", dict: "object", list: "array"}
            raise errors.bad_request(f"{resource.kind} in version \"{resource.version}\" cannot be handled as a "
                                     f"{resource.kind}: json: cannot unmarshal {kinds.get(type(text), 'value')} "
                                     f"into Go struct field {field} of type string")


def _labels(value: dict, at: str) -> list[tuple[str, object]]:
    metadata = value.get("metadata") or {}
    return [(f"ObjectMeta.{at}.{key}", text) for key in ("labels", "annotations")
            for text in (metadata.get(key) or {}).values()]


def _pod(spec: dict, at: str) -> Causes:
    causes: Causes = []
    if not spec.get("containers"):
        causes.append((f"{at}.containers", _REQUIRED))
    volumes = {volume.get("name") for volume in spec.get("volumes", [])}
    for group in ("initContainers", "containers"):
        seen: set[str] = set()
        for index, container in enumerate(spec.get(group) or []):
            where = f"{at}.{group}[{index}]"
            causes += _container(container, where, volumes, seen)
    return causes


def _container(container: dict, where: str, volumes: set, seen: set) -> Causes:
    causes: Causes = []
    name = container.get("name", "")
    if not name:
        causes.append((f"{where}.name", _REQUIRED))
    elif not re.fullmatch(_LABEL, name):
        causes.append((f"{where}.name", f"Invalid value: {quoted(name)}: {_LABEL_RULE}"))
    elif name in seen:
        causes.append((f"{where}.name", f"Duplicate value: {quoted(name)}"))
    seen.add(name)
    if not container.get("image"):
        causes.append((f"{where}.image", _REQUIRED))
    policy = container.get("imagePullPolicy")
    if policy not in ("Always", "IfNotPresent", "Never"):
        causes.append((f"{where}.imagePullPolicy",
                       f'Unsupported value: {quoted(policy)}: supported values: "Always", "IfNotPresent", "Never"'))
    for index, mount in enumerate(container.get("volumeMounts", [])):
        if mount.get("name") not in volumes:
            causes.append((f"{where}.volumeMounts[{index}].name", f"Not found: {quoted(mount.get('name'))}"))
    return causes


def _workload(value: dict) -> Causes:
    template, selector = value.get("template") or {}, value.get("selector")
    labels = (template.get("metadata") or {}).get("labels") or {}
    causes: Causes = []
    if not selector or not (selector.get("matchLabels") or selector.get("matchExpressions")):
        causes.append(("spec.selector", _REQUIRED))
    elif not selectors.matches(selector, labels):
        causes.append(("spec.template.metadata.labels",
                       f"Invalid value: {quoted(labels)}: `selector` does not match template `labels`"))
    causes += _pod(template.get("spec") or {}, "spec.template.spec")
    policy = (template.get("spec") or {}).get("restartPolicy", "Always")
    if policy != "Always":
        causes.append(("spec.template.spec.restartPolicy",
                       f'Unsupported value: {quoted(policy)}: supported values: "Always"'))
    return causes


def _job(spec: dict) -> Causes:
    pod = (spec.get("template") or {}).get("spec") or {}
    causes = _pod(pod, "spec.template.spec")
    policy = pod.get("restartPolicy", "Always")
    if policy == "Always":
        causes.append(("spec.template.spec.restartPolicy",
                       'Required value: valid values: "OnFailure", "Never"'))
    return causes


def _service(spec: dict) -> Causes:
    ports, causes = spec.get("ports") or [], []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        causes.append(("spec.ports", _REQUIRED))
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            causes.append((f"spec.ports[{index}].name", _REQUIRED))
        number = port.get("port")
        if not isinstance(number, int) or not 0 < number < 65536:
            causes.append((f"spec.ports[{index}].port",
                           f"Invalid value: {quoted(number)}: must be between 1 and 65535, inclusive"))
    return causes


def _claim(spec: dict) -> Causes:
    causes: Causes = []
    if not spec.get("accessModes"):
        causes.append(("spec.accessModes", "Required value: at least 1 access mode is required"))
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        causes.append(("spec.resources[storage]", _REQUIRED))
    return causes


def _volume(spec: dict) -> Causes:
    causes: Causes = []
    if not spec.get("accessModes"):
        causes.append(("spec.accessModes", _REQUIRED))
    if not (spec.get("capacity") or {}).get("storage"):
        causes.append(("spec.capacity", _REQUIRED))
    if not any(key in spec for key in ("hostPath", "local", "nfs", "csi")):
        causes.append(("spec", "Required value: must specify a volume type"))
    return causes


def _immutable(value: dict, old: dict) -> Causes:
    kind, new, was = value["kind"], value.get("spec") or {}, old.get("spec") or {}
    fields = {"Deployment": ("selector",), "DaemonSet": ("selector",), "ReplicaSet": ("selector",),
              "Job": ("selector", "template", "completions")}.get(kind, ())
    causes = [(f"spec.{field}", f"Invalid value: {quoted(new.get(field))}: field is immutable")
              for field in fields if new.get(field) != was.get(field)]
    if kind == "StatefulSet":
        allowed = ("replicas", "template", "updateStrategy", "revisionHistoryLimit", "minReadySeconds", "ordinals",
                   "persistentVolumeClaimRetentionPolicy")
        if {k: v for k, v in new.items() if k not in allowed} != {k: v for k, v in was.items() if k not in allowed}:
            causes.append(("spec", "Forbidden: updates to statefulset spec for fields other than 'replicas', "
                           "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
                           "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"))
    if kind == "Service" and was.get("clusterIP") and new.get("clusterIP") != was["clusterIP"]:
        causes.append(("spec.clusterIPs[0]",
                       f"Invalid value: {quoted([new.get('clusterIP')])}: may not change once set"))
    if kind == "PersistentVolume":
        # It may be given to a volume that has none.
        if was.get("nodeAffinity") not in (None, new.get("nodeAffinity")):
            causes.append(("spec.nodeAffinity",
                           f"Invalid value: {quoted(new.get('nodeAffinity'))}: field is immutable"))
    if kind in ("ConfigMap", "Secret") and old.get("immutable") and value.get("data") != old.get("data"):
        causes.append(("data", "Forbidden: field is immutable when `immutable` is set"))
    if kind in ("ClusterRoleBinding", "RoleBinding") and value.get("roleRef") != old.get("roleRef"):
        causes.append(("roleRef", f"Invalid value: {quoted(value.get('roleRef'))}: cannot change roleRef"))
    if kind == "Secret" and value.get("type") != old.get("type"):
        causes.append(("type", f"Invalid value: {quoted(value.get('type'))}: field is immutable"))
    return causes


_KINDS: dict[str, Callable[[dict], Causes]] = {
    "Deployment": _workload, "StatefulSet": _workload, "DaemonSet": _workload, "ReplicaSet": _workload,
    "Pod": lambda spec: _pod(spec, "spec"), "Job": _job, "Service": _service,
    "PersistentVolumeClaim": _claim, "PersistentVolume": _volume,
}
