"""Which kinds of objects the stand-in's API knows, and their names."""

from __future__ import annotations

from typing import NamedTuple


class Resource(NamedTuple):
    """One kind of object as discovery tells it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    status: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """As error messages name it: "deployments.apps", "pods"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """As validation errors name it: "Deployment.apps", "Pod"."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


def _core() -> list[Resource]:
    return [
        Resource("", "v1", "namespaces", "Namespace", False, ("ns",), True),
        Resource("", "v1", "nodes", "Node", False, ("no",), True),
        Resource("", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",), True),
        Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), True),
        Resource("", "v1", "pods", "Pod", True, ("po",), True),
        Resource("", "v1", "services", "Service", True, ("svc",), True),
        Resource("", "v1", "endpoints", "Endpoints", True, ("ep",)),
        Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",)),
        Resource("", "v1", "secrets", "Secret", True),
        Resource("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",)),
        Resource("", "v1", "events", "Event", True, ("ev",)),
        Resource("", "v1", "limitranges", "LimitRange", True, ("limits",)),
        Resource("", "v1", "resourcequotas", "ResourceQuota", True, ("quota",), True),
        Resource("", "v1", "replicationcontrollers", "ReplicationController", True, ("rc",), True),
    ]


def _workloads() -> list[Resource]:
    return [
        Resource("apps", "v1", "deployments", "Deployment", True, ("deploy",), True),
        Resource("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), True),
        Resource("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), True),
        Resource("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",), True),
        Resource("apps", "v1", "controllerrevisions", "ControllerRevision", True),
        Resource("batch", "v1", "jobs", "Job", True, (), True),
        Resource("batch", "v1", "cronjobs", "CronJob", True, ("cj",), True),
        Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), True),
        Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), True),
    ]


def _rest() -> list[Resource]:
    rbac, net, storage = "rbac.authorization.k8s.io", "networking.k8s.io", "storage.k8s.io"
    return [
        Resource(net, "v1", "ingresses", "Ingress", True, ("ing",), True),
        Resource(net, "v1", "ingressclasses", "IngressClass", False),
        Resource(net, "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",)),
        Resource(rbac, "v1", "clusterroles", "ClusterRole", False),
        Resource(rbac, "v1", "clusterrolebindings", "ClusterRoleBinding", False),
        Resource(rbac, "v1", "roles", "Role", True),
        Resource(rbac, "v1", "rolebindings", "RoleBinding", True),
        Resource(storage, "v1", "storageclasses", "StorageClass", False, ("sc",)),
        Resource(storage, "v1", "csidrivers", "CSIDriver", False),
        Resource(storage, "v1", "csinodes", "CSINode", False),
        Resource(storage, "v1", "volumeattachments", "VolumeAttachment", False, (), True),
        Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",)),
        Resource("coordination.k8s.io", "v1", "leases", "Lease", True),
        Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True),
        Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False,
                 ("crd", "crds"), True),
        Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False, (), True),
        Resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                 "ValidatingWebhookConfiguration", False),
        Resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
                 "MutatingWebhookConfiguration", False),
    ]


BUILT_IN: tuple[Resource, ...] = tuple(_core() + _workloads() + _rest())
SCALED = ("deployments", "replicasets", "statefulsets")


def of_definition(definition: dict) -> list[Resource]:
    """The kinds that a CustomResourceDefinition adds: one for each served version."""
    spec = definition.get("spec", {})
    names = spec.get("names", {})
    return [
        Resource(spec.get("group", ""), version.get("name", ""), names.get("plural", ""), names.get("kind", ""),
                 spec.get("scope") == "Namespaced", tuple(names.get("shortNames", ())),
                 "status" in version.get("subresources", {}))
        for version in spec.get("versions", []) if version.get("served")
    ]
