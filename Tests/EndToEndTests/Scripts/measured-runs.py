"""Runs programs, two at a time, and tells how each ended and what it took.

Reads requests from stdin, one JSON object a line: {"commands": [[PROGRAM, ARGUMENT, ...], ...], "limit": SECONDS}.
Answers with one JSON list a line, an object a command in their order: "code" (negative: the signal; -9999: ended
because its time was over), "peak" (KiB of memory, its own alone), "seconds" and "text", the beginning of what it
printed to either output. One process for all of them, and a small one: what starts a program counts as that program's
memory, since the kernel carries the peak over from fork to exec.
"""

import concurrent.futures
import json
import os
import signal
import sys
import tempfile
import threading
import time


def run(command, limit):
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        pid = os.posix_spawn(
            command[0], command, os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
            ], setsigdef=[signal.SIGPIPE])
        late = threading.Event()

        def end():
            late.set()
            os.kill(pid, signal.SIGKILL)

        timer = threading.Timer(limit, end)
        timer.start()
        # The process is waited for by its number, which nobody else can get until then.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        timer.cancel()
        timer.join()
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - start
        output.seek(0)
        return {
            "code": -9999 if late.is_set() else os.waitstatus_to_exitcode(status),
            "peak": usage.ru_maxrss,
            "seconds": seconds,
            "text": output.read(100_000).decode("utf-8", "replace"),
        }


def main():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line in sys.stdin:
            request = json.loads(line)
            answers = pool.map(lambda command: run(command, request["limit"]), request["commands"])
            print(json.dumps(list(answers)), flush=True)


main()
