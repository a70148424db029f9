"""k0s.yaml: read, checked as far as tests need it, and filled in."""

from __future__ import annotations

import ipaddress
import socket

from .machine import Failure, Machine, reason
from .yaml_subset import YamlError, parse

_SPEC = """api controllerManager scheduler storage network workerProfiles telemetry installConfig images extensions
konnectivity featureGates metricsServer""".split()
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")


def load(machine: Machine, path: str | None) -> dict:
    """The config at path, or the defaults when there is no path and nothing at the usual one."""
    try:
        with open(path or machine.default_config) as file:
            config = parse(file.read())
    except FileNotFoundError as error:
        if path is None or path == machine.default_config:
            return _filled({})
        raise Failure(f"failed to load node config: open {path}: {reason(error)}") from error
    except OSError as error:
        raise Failure(f"failed to load node config: open {path}: {reason(error)}") from error
    except YamlError as error:
        raise Failure(f"failed to load node config: error converting YAML to JSON: {error}") from error
    if not isinstance(config, dict):
        raise Failure("failed to load node config: error unmarshaling JSON: while decoding JSON: json: cannot "
                      "unmarshal string into Go value of type v1beta1.ClusterConfig")
    _check_fields(config)
    filled = _filled(config)
    problems = list(_problems(filled["spec"]))
    if problems:
        raise Failure("invalid node config: " + "\n".join(problems))
    return filled


def _check_fields(config: dict) -> None:
    unknown = [key for key in config if key not in ("apiVersion", "kind", "metadata", "spec", "status")]
    unknown += [key for key in config.get("spec") or {} if key not in _SPEC]
    if unknown:
        raise Failure("failed to load node config: error unmarshaling JSON: while decoding JSON: json: unknown field "
                      f'"{unknown[0]}"')


def _problems(spec: dict):
    for field in ("podCIDR", "serviceCIDR"):
        try:
            ipaddress.ip_network(spec["network"][field])
        except ValueError:
            yield f"network: {field}: Invalid value: \"{spec['network'][field]}\": invalid CIDR address"
    policy = spec["images"]["default_pull_policy"]
    if policy not in _PULL_POLICIES:
        supported = ", ".join(f'"{one}"' for one in _PULL_POLICIES)
        yield f'images: default_pull_policy: Unsupported value: "{policy}": supported values: {supported}'
    if spec["network"]["provider"] not in ("kuberouter", "calico", "custom"):
        yield (f"network: provider: Unsupported value: \"{spec['network']['provider']}\": supported values: "
               '"kuberouter", "calico", "custom"')


def _filled(config: dict) -> dict:
    spec = {key: value for key, value in (config.get("spec") or {}).items() if value is not None}
    defaults = {"api": {"address": _first_address(), "port": 6443, "sans": []},
                "images": {"default_pull_policy": "IfNotPresent"},
                "network": {"provider": "kuberouter", "podCIDR": "10.244.0.0/16", "serviceCIDR": "10.96.0.0/12"},
                "telemetry": {"enabled": True}, "storage": {"type": "etcd"}}
    for key, value in defaults.items():
        spec[key] = {**value, **(spec.get(key) or {})}
    return {"apiVersion": "k0s.k0sproject.io/v1beta1", "kind": "ClusterConfig",
            "metadata": config.get("metadata") or {"name": "k0s"}, "spec": spec}


def _first_address() -> str:
    """The address that a packet to the outside would come from; none is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"
