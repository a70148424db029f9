"""One command, measured with all of its children, and the server that it makes work."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PR_SET_CHILD_SUBREAPER = 36


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def fail(text):
    sys.exit(f"bench: error: {text}")


def run(*command, log=None, environment=None):
    """Runs a command whose time does not count. What it says is for people, so not for standard output."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log or sys.stderr, stderr=log,
                          env={**os.environ, **(environment or {})}) as process:
        if process.wait():
            fail(f"this failed: {' '.join(words)[:500]}" + (f"; see {log.name}" if log else ""))


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


# ------------------------------------------------------------- what the kernel knows


def cpu_of(process):
    """User and system seconds that a process and those children that it has waited for have used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def io_of(process):
    """Bytes that a process and those children that it has waited for read from disks and gave to them; None where
    that is not told: by a kernel without accounting, or to somebody who is not root."""
    try:
        fields = dict(line.split(": ") for line in Path(f"/proc/{process}/io").read_text().splitlines())
        return int(fields["read_bytes"]), int(fields["write_bytes"])
    except (OSError, KeyError, ValueError):
        return None, None


def machine_time():
    """Seconds that all cores together have worked, and have been kept from it by a hypervisor, since the start."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:7])) / TICK, fields[7] / TICK


def drop_page_cache():
    """Whether the next reads come from the disk."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
        return True
    except OSError:
        return False


def fill_page_cache(places):
    """Reads every file of the places, so that the next reads come from memory as far as that goes."""
    for place in places:
        files = [place] if place.is_file() else [Path(top, name) for top, _, names in os.walk(place) for name in names]
        for file in files:
            with open(file, "rb", buffering=0) as stream:
                while stream.read(1 << 20):
                    pass


def disk_usage(folder):
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except (FileNotFoundError, NotADirectoryError):
            pass  # renamed or removed between the listing and the look
    return total


def memory_of_tree(process):
    """Resident bytes of a process and its descendants together."""
    total, waiting = 0, [process]
    while waiting:
        number = waiting.pop()
        try:
            total += int(Path(f"/proc/{number}/statm").read_text().split()[1]) * PAGE
            for thread in os.listdir(f"/proc/{number}/task"):
                waiting += Path(f"/proc/{number}/task/{thread}/children").read_text().split()
        except (OSError, IndexError):
            pass  # it ended meanwhile
    return total


class Watch:
    """The most that something came to, looked at now and then. Looking may cost at most a fiftieth of one core."""

    def __init__(self, look):
        self.peak, self.look, self.done = 0, look, threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        pause = 0.01
        while not self.done.wait(pause):
            start = time.thread_time()
            self.peak = max(self.peak, self.look())
            pause = max(0.05, 50 * (time.thread_time() - start))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


class Server:
    """A daemon that works for the measured command."""

    def __init__(self, process):
        self.process = process

    def start(self):
        try:
            Path(f"/proc/{self.process}/clear_refs").write_text("5\n")  # the peak of its memory begins anew
        except OSError:
            pass  # then the peak is that since its start
        self.before = (cpu_of(self.process), *io_of(self.process))

    def stop(self):
        now = (cpu_of(self.process), *io_of(self.process))
        cpu, read, written = (None if after is None else after - before for after, before in zip(now, self.before))
        status = Path(f"/proc/{self.process}/status").read_text()
        peak = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")]
        return {"server_cpu": cpu, "server_read": read, "server_written": written, "server_rss": peak[0] if peak else 0}


# ------------------------------------------------------------- the measurement

# A process keeps the peak memory of the one that it was forked off, here Python with its 20 MB. So a small shell forks
# the command and ends; the command becomes our child, and we alone wait for it.
LAUNCH = '"$@" >&2 & echo $!'


def launch(words, log):
    """The command's process, in a process group of its own (second)."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    # Only for this moment: whatever else loses its parent, like a registry, is not ours to wait for.
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        shell = subprocess.Popen(["/bin/sh", "-c", LAUNCH, "sh", *words], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        try:
            answer, _ = shell.communicate()
        except BaseException:
            end_group(shell.pid)
            raise
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    return int(answer), shell.pid


def end_group(group):
    """Ends what is left of a process group: first asked, then not."""
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 1)):
        try:
            os.killpg(group, number)
            for _ in range(patience * 20):
                try:
                    while os.waitpid(-group, os.WNOHANG)[0]:
                        pass
                except ChildProcessError:
                    pass  # those that are left are not our children
                os.killpg(group, 0)
                time.sleep(0.05)
        except ProcessLookupError:
            return


def measure(command, log, server=None, folder=None):
    """What a command took: seconds, and bytes. With a server, what that took meanwhile; with a folder, the most that
    it held on the disk."""
    words = [str(word) for word in command]
    if server:
        server.start()
    busy, stolen = machine_time()
    mine = sum(os.times()[:2])
    start = time.perf_counter()
    process, group = launch(words, log)
    try:
        with (Watch(lambda: memory_of_tree(process)) as memory,
              Watch(lambda: disk_usage(folder) if folder else 0) as disk):
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
            wall = time.perf_counter() - start
            read, written = io_of(process)  # of one that has ended, but that nobody has waited for yet
            _, status, usage = os.wait4(process, 0)
    except BaseException:
        end_group(group)
        raise
    busy, stolen = (after - before for after, before in zip(machine_time(), (busy, stolen)))
    mine = sum(os.times()[:2]) - mine
    code = os.waitstatus_to_exitcode(status)
    if code:
        fail(f"status {code} (what it said is in {log.name}) of {' '.join(words)[:500]}")
    served = server.stop() if server else {}
    cpu = usage.ru_utime + usage.ru_stime
    return {
        "wall": wall, "cpu": cpu, "user": usage.ru_utime, "system": usage.ru_stime,
        # The largest process, exactly, or all at one moment, as seen now and then.
        "rss": max(usage.ru_maxrss * 1024, memory.peak),
        "read": read, "written": written,
        "disk": max(disk.peak, disk_usage(folder)) if folder else 0,
        **served,
        # The kernel's own threads, and whoever else used the machine: how far to trust the wall time.
        "others_cpu": max(0, busy - cpu - mine - served.get("server_cpu", 0)),
        "stolen_cpu": stolen,
    }
