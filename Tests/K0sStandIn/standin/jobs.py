"""Jobs: they succeed, unless a fault says otherwise."""

from __future__ import annotations

from .conditions import Clock, conditions
from .events import Events
from .operations import Operations
from .store import now
from .workloads import Owner


class Jobs:
    def __init__(self, operations: Operations, events: Events):
        self.operations, self.store, self.events = operations, operations.store, events
        self.owner, self.clock = Owner(operations, events), Clock()
        self.resource = self.store.kind("jobs")

    def reconcile(self) -> None:
        for job in self.store.list(self.resource):
            if _ended(job):
                self._remove_when_due(job)
            else:
                self.operations.set_status(self.resource, job, self._status(job))

    def _status(self, job: dict) -> dict:
        spec, pods = job["spec"], self.owner.dependents(self.owner.pods, job)
        phases = [pod.get("status", {}).get("phase") for pod in pods]
        failed, succeeded = phases.count("Failed"), phases.count("Succeeded")
        active = len(pods) - failed - succeeded
        status = {"startTime": job.get("status", {}).get("startTime", now()), "uncountedTerminatedPods": {},
                  "terminating": 0, "ready": sum(phase == "Running" for phase in phases)}
        status |= {key: number for key, number in (("failed", failed), ("succeeded", succeeded)) if number}
        if succeeded >= (spec.get("completions") or 1):
            return self._complete(job, status)
        if failed > spec["backoffLimit"]:
            return self._fail(job, status, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        deadline = spec.get("activeDeadlineSeconds")
        if deadline and self.clock.elapsed(job["metadata"]["uid"]) > deadline:
            return self._fail(job, status, "DeadlineExceeded", "Job was active longer than specified deadline")
        wanted = min(spec.get("parallelism") or 1, (spec.get("completions") or 1) - succeeded)
        for _ in range(0 if spec.get("suspend") else wanted - active):
            if self.owner.make_pod(job, {}) is None:
                break
            active += 1
        return status | ({"active": active} if active else {})

    def _complete(self, job: dict, status: dict) -> dict:
        reached = ("True", "CompletionsReached", "Reached expected number of succeeded pods")
        self.events.record(job, "Normal", "Completed", "Job completed", "job-controller")
        return status | {"completionTime": now(), "ready": 0, "conditions": conditions(
            job, {"SuccessCriteriaMet": reached, "Complete": reached})}

    def _fail(self, job: dict, status: dict, reason: str, message: str) -> dict:
        self.events.record(job, "Warning", reason, message, "job-controller")
        for pod in self.owner.dependents(self.owner.pods, job):
            if pod.get("status", {}).get("phase") not in ("Failed", "Succeeded"):
                self.owner.remove(self.owner.pods, pod)
        return status | {"ready": 0, "conditions": conditions(job, {
            "FailureTarget": ("True", reason, message), "Failed": ("True", reason, message)})}

    def _remove_when_due(self, job: dict) -> None:
        after = job["spec"].get("ttlSecondsAfterFinished")
        if after is not None and self.clock.elapsed(job["metadata"]["uid"] + "/ended") >= after:
            self.owner.remove(self.resource, job)


def _ended(job: dict) -> bool:
    return any(entry["type"] in ("Complete", "Failed") and entry["status"] == "True"
               for entry in job.get("status", {}).get("conditions", []))
