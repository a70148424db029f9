"""Runs a real Flink with given configurations, and tells what it did.

Usage: flink.py FLINK WORK

FLINK has lib, opt, plugins and bin of a Flink, and py4j. WORK has the configuration folders jobmanager and taskmanager
and plan.json:

    {"rest": PORT, "metrics": [PORT, PORT],
     "parse": [STATEMENTS...],                 each a list of SQL statements that are parsed and not run
     "run": [STATEMENTS...],                   each a list that is run; what inserts must come to an end by itself
     "stream": STATEMENTS,                     its last one goes on until the metrics have been read
     "names": [METRICS...]}                    that are waited for

What it prints is JSON. Nothing that it starts outlives it.
"""

import ctypes
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

flink, work = (pathlib.Path(path).resolve() for path in sys.argv[1:])
sys.path.insert(0, str(flink / "py4j"))
from py4j.java_gateway import GatewayParameters, JavaGateway  # noqa: E402
from py4j.protocol import Py4JJavaError  # noqa: E402

DEADLINE = time.monotonic() + 300  # a machine that is busy with other tests takes its time
plan = json.loads((work / "plan.json").read_text())
environment = os.environ | {
    "FLINK_LIB_DIR": str(flink / "lib"),
    "FLINK_PLUGINS_DIR": str(flink / "plugins"),
    "FLINK_OPT_DIR": str(flink / "opt"),
}
libraries = ":".join(map(str, sorted((flink / "lib").glob("*.jar"))))
children = []


def die_with_parent():
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def java(folder, classpath, *arguments, log, **options):
    settings = (work / folder / "flink-conf.yaml").read_text()
    opens = re.search(r"^env\.java\.opts\.all: (.*)$", settings, re.M).group(1).split()
    log4j = "log4j-cli.properties" if log == "client" else "log4j-console.properties"
    command = ["java", *opens, f"-Dlog.file={work}/{log}.log", f"-Djava.io.tmpdir={work}/tmp"]
    command += [f"-Dlog4j.configurationFile=file:{work}/{folder}/{log4j}", *arguments[0]]
    command += ["-cp", classpath, *arguments[1:]]
    child = subprocess.Popen(
        command, cwd=work, env=environment | {"FLINK_CONF_DIR": str(work / folder)},
        stderr=open(work / f"{log}.err", "wb"), preexec_fn=die_with_parent, **options)
    children.append(child)
    return child


def memory(folder, command):
    """What the start script asks Flink for: options of the JVM, and settings that follow from the size."""
    output = subprocess.run(
        ["java", "-cp", f"{flink}/bin/bash-java-utils.jar:{flink / 'lib'}/flink-dist-1.18.1.jar",
         "org.apache.flink.runtime.util.bash.BashJavaUtils", command, "--configDir", str(work / folder)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True, preexec_fn=die_with_parent).stdout
    results = [line.split(":", 1)[1].split() for line in output.splitlines() if "EXEC_RESULT:" in line]
    return results[0], results[1]


def start(folder, command, main, *arguments):
    options, settings = memory(folder, command)
    java(folder, libraries, options, main, "--configDir", str(work / folder), *arguments, *settings,
         log=folder, stdout=open(work / f"{folder}.out", "wb"))


def ask(path, port=None, data=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port or plan['rest']}{path}", data=data)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def until(what, happens):
    """Waits until `happens` returns something, and returns it."""
    while True:
        for child in children:
            if child.poll() not in (None, 0):
                raise SystemExit(f"{' '.join(child.args[-3:])} ended with {child.returncode} before {what}")
        try:
            if value := happens():
                return value
        except (OSError, urllib.error.URLError):
            pass
        if time.monotonic() > DEADLINE:
            raise SystemExit(f"{what} did not happen")
        time.sleep(0.2)


def connect():
    """A JVM with Flink's table API, as PyFlink would have it."""
    gateway = java(
        "jobmanager", f"{libraries}:{next((flink / 'opt').glob('flink-python-*.jar'))}", ["-Xmx256m"],
        "org.apache.flink.api.python.shaded.py4j.GatewayServer", "--die-on-broken-pipe", "0",
        log="client", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return JavaGateway(gateway_parameters=GatewayParameters(port=int(gateway.stdout.readline()), auto_convert=True))


def tables(gateway):
    """A fresh session of SQL on the cluster, with the cluster's own configuration."""
    jvm = gateway.jvm
    settings = jvm.org.apache.flink.configuration.GlobalConfiguration.loadConfiguration(str(work / "jobmanager"))
    cluster = jvm.org.apache.flink.streaming.api.environment.RemoteStreamEnvironment(
        "127.0.0.1", plan["rest"], settings, gateway.new_array(jvm.java.lang.String, 0))
    mode = jvm.org.apache.flink.table.api.EnvironmentSettings.newInstance().inStreamingMode()
    return jvm.org.apache.flink.table.api.bridge.java.StreamTableEnvironment.create(
        cluster, mode.withConfiguration(settings).build())


def execute(session, statements):
    """Runs `statements`; the last result is returned, those before it are waited for."""
    result = None
    for statement in statements:
        if result is not None:
            getattr(result, "await")()
        if setting := re.fullmatch(r"SET '([^']+)' = '([^']*)'", statement):
            session.getConfig().set(*setting.groups())
            result = None
        else:
            result = session.executeSql(statement)
    return result


def parse(session, statements):
    """What each statement is, as the parser has it; tables are made so that what follows finds them."""
    kinds = []
    for statement in statements:
        try:
            kinds.append(session.getParser().parse(statement)[0].getClass().getSimpleName())
        except Py4JJavaError as error:
            # It was understood up to the tables' connectors.
            lacking = re.search(r"Could not find any factory for identifier '(\S+)' ", str(error))
            kinds.append(f"no connector {lacking.group(1)}" if lacking else str(error))
        if kinds[-1].startswith("Create"):
            session.executeSql(statement)
    return kinds


def names(port):
    return set(re.findall(r"^# TYPE (\S+)", ask("/metrics", port), re.M))


def main():
    (work / "tmp").mkdir()
    report = {}
    start("jobmanager", "GET_JM_RESOURCE_PARAMS",
          "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--executionMode", "cluster")
    start("taskmanager", "GET_TM_RESOURCE_PARAMS", "org.apache.flink.runtime.taskexecutor.TaskManagerRunner")
    gateway = connect()
    report["parsed"] = [parse(tables(gateway), statements) for statements in plan["parse"]]

    def overview():
        answer = json.loads(ask("/overview"))
        return answer if answer["slots-total"] else None

    report["overview"] = until("a TaskManager offered slots", overview)
    manager = json.loads(ask("/taskmanagers"))["taskmanagers"][0]["id"]
    report["memory"] = json.loads(ask(f"/taskmanagers/{manager}"))["memoryConfiguration"]

    for statements in plan["run"]:
        getattr(execute(tables(gateway), statements), "await")()
    report["states"] = sorted(job["state"] for job in json.loads(ask("/jobs/overview"))["jobs"])

    job = execute(tables(gateway), plan["stream"]).getJobClient().get().getJobID().toHexString()
    until("the job ran", lambda: all(
        vertex["status"] == "RUNNING" for vertex in json.loads(ask(f"/jobs/{job}"))["vertices"]))
    report["checkpoints"] = json.loads(ask(f"/jobs/{job}/checkpoints/config"))
    ask(f"/jobs/{job}/checkpoints", data=b'{"checkpointType": "FULL"}')
    latest = until("a checkpoint was made", lambda: json.loads(ask(f"/jobs/{job}/checkpoints"))["latest"]["completed"])
    report["checkpoint"] = latest["external_path"]

    patience = time.monotonic() + 30

    def metrics():
        found = set().union(*(names(port) for port in plan["metrics"]))
        # What tasks measure is there a moment after them.
        return found if set(plan["names"]) <= found or time.monotonic() > patience else None

    report["names"] = sorted(until("the metrics were read", metrics))
    report["log"] = (work / "jobmanager.log").read_text()[:2000]
    print(json.dumps(report))


try:
    main()
except BaseException:
    for log in ("jobmanager.out", "taskmanager.out", "client.err"):
        if (work / log).exists():
            sys.stderr.write(f"--- {log}\n" + (work / log).read_text()[-2000:] + "\n")
    raise
finally:
    for child in children:
        child.kill()
    for child in children:
        child.wait()
