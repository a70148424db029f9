"""What each version of k0s brings: image names and versions of components."""

from __future__ import annotations

_HOST = "quay.io/k0sproject/"
_CALICO = ("calico-node:v3.29.7-0", "calico-kube-controllers:v3.29.7-0")  # stands for the longer list of the real one

# pause, kube-proxy, CoreDNS, metrics-server, kube-router, CNI installer, konnectivity agent
_IMAGES = {
    "v1.36.3+k0s.0": ("pause:3.10.2-0", "kube-proxy:v1.36.3", "coredns:1.14.3-k0s.0", "metrics-server:v0.8.1-0",
                      "kube-router:v2.10.0-iptables1.8.13-k0s.0", "cni-node:1.8.0-k0s.0",
                      "apiserver-network-proxy-agent:v0.36.0-k0s.0"),
    "v1.36.3+k0s.2": ("pause:3.10.2-0", "kube-proxy:v1.36.3-1", "coredns:1.14.6-k0s.0", "metrics-server:v0.9.0-k0s.0",
                      "kube-router:v2.10.0-iptables1.8.13-k0s.1", "cni-node:v1.9.1-k0s.1",
                      "apiserver-network-proxy-agent:v0.36.0-k0s.0"),
    "v1.35.7+k0s.0": ("pause:3.10.1", "kube-proxy:v1.35.7", "coredns:1.14.2-0", "metrics-server:v0.8.1-0",
                      "kube-router:v2.7.1-iptables1.8.11-0", "cni-node:1.8.0-k0s.0",
                      "apiserver-network-proxy-agent:v0.34.0-k0s.2"),
}


def images(version: str) -> list[str]:
    """Those of the listed version, or of v1.36.3+k0s.0 with the version's own kube-proxy."""
    names = _IMAGES.get(version)
    if names is None:
        kubernetes = version.split("+")[0]
        names = tuple(f"kube-proxy:{kubernetes}" if name.startswith("kube-proxy:") else name
                      for name in _IMAGES["v1.36.3+k0s.0"])
    return [_HOST + name for name in names]


def listed(version: str, every: bool) -> list[str]:
    """What `airgap list-images` prints: before 1.36 always with Calico."""
    minor = int(version.split(".")[1])
    return images(version) + ([_HOST + name for name in _CALICO] if every or minor < 36 else [])


def pause(version: str) -> str:
    return images(version)[0]


def workloads(version: str, disabled: list[str], single: bool) -> tuple[str, ...]:
    """The images of what k0s itself runs in the cluster."""
    unwanted = {"metrics-server": "metrics-server", "coredns": "coredns", "kube-proxy": "kube-proxy"}
    dropped = {unwanted[name] for name in disabled if name in unwanted}
    if single or "konnectivity-server" in disabled:
        dropped.add("apiserver-network-proxy-agent")
    return tuple(image for image in images(version)[1:]
                 if image.rpartition("/")[2].partition(":")[0] not in dropped)


def components(version: str) -> dict[str, str]:
    kubernetes = version.split("+")[0].lstrip("v")
    return {"k0s": version, "runc": "1.4.3", "containerd": "2.3.3", "kubernetes": kubernetes, "kine": "0.16.3",
            "etcd": "3.6.14", "konnectivity": "0.36.0"}
