"""install, start, stop: the service of k0s, through systemd or, on a machine without an init, by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

from .machine import Failure, Machine

_UNIT = """[Unit]
Description=k0s - Zero Friction Kubernetes (stand-in)
Documentation=https://docs.k0sproject.io
ConditionFileIsExecutable={program}

After=network-online.target
Wants=network-online.target

[Service]
StartLimitInterval=5
StartLimitBurst=10
ExecStart={command}{environment}

RestartSec={pause}
Delegate=yes
KillMode=process
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
LimitNOFILE=999999
Restart=always

[Install]
WantedBy=multi-user.target
"""


class Service:
    """What `systemctl is-active` and the unit file tell, and the acts on them; of the role that is installed."""

    def __init__(self, machine: Machine, role: str | None = None):
        self.machine, self.role = machine, role or machine.role
        self.name, self._unit = f"k0s{self.role}", machine.unit(self.role)
        self._pid_file = machine.root + f"/run/k0s-stand-in/{self.name}.pid"

    def install(self, arguments: list[str], environment: list[str], force: bool) -> None:
        path = self._unit
        if force:
            log("info", f"Uninstalling {self.name} service")
            self.uninstall()
        log("info", f"Installing {self.name} service")
        if os.path.exists(path):
            raise Failure(f"failed to install {self.role} service: Init already exists: {path}")
        own = [f"{key}={value}" for key, value in os.environ.items() if key.startswith("K0S_STAND_IN_")]
        lines = "".join(f'\nEnvironment="{entry}"' for entry in environment + own)
        command = " ".join(_escaped(word) for word in [self.machine.program, *arguments])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(_UNIT.format(program=self.machine.program, command=command, environment=lines,
                                    pause=self.machine.setting("restart_seconds", 10)))
        if self.machine.has_init:
            self._systemctl("enable", self.name + ".service")
            self._systemctl("daemon-reload")

    def uninstall(self) -> bool:
        """Whether there was one."""
        if not os.path.exists(self._unit):
            return False
        if self.machine.has_init:
            self._systemctl("disable", self.name + ".service")
        os.remove(self._unit)
        if self.machine.has_init:
            self._systemctl("daemon-reload")
        return True

    def start(self) -> None:
        state = self._state()
        if state == "running":
            raise Failure("already running")
        if self.machine.has_init:
            self._systemctl("start", self.name + ".service")
        else:
            self._spawn()

    def stop(self) -> None:
        if self._state() == "stopped":
            raise Failure("already stopped")
        if self.machine.has_init:
            self._systemctl("stop", self.name + ".service")
        else:
            self._end(self._pid())

    def _state(self) -> str:
        """"running" or "stopped"; fails where the real one does."""
        if not os.path.exists(self._unit):
            raise Failure("k0s has not been installed as a service")
        if not self.machine.has_init:
            return "running" if self._pid() else "stopped"
        done = subprocess.run(["systemctl", "is-active", self.name + ".service"], capture_output=True, text=True)
        state = done.stdout.strip()
        if state in ("active", "activating"):
            return "running"
        if state == "failed":
            raise Failure("service in failed state")
        if state == "inactive":
            return "stopped"
        raise Failure("k0s has not been installed as a service")

    def _systemctl(self, *arguments: str) -> None:
        done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True)
        if done.returncode:
            raise Failure(f'"systemctl" failed: exit status {done.returncode}, {done.stderr.strip()}')

    # Without an init

    def _pid(self) -> int | None:
        try:
            with open(self._pid_file) as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline") as file:
                return pid if self.role in file.read().split("\0") else None
        except (OSError, ValueError):
            return None

    def _spawn(self) -> None:
        with open(self._unit) as file:
            lines = file.read().splitlines()
        command = next(line.partition("=")[2] for line in lines if line.startswith("ExecStart="))
        words = [word.replace("\\x20", " ") for word in command.split()]
        given = dict(line[len('Environment="'):-1].split("=", 1) for line in lines if line.startswith("Environment="))
        os.makedirs(os.path.dirname(self._pid_file), exist_ok=True)
        os.makedirs(self.machine.root + "/var/log", exist_ok=True)
        with open(self.machine.root + f"/var/log/{self.name}.log", "a") as log_file:
            child = subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL, stdout=log_file,
                                     stderr=log_file, start_new_session=True, env={**os.environ, **given})
        with open(self._pid_file, "w") as file:
            file.write(str(child.pid))

    def _end(self, pid: int | None) -> None:
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        while self._pid() == pid and not _is_zombie(pid):
            time.sleep(0.05)
        os.remove(self._pid_file)


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _escaped(word: str) -> str:
    return word.replace(" ", "\\x20")


def log(level: str, message: str) -> None:
    """As the real one logs: logrus' text form on stderr."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    print(f'time="{stamp}" level={level} msg="{message}"', file=sys.stderr, flush=True)


USERS = ("kube-apiserver", "kube-scheduler", "konnectivity-server", "etcd", "keepalived")


def create_users(machine: Machine, home: str) -> None:
    for user in USERS if machine.setting("users", not machine.root) and shutil.which("useradd") else ():
        if subprocess.run(["id", user], capture_output=True).returncode:
            command = ["useradd", "--home", home, "--shell", "/usr/sbin/nologin", "--system", "--no-create-home", user]
            if subprocess.run(command, capture_output=True).returncode:
                raise Failure(f"failed to create controller users: user: unknown user {user}")


def remove_users(machine: Machine) -> None:
    for user in USERS if machine.setting("users", not machine.root) and shutil.which("userdel") else ():
        subprocess.run(["userdel", user], capture_output=True)
