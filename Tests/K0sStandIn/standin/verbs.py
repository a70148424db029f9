"""The command line of k0s: one function for each verb."""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Callable

from . import versions
from .flags import parse, value_of
from .machine import Failure, Machine, require_root


def main(program: str, version: str, arguments: list[str]) -> int:
    """The exit code."""
    name = os.path.basename(program).removeprefix("k0s-")
    if name in ("kubectl", "ctr"):
        arguments = [name, *arguments]
    try:
        return _run(program, version, arguments)
    except Failure as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


def _run(program: str, version: str, arguments: list[str]) -> int:
    verb = next((word for word in arguments if not word.startswith("-")), "")
    if verb not in _VERBS:
        print("k0s - The zero friction Kubernetes (stand-in for tests)\n\nVerbs: " + ", ".join(sorted(_VERBS)))
        if verb:
            raise Failure(f'unknown command "{verb}" for "k0s"')
        return 0
    rest = arguments[arguments.index(verb) + 1:]
    machine = Machine(program, version, value_of("--data-dir", rest) if verb not in ("kubectl", "ctr") else None)
    after = _meet_fault(machine, verb, rest)
    code = _VERBS[verb](machine, rest)
    return after if after is not None else code


def _meet_fault(machine: Machine, verb: str, rest: list[str]) -> int | None:
    """Does what the fault of the verb asks; the exit code when it comes after the verb was done."""
    second = next((word for word in rest if not word.startswith("-")), "")
    fault = machine.faults.verb(f"{verb} {second}".strip()) or (machine.faults.verb(verb) if second else None)
    if not fault:
        return None
    time.sleep(fault.get("delay", 0))
    if "exit" not in fault and not fault.get("hang"):
        return None
    sys.stdout.write(fault.get("stdout", ""))
    sys.stdout.flush()
    while fault.get("hang"):
        time.sleep(3600)
    print(fault.get("stderr", f"Error: stand-in: told to fail at {verb}").rstrip("\n"), file=sys.stderr)
    if not fault.get("after"):
        sys.stderr.flush()
        os._exit(fault["exit"])
    return fault["exit"]


_CONTROLLER = (("-c", "--config"), ("--single", bool), ("--enable-worker", bool), ("--no-taints", bool),
               ("--disable-components",), ("--kubelet-extra-args",), ("--kubelet-root-dir",), ("--labels",),
               ("--taints",), ("--profile",), ("--cri-socket",), ("--token-file",), ("--logging", "-l"),
               ("--ignore-pre-flight-checks", bool), ("--enable-dynamic-config", bool), ("--status-socket",))
_WORKER = (("--token-file",), ("--kubelet-extra-args",), ("--kubelet-root-dir",), ("--labels",), ("--taints",),
           ("--profile",), ("--cri-socket",), ("--logging", "-l"), ("--ignore-pre-flight-checks", bool),
           ("--status-socket",))
_COMPONENTS = """applier-manager autopilot control-api coredns csr-approver endpoint-reconciler helm
konnectivity-server kube-controller-manager kube-proxy kube-scheduler metrics-server network-provider
node-role system-rbac update-prober windows-node worker-config""".split()


def _version(machine: Machine, rest: list[str]) -> int:
    given = parse(rest, ("-a", "--all", bool), ("-j", "--json", bool))
    parts = versions.components(machine.version)
    if given.all:
        print("\n".join(f"{name} : {value}" for name, value in parts.items()))
    elif given.json:
        print(json.dumps(parts, indent=3))
    else:
        print(machine.version)
    return 0


def _sysinfo(machine: Machine, rest: list[str]) -> int:
    from . import sysinfo
    given = parse(rest, ("-o", "--output"), ("--controller",), ("--worker",))
    results = sysinfo.probes(machine, machine.data, given.worker != "false")
    if given.output not in (None, "text", "json"):
        raise Failure(f'unknown output format: "{given.output}"')
    sys.stdout.write(sysinfo.as_json(results) if given.output == "json" else sysinfo.text(results))
    if sysinfo.failed(results):
        raise Failure("sysinfo failed")
    return 0


def _install(machine: Machine, rest: list[str]) -> int:
    from . import node_config, service
    if not rest or rest[0] not in ("controller", "server", "worker"):
        raise Failure("stand-in: only `install controller` and `install worker` are there" if rest
                      else "help requested")
    role = "worker" if rest[0] == "worker" else "controller"
    flags = _WORKER if role == "worker" else _CONTROLLER
    given = parse(rest[1:], *flags, ("--force", bool), ("--start", bool), ("-e", "--env"))
    require_root(machine)
    if role == "controller":
        for name in filter(None, (given.disable_components or "").split(",")):
            if name not in _COMPONENTS:
                raise Failure(f"unknown component {name}")
        node_config.load(machine, given.config)
        service.create_users(machine, machine.data)
    installed = service.Service(machine, role)
    installed.install([role, *_service_arguments(given)], _environment(given.env), given.force)
    if given.start:
        installed.start()
    return 0


def _service_arguments(given: SimpleNamespace) -> list[str]:
    """The flags that were given, in the form and the order in which the real one writes them."""
    result = []
    for name, value in sorted(vars(given).items()):
        if value in (None, False) or name in ("force", "start", "debug", "verbose", "env"):
            continue
        if name in ("config", "data_dir", "kubelet_root_dir", "token_file"):
            value = os.path.abspath(value)
        result.append(f"--{name.replace('_', '-')}={'true' if value is True else value}")
    return result


def _environment(entries: list[str] | None) -> list[str]:
    return [entry if "=" in entry else f"{entry}={os.environ.get(entry, '')}" for entry in entries or []]


def _start(machine: Machine, rest: list[str]) -> int:
    from .service import Service
    parse(rest)
    require_root(machine)
    Service(machine).start()
    return 0


def _stop(machine: Machine, rest: list[str]) -> int:
    from .service import Service
    parse(rest)
    require_root(machine)
    Service(machine).stop()
    return 0


def _status(machine: Machine, rest: list[str]) -> int:
    from . import status
    given = parse(rest, ("-o", "--out"), ("--status-socket",))
    machine.status_socket = given.status_socket or machine.status_socket
    information = status.ask(machine)
    # Every JSON text is a YAML text.
    as_json = given.out in ("json", "yaml")
    sys.stdout.write(json.dumps(information, indent=3) + "\n" if as_json else status.text(information))
    return 0


def _controller(machine: Machine, rest: list[str]) -> int:
    from . import controller
    controller.main(machine, parse(rest, *_CONTROLLER))
    return 0


def _worker(machine: Machine, rest: list[str]) -> int:
    from . import worker
    worker.main(machine, parse(rest, *_WORKER))
    return 0


def _kubeconfig(machine: Machine, rest: list[str]) -> int:
    if rest[:1] != ["admin"]:
        raise Failure("stand-in: only `kubeconfig admin` is there")
    parse(rest[1:])
    if not os.path.exists(machine.admin_conf):
        raise Failure(f'admin PKI file "{machine.pki}/ca.crt" not found, check if the control plane is initialized on '
                      "this node")
    with open(machine.admin_conf) as file:
        sys.stdout.write(file.read())
    return 0


def _kubectl(machine: Machine, rest: list[str]) -> int:
    environment = dict(os.environ)
    if "KUBECONFIG" not in environment and value_of("--kubeconfig", rest) is None:
        if not os.path.exists(machine.admin_conf):
            raise Failure(f"cannot stat k0s kubeconfig, is the server running?: stat {machine.admin_conf}: no such "
                          "file or directory")
        environment["KUBECONFIG"] = machine.admin_conf
    program = machine.program_path("kubectl")
    os.execve(program, ["kubectl", *rest], environment)


def _ctr(machine: Machine, rest: list[str]) -> int:
    program = machine.program_path("ctr")
    os.execv(program, ["ctr", "--address", machine.containerd_socket, "--namespace", "k8s.io", *rest])


def _airgap(machine: Machine, rest: list[str]) -> int:
    from . import node_config
    if rest[:1] != ["list-images"]:
        raise Failure("stand-in: only `airgap list-images` is there")
    flags = [("-c", "--config"), ("--all", bool)]
    if int(machine.version.split(".")[1]) >= 36:
        flags.append(("--platform",))
    given = parse(rest[1:], *flags)
    try:
        node_config.load(machine, given.config)
    except Failure as error:
        why = str(error).removeprefix("failed to load node config: ")
        raise Failure(f"failed to get node config: {why}") from error
    print("\n".join(versions.listed(machine.version, given.all)))
    return 0


def _token(machine: Machine, rest: list[str]) -> int:
    from . import status, tokens
    if rest[:1] != ["create"]:
        raise Failure("stand-in: only `token create` is there")
    given = parse(rest[1:], ("--role",), ("--expiry",), ("--wait", bool))
    if given.role not in (None, "worker", "controller"):
        raise Failure(f'unsupported role "{given.role}", supported roles are "controller" and "worker"')
    try:
        information = status.ask(machine)
    except Failure as error:
        raise Failure(f"failed to get k0s status: {error}") from error
    if information["SingleNode"]:
        raise Failure("refusing to create token: cannot join into a single node cluster")
    print(tokens.create(machine, information["ClusterConfig"]["spec"]["api"], given.role or "worker", given.expiry))
    return 0


def _backup(machine: Machine, rest: list[str]) -> int:
    from . import saving
    saving.backup(machine, parse(rest, ("--save-path",)).save_path or "")
    return 0


def _restore(machine: Machine, rest: list[str]) -> int:
    from . import saving
    if not rest:
        raise Failure("path to backup archive expected")
    saving.restore(machine, rest[0])
    return 0


def _reset(machine: Machine, rest: list[str]) -> int:
    from . import saving
    given = parse(rest, ("-c", "--config"), ("--cri-socket",), ("--kubelet-root-dir",))
    saving.reset(machine, given.config)
    return 0


_VERBS: dict[str, Callable[[Machine, list[str]], int]] = {
    "version": _version, "sysinfo": _sysinfo, "install": _install, "start": _start, "stop": _stop, "status": _status,
    "controller": _controller, "worker": _worker, "kubeconfig": _kubeconfig, "kubectl": _kubectl, "kc": _kubectl, "ctr": _ctr,
    "airgap": _airgap, "token": _token, "backup": _backup, "restore": _restore, "reset": _reset,
}
