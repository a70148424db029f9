"""The program, by its verbs."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from support import HERE, Kubectl, kubectl_program, wait_for, workload
from tiny_images import write_archive


class K0sTests(Kubectl):
    """The program, without an init, everything below a folder of its own."""

    def setUp(self) -> None:
        if os.geteuid() != 0 or not shutil.which("containerd"):
            self.skipTest("needs root and containerd")
        self.folder = tempfile.mkdtemp(prefix="k0si.")
        self.faults = self.folder + "/etc/k0s-stand-in/faults.json"
        self.kubeconfig = self.folder + "/var/lib/k0s/pki/admin.conf"
        os.makedirs(os.path.dirname(self.faults))
        os.makedirs(self.folder + "/etc/k0s")
        self.config = self.folder + "/etc/k0s/k0s.yaml"
        with open(self.config, "w") as file:
            file.write("spec: {images: {default_pull_policy: Never}} # a comment\n")
        self.set({})
        os.environ.update(K0S_STAND_IN_ROOT=self.folder, K0S_STAND_IN_PARTS=HERE)

    def tearDown(self) -> None:
        subprocess.run([HERE + "/k0s", "stop"], capture_output=True)
        os.environ.pop("K0S_STAND_IN_ROOT")
        shutil.rmtree(self.folder, ignore_errors=True)

    def set(self, settings: dict) -> None:
        with open(os.path.dirname(self.faults) + "/settings.json", "w") as file:
            json.dump({"init": "none", "port": 0, "bind": "127.0.0.1", "kubectl": kubectl_program(), **settings}, file)

    def k0s(self, *arguments: str, code: int = 0, program: str = HERE + "/k0s") -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, f"k0s {' '.join(arguments)}: {text}")
        return text

    def import_images(self, names: list[str], content: str = "stand-in") -> str:
        """The digest of the layer of these images."""
        path = self.folder + "/images.tar"
        layer = write_archive(path, names, content)
        self.k0s("ctr", "images", "import", "--no-unpack", path)
        return layer

    def up(self) -> None:
        self.k0s("install", "controller", "--single", "-c", self.config)
        self.k0s("start")
        self.assertTrue(wait_for(lambda: os.path.exists(self.kubeconfig)), self.log())

    def log(self, role: str = "controller") -> str:
        with open(os.environ["K0S_STAND_IN_ROOT"] + f"/var/log/k0s{role}.log") as file:
            return file.read()

    def test_life(self) -> None:
        self.assertIn("no such file or directory", self.k0s("status", code=1))
        self.assertIn("has not been installed", self.k0s("start", code=1))
        self.up()
        self.assertIn("Init already exists", self.k0s("install", "controller", "--single", code=1))
        self.assertIn("already running", self.k0s("start", code=1))
        self.assertTrue(json.loads(self.k0s("status", "-o", "json"))["SingleNode"])
        self.assertIn("NotReady", self.k0s("kubectl", "get", "nodes"))
        self.assertIn("https://", self.k0s("kubeconfig", "admin"))
        images = self.k0s("airgap", "list-images").split()
        self.import_images(images[:-1])
        self.k0s("kubectl", "wait", "--for=condition=Ready", "node", "--all", "--timeout=20s")
        self.k0s("kubectl", "rollout", "status", "-n", "kube-system", "deploy/coredns", "--timeout=20s")
        self.assertIn("single node cluster", self.k0s("token", "create", code=1))
        self.kill_and_start()
        self.reset()

    def kill_and_start(self) -> None:
        """After a kill -9 the objects are there, and the containerd that was left behind does not hinder."""
        os.kill(json.loads(self.k0s("status", "-o", "json"))["Pid"], signal.SIGKILL)
        self.assertTrue(wait_for(lambda: "connection refused" in subprocess.run(
            [HERE + "/k0s", "status"], capture_output=True, text=True).stderr))
        self.k0s("start")
        self.assertTrue(wait_for(lambda: "Version" in subprocess.run(
            [HERE + "/k0s", "status"], capture_output=True, text=True).stdout), self.log())
        self.k0s("kubectl", "rollout", "status", "-n", "kube-system", "deploy/coredns", "--timeout=20s")

    def reset(self) -> None:
        self.assertIn("please stop k0s before reset", self.k0s("reset", code=1))
        self.k0s("backup", "--save-path", self.folder)
        self.k0s("stop")
        self.assertIn("already stopped", self.k0s("stop", code=1))
        self.k0s("reset")
        for gone in ("/var/lib/k0s", "/run/k0s", "/etc/systemd/system/k0scontroller.service",
                     "/etc/cni/net.d/10-kuberouter.conflist"):
            self.assertFalse(os.path.exists(self.folder + gone), gone)
        for left in ("/etc/k0s/k0s.yaml", "/etc/k0s/containerd.toml", "/opt/cni/bin", "/var/log/pods"):
            self.assertTrue(os.path.exists(self.folder + left), left)
        self.assertEqual(len(glob.glob(self.folder + "/k0s_backup_*.tar.gz")), 1)

    def cluster(self) -> str:
        """A controller that others may join, and the folder of a second machine, on which k0s runs from now on."""
        with open(self.config, "w") as file:
            file.write("spec: {api: {address: 127.0.0.1}}\n")
        self.k0s("install", "controller", "--enable-worker", "--no-taints", "-c", self.config)
        self.k0s("start")
        self.assertTrue(wait_for(lambda: os.path.exists(self.kubeconfig)), self.log())
        other = self.folder + "/other"
        os.makedirs(other + "/etc/k0s-stand-in")
        with open(other + "/etc/k0s-stand-in/settings.json", "w") as file:
            json.dump({"init": "none", "node_name": "second"}, file)
        return other

    def join(self, token: str) -> None:
        path = os.environ["K0S_STAND_IN_ROOT"] + "/token"
        with open(path, "w") as file:
            file.write(token)
        self.k0s("install", "worker", "--token-file", path, "--kubelet-extra-args=--node-ip=127.0.0.2", "--force")
        self.k0s("start")

    def test_worker(self) -> None:
        other = self.cluster()
        tokens = [self.k0s("token", "create", *more).strip() for more in (
            ("--role=worker", "--expiry=1h"), ("--role=worker", "--expiry=1s"), ("--role=controller",))]
        self.assertIn("invalid duration", self.k0s("token", "create", "--expiry=soon", code=1))
        os.environ["K0S_STAND_IN_ROOT"] = other
        try:
            self.assertIn("no such file", self.k0s("worker", "--token-file", "/nowhere", code=1))
            self.assertIn("no join token given", self.k0s("worker", code=1))
            self.assertIn("cannot stat k0s kubeconfig", self.k0s("kubectl", "get", "nodes", code=1))
            for token, message in (("nonsense!", "failed to decode join token"),
                                   (tokens[2], "wrong token type controller-bootstrap")):
                self.join(token)
                self.assertTrue(wait_for(lambda: message in self.log("worker")), self.log("worker"))
            self.join(tokens[1])
            self.assertTrue(wait_for(lambda: "client configuration: Unauthorized" in self.log("worker")))
            self.join(tokens[0])
            self.assertTrue(wait_for(self.has_joined), self.log("worker"))
            self.assertEqual(json.loads(self.k0s("status", "-o", "json"))["Role"], "worker")
            self.assertEqual(self.value("node second", ".status.addresses[0].address"), "127.0.0.2")
            self.k0s("stop")
            self.k0s("install", "worker", "--force")
            os.remove(other + "/token")
            self.k0s("start")
            self.assertTrue(wait_for(self.has_joined), self.log("worker"))
            self.k0s("stop")
            self.k0s("reset")
            self.assertFalse(os.path.exists(other + "/var/lib/k0s"))
        finally:
            subprocess.run([HERE + "/k0s", "stop"], capture_output=True)
            os.environ["K0S_STAND_IN_ROOT"] = self.folder

    def has_joined(self) -> bool:
        done = subprocess.run([HERE + "/k0s", "status", "-o", "json"], capture_output=True, text=True)
        return not done.returncode and json.loads(done.stdout)["WorkerToAPIConnectionStatus"]["Success"]

    def test_pods_need_their_images(self) -> None:
        self.up()
        self.import_images(self.k0s("airgap", "list-images").split())
        layer = self.import_images(["docker.io/library/half:1"], "half")
        self.k0s("ctr", "content", "rm", layer)
        reason = ".items[*].status.containerStatuses[0].state.waiting.reason"
        for name, policy, expected in (("absent", "Never", "ErrImageNeverPull"), ("half", "Never", "ErrImageNeverPull"),
                                       ("pulled", "Always", "ImagePullBackOff")):
            self.apply(workload(name, image=f"{name}:1", extra=f", imagePullPolicy: {policy}"))
            self.assertTrue(wait_for(lambda: self.value("pods -l app=" + name, reason) == expected), name)
        self.assertIn("is not present with pull policy of Never", self.kubectl("describe", "pod", "-l", "app=absent"))
        self.import_images([f"docker.io/library/{name}:1" for name in ("absent", "half", "pulled")], "half")
        for name in ("absent", "half"):
            self.kubectl("rollout", "status", "deploy/" + name, "--timeout=20s")
        self.assertEqual(self.value("deploy pulled", ".status.readyReplicas"), "")

    def test_bundles_in_the_images_folder(self) -> None:
        os.makedirs(self.folder + "/var/lib/k0s/images")
        write_archive(self.folder + "/var/lib/k0s/images/all.tar", ["docker.io/library/busybox:1.35.0"])
        self.up()
        self.assertIn("docker.io/library/busybox:1.35.0", self.k0s("ctr", "images", "ls", "-q"))
        self.assertIn("io.cri-containerd.pinned=pinned", self.k0s("ctr", "images", "ls"))

    def test_faults_of_verbs(self) -> None:
        self.tell({"verbs": {"install": {"exit": 1, "stderr": "Error: disk on fire", "times": 1},
                             "kubectl apply": {"exit": 7}, "start": {"exit": 1, "after": True}},
                   "sysinfo": [{"name": "Control Groups", "prop": "version 1", "message": "cgroup v2 is required"}]})
        self.assertEqual(self.k0s("install", "controller", "--single", code=1), "Error: disk on fire\n")
        self.k0s("install", "controller", "--single")
        self.k0s("kubectl", "apply", "-f", "-", code=7)
        self.k0s("start", code=1)
        self.assertTrue(wait_for(lambda: os.path.exists(self.kubeconfig)), self.log())
        results = json.loads(self.k0s("sysinfo", "-o", "json", code=1).partition("Error:")[0])
        rejected = [one["message"] for one in results if one["category"] == "rejected"]
        self.assertEqual(rejected, ["cgroup v2 is required"])

    def test_config_is_checked(self) -> None:
        for text, message in (("spec:\n  api: [", "did not find expected"),
                              ("spec: {nonsense: 1}", 'unknown field "nonsense"'),
                              ("spec: {network: {podCIDR: 10.0.0.0/99}}", "invalid CIDR")):
            with open(self.config, "w") as file:
                file.write(text)
            self.assertIn(message, self.k0s("install", "controller", "-c", self.config, code=1))
        self.assertIn("open /nowhere: no such file", self.k0s("install", "controller", "-c", "/nowhere", code=1))

    def older(self) -> str:
        program = self.folder + "/older"
        with open(HERE + "/k0s") as source, open(program, "w") as target:
            target.write(re.sub(r"(?m)^VERSION = .*", 'VERSION = "v1.35.7+k0s.0"', source.read()))
        os.chmod(program, 0o755)
        return program

    def test_another_version(self) -> None:
        older = self.older()
        self.assertEqual(self.k0s("version", program=older), "v1.35.7+k0s.0\n")
        self.assertIn("calico", self.k0s("airgap", "list-images", program=older))

    def test_upgrade(self) -> None:
        older, kubelet = self.older(), ".items[0].status.nodeInfo.kubeletVersion"
        self.k0s("install", "controller", "--single", "-c", self.config, program=older)
        self.k0s("start", program=older)
        self.assertTrue(wait_for(lambda: os.path.exists(self.kubeconfig)), self.log())
        self.assertEqual(self.value("nodes", kubelet), "v1.35.7+k0s")
        self.k0s("stop", program=older)
        shutil.copy(HERE + "/k0s", older)
        os.remove(self.kubeconfig)
        self.k0s("start", program=older)
        self.assertTrue(wait_for(lambda: os.path.exists(self.kubeconfig)), self.log())
        self.assertEqual(json.loads(self.k0s("status", "-o", "json"))["Version"], "v1.36.3+k0s.0")
        self.assertEqual(self.value("nodes", kubelet), "v1.36.3+k0s")
        image = self.value("ds kube-proxy", ".spec.template.spec.containers[0].image", "-n", "kube-system")
        self.assertEqual(image, "quay.io/k0sproject/kube-proxy:v1.36.3")
