"""Names of images, YAML, and lists of images."""

from __future__ import annotations

import re
import unittest

from standin import ownership, versions
from standin.images import full_name
from standin.yaml_subset import YamlError, parse
from support import ROOT


class PartTests(unittest.TestCase):
    def test_full_names(self) -> None:
        for short, full in (("busybox", "docker.io/library/busybox:latest"), ("a/b:1", "docker.io/a/b:1"),
                            ("localhost:5000/a", "localhost:5000/a:latest"),
                            ("quay.io/a/b:1@sha256:ff", "quay.io/a/b@sha256:ff")):
            self.assertEqual(full_name(short), full)

    def test_yaml(self) -> None:
        text = "a:  # comment\n- b: 'x # y'\n  c: [1, \"two\", {d: ~}]\n- e\nf: {}\ng:\n  h: http://i:1/#j\n"
        self.assertEqual(parse(text), {"a": [{"b": "x # y", "c": [1, "two", {"d": None}]}, "e"], "f": {},
                                       "g": {"h": "http://i:1/#j"}})
        for wrong in ("a: b\n c: d\n", "a\n", "a: [b\n", "a:\n\t- b\n"):
            self.assertRaises(YamlError, parse, wrong)

    def test_image_lists(self) -> None:
        with open(ROOT + "/bundles/infometis/bundle.yaml") as file:
            named = re.findall(r"- (quay\.io/k0sproject/\S+)", file.read())
        self.assertEqual(versions.images("v1.36.3+k0s.0"), named)

    def test_apply_of_lists(self) -> None:
        def manifest(containers: list) -> dict:
            return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": containers}}

        def applied(live: dict | None, manager: str, containers: list) -> dict:
            return ownership.apply(live, manifest(containers), manager, False)

        one = {"name": "one", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
               "ports": [{"containerPort": 80}]}
        live = applied(None, "us", [one, {"name": "two", "args": ["x", "y"]}])
        live["spec"]["containers"][0]["ports"][0]["protocol"] = "TCP"  # a default
        live = applied(live, "them", [{"name": "one", "env": [{"name": "C", "value": "3"}]}])
        live = applied(live, "us", [{"name": "one", "env": [{"name": "A", "value": "4"}], "ports": one["ports"]}])
        self.assertEqual(live["spec"]["containers"], [
            {"name": "one", "env": [{"name": "A", "value": "4"}, {"name": "C", "value": "3"}],
             "ports": [{"containerPort": 80, "protocol": "TCP"}]}])
        self.assertEqual([entry["manager"] for entry in live["metadata"]["managedFields"]], ["them", "us"])
