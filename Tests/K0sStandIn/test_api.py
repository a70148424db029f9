"""The API on its own, by kubectl."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile

from support import HERE, Kubectl, expanded_manifests, kubectl_program, wait_for, workload


class ApiTests(Kubectl):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp(prefix="k0s-stand-in.")
        cls.kubeconfig, cls.faults = cls.folder + "/kubeconfig", cls.folder + "/faults.json"
        cls.start()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.terminate()
        cls.server.wait()
        shutil.rmtree(cls.folder)

    @classmethod
    def start(cls) -> None:
        with open(cls.folder + "/log", "a") as log:
            cls.server = subprocess.Popen(
                [HERE + "/kubernetes_api.py", "--port", "0", "--state", cls.folder + "/state.json", "--faults",
                 cls.faults, "--kubeconfig", cls.kubeconfig], stdout=subprocess.PIPE, stderr=log)
        cls.server.stdout.readline()

    def tearDown(self) -> None:
        self.tell({})

    def test_every_manifest_of_the_bundles(self) -> None:
        for bundle, stateful in (("hello", None), ("infometis", "sts/kafka")):
            manifests = expanded_manifests(bundle)
            self.apply(manifests)
            self.assertNotIn("created", self.apply(manifests))
            self.apply(manifests, "--dry-run=server")
            for line in self.kubectl("get", "deploy,sts,ds", "-n", bundle, "-o", "name").split():
                self.kubectl("rollout", "status", "-n", bundle, line, "--timeout=20s")
        self.kubectl("wait", "-n", "hello", "--for=condition=complete", "job/listen", "--timeout=20s")
        self.assertIn("1/1     Running", self.kubectl("get", "pods", "-A", "-o", "wide"))
        self.kubectl("delete", "ns", "hello", "--timeout=20s")
        self.assertIn('namespaces "hello" not found', self.kubectl("get", "ns", "hello", code=1))
        self.assertIn("No resources found", self.kubectl("get", "all,cm,secret", "-n", "hello"))

    def test_apply_removes_what_the_manifest_no_longer_has(self) -> None:
        manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, namespace: default}, data: {%s}}"
        self.apply(manifest % "a: '1', b: '2'")
        self.kubectl("patch", "cm", "kept", "--type=merge", "-p", '{"data":{"c":"3"}}')
        self.apply(manifest % "a: '4'")
        self.assertEqual(json.loads(self.value("cm kept", ".data")), {"a": "4", "c": "3"})

    def test_a_volume_can_be_given_a_node_once(self) -> None:
        volume = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: pinned}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: /srv/x}
"""
        affinity = "  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [" \
            "{key: kubernetes.io/hostname, operator: In, values: [%s]}]}]}}\n"
        self.apply(volume)
        self.apply(volume + affinity % "one")
        self.assertIn("field is immutable", self.apply(volume + affinity % "two", code=1))
        self.assertIn("one", self.value("pv pinned", ".spec.nodeAffinity"))

    def test_an_unchanged_apply_changes_nothing(self) -> None:
        self.apply(workload("same"))
        self.kubectl("rollout", "status", "deploy/same", "--timeout=10s")
        before = self.value("deploy same", ".metadata.resourceVersion")
        self.apply(workload("same"))
        self.assertEqual(self.value("deploy same", ".metadata.resourceVersion"), before)

    def test_conflicts(self) -> None:
        self.apply(workload("fought"))
        text = self.apply(workload("fought", 2), "--field-manager=other", code=1)
        self.assertIn('Apply failed with 1 conflict: conflict with "test": .spec.replicas', text)
        self.apply(workload("fought", 2), "--field-manager=other", "--force-conflicts")
        self.assertEqual(self.value("deploy fought", ".spec.replicas"), "2")

    def test_dry_run_keeps_nothing(self) -> None:
        self.assertIn("(server dry run)", self.apply(workload("dry"), "--dry-run=server"))
        self.kubectl("get", "deploy", "dry", code=1)

    def test_refusals(self) -> None:
        cases = ((workload("ok").replace("namespace: default", "namespace: nowhere"), 'namespaces "nowhere" not found'),
                 (workload("Bad_Name"), "a lowercase RFC 1123 subdomain must consist of"),
                 (workload("ok", image=""), "spec.template.spec.containers[0].image: Required value"),
                 (workload("ok").replace("labels: {app: ok}", "labels: {app: no-match}"), "`selector` does not match"),
                 (workload("ok").replace("replicas:", "replicaz:"), 'unknown field "spec.replicaz"'),
                 (workload("ok", extra=", env: [{name: A, value: 1}]"), "cannot unmarshal number"),
                 (workload("ok").replace("apps/v1", "apps/v9"), "no matches for kind"))
        for manifest, message in cases:
            self.assertIn(message, self.apply(manifest, code=1))
        self.apply(workload("fixed"))
        self.assertIn("field is immutable", self.apply(workload("fixed").replace("app: fixed", "app: other"), code=1))

    def test_custom_resources(self) -> None:
        definition = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gadgets, kind: Gadget, shortNames: [gd]}
  versions: [{name: v1, served: true, storage: true}]
"""
        custom = ("{apiVersion: example.com/v1, kind: Gadget, metadata: {name: one, namespace: default}, "
                  "spec: {size: 3}}")
        self.assertIn("ensure CRDs are installed first", self.apply(custom, code=1))
        self.apply(definition)
        self.kubectl("wait", "--for=condition=established", "crd/gadgets.example.com", "--timeout=5s")
        self.apply(custom)
        self.assertEqual(self.value("gd one", ".spec.size"), "3")

    def test_faults_of_pods(self) -> None:
        self.apply(workload("ill"))
        for reason in ("CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError"):
            self.tell({"pods": [{"match": "ill", "reason": reason, "log": "cannot bind"}]})
            path = ".items[*].status.containerStatuses[0].state.waiting.reason"
            self.assertTrue(wait_for(lambda: self.value("pods -l app=ill", path) == reason), reason)
        self.assertRegex(self.kubectl("rollout", "status", "deploy/ill", "--timeout=300ms", code=1),
                         "deadline exceeded|timed out")
        self.tell({"pods": [{"match": "ill", "reason": "CrashLoopBackOff", "log": "cannot bind"}]})
        self.assertTrue(wait_for(lambda: "cannot bind" in self.kubectl("logs", "deploy/ill")))
        self.tell({})
        self.kubectl("rollout", "status", "deploy/ill", "--timeout=10s")
        self.tell({"pods": [{"match": "late", "reason": "Unschedulable", "message": "0/1 nodes are available"}]})
        self.apply(workload("late"))
        path = '.items[*].status.conditions[?(@.type=="PodScheduled")].reason'
        self.assertTrue(wait_for(lambda: self.value("pods -l app=late", path) == "Unschedulable"))
        self.assertIn("0/1 nodes are available", self.kubectl("get", "events"))

    def test_jobs(self) -> None:
        job = """
apiVersion: batch/v1
kind: Job
metadata: {name: %s, namespace: default}
spec: {backoffLimit: 1, template: {spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:1"}]}}}
"""
        self.tell({"jobs": [{"match": "bad", "exitCode": 3, "log": "no route to host"}]})
        self.apply(job % "good" + "---" + job % "bad")
        self.kubectl("wait", "--for=condition=complete", "job/good", "--timeout=10s")
        self.kubectl("wait", "--for=condition=failed", "job/bad", "--timeout=10s")
        self.assertIn("no route to host", self.kubectl("logs", "job/bad"))
        reason = '.status.conditions[?(@.type=="Failed")].reason'
        self.assertEqual(self.value("job bad", reason), "BackoffLimitExceeded")
        self.assertEqual(self.value("pods -l job-name=bad", ".items[*].status.phase"), "Failed Failed")

    def test_faults_of_the_api_and_the_node(self) -> None:
        self.tell({"api": {"refuse": True}})
        self.assertTrue(wait_for(lambda: "refused" in subprocess.run(
            [kubectl_program(), "--kubeconfig", self.kubeconfig, "get", "ns"], capture_output=True, text=True).stderr))
        self.tell({"node": {"ready": False}})
        self.assertTrue(wait_for(lambda: "refused" not in subprocess.run(
            [kubectl_program(), "--kubeconfig", self.kubeconfig, "get", "ns"], capture_output=True, text=True).stderr))
        self.assertTrue(wait_for(lambda: "NotReady" in self.kubectl("get", "nodes")))
        self.tell({"api": {"fail": {"status": 500, "match": "/configmaps", "times": 1}}})
        self.assertIn("InternalError", self.kubectl("get", "cm", code=1))
        self.kubectl("get", "cm")

    def test_missing_configmap_and_account(self) -> None:
        volumes = "{volumes: [{name: v, configMap: {name: later}}], containers:"
        self.apply(workload("mounts").replace("{containers:", volumes))
        self.assertTrue(wait_for(lambda: 'configmap "later" not found' in self.kubectl("get", "events")))
        self.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: later, namespace: default}}")
        self.kubectl("rollout", "status", "deploy/mounts", "--timeout=10s")
        self.apply(workload("account").replace("{containers:", "{serviceAccountName: none, containers:"))
        self.assertTrue(wait_for(lambda: 'serviceaccount "none" not found' in self.kubectl("get", "events")))

    def test_claims_bind(self) -> None:
        self.apply("""
{apiVersion: v1, kind: PersistentVolume, metadata: {name: disk}, spec: {capacity: {storage: 5Gi},
 accessModes: [ReadWriteOnce], hostPath: {path: /tmp/x}, storageClassName: local}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: disk, namespace: default}, spec: {
 accessModes: [ReadWriteOnce], storageClassName: local, resources: {requests: {storage: 5Gi}}}}
""")
        self.kubectl("wait", "--for=jsonpath={.status.phase}=Bound", "pvc/disk", "--timeout=5s")

    def test_watch_scale_and_restart(self) -> None:
        self.apply(workload("watched"))
        self.kubectl("rollout", "status", "deploy/watched", "--timeout=10s")
        command = [kubectl_program(), "--kubeconfig", self.kubeconfig, "get", "pods", "-l", "app=watched",
                   "-w", "-o", "name"]
        watcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            first = watcher.stdout.readline()
            self.kubectl("scale", "deploy/watched", "--replicas=2")
            self.assertNotEqual(watcher.stdout.readline(), first)
        finally:
            watcher.kill()
            watcher.communicate()
        self.kubectl("rollout", "restart", "deploy/watched")
        self.kubectl("rollout", "status", "deploy/watched", "--timeout=10s")

    def test_objects_outlive_a_kill(self) -> None:
        self.apply(workload("kept"))
        uid = self.value("deploy kept", ".metadata.uid")
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.server.stdout.close()
        self.start()
        self.assertEqual(self.value("deploy kept", ".metadata.uid"), uid)
