"""The workloads that k0s itself brings up in kube-system."""

from __future__ import annotations

from .operations import Operations, Options
from .settings import Settings

_AS_K0S = Options(manager="k0s", force=True)


class System:
    """Applies a workload for each of the settings' system images that is known by name."""

    def __init__(self, operations: Operations, settings: Settings):
        self.operations, self.store, self.settings = operations, operations.store, settings
        self._applied: set[str] = set()

    def reconcile(self) -> None:
        for image in self.settings.system_images:
            role = image.rpartition("/")[2].partition(":")[0]
            if role in _WORKLOADS and role not in self._applied:
                self._applied.add(role)
                kind, name, label, host_network = _WORKLOADS[role]
                self._apply(kind, name, label, host_network, image)

    def _image(self, role: str) -> str | None:
        return next((image for image in self.settings.system_images if f"/{role}:" in image), None)

    def _apply(self, kind: str, name: str, label: str, host_network: bool, image: str) -> None:
        resource, labels = self.store.kind(kind), {"k8s-app": label}
        spec: dict = {"containers": [{"name": name, "image": image, "imagePullPolicy": "Never"}]}
        if host_network:
            spec["hostNetwork"] = True
        installer = self._image("cni-node")
        if name == "kube-router" and installer:
            spec["initContainers"] = [{"name": "install-cni-bins", "image": installer, "imagePullPolicy": "Never"}]
        manifest = {"apiVersion": resource.api_version, "kind": resource.kind,
                    "metadata": {"name": name, "namespace": "kube-system", "labels": labels},
                    "spec": {"selector": {"matchLabels": labels},
                             "template": {"metadata": {"labels": labels}, "spec": spec}}}
        self.operations.apply(resource, "kube-system", name, manifest, _AS_K0S)


# The image's last name: kind, name, label, host network.
_WORKLOADS = {
    "kube-proxy": ("daemonsets", "kube-proxy", "kube-proxy", True),
    "kube-router": ("daemonsets", "kube-router", "kube-router", True),
    "coredns": ("deployments", "coredns", "kube-dns", False),
    "metrics-server": ("deployments", "metrics-server", "metrics-server", False),
    "apiserver-network-proxy-agent": ("daemonsets", "konnectivity-agent", "konnectivity-agent", True),
}
