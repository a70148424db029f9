"""Usage: on-terminal.py PROMPT ANSWERS COMMAND [ARGUMENT...]

Runs COMMAND on a terminal of its own and prints what it writes there. Each time PROMPT comes, the next of ANSWERS
(with commas between them) is typed; one that begins with `!` is a shell command that runs first, behind which only
Return is pressed. Ends as COMMAND does, or with 99 where it asks more often, or says nothing for a minute.
"""

import os
import pty
import select
import subprocess
import sys


def main() -> int:
    prompt, answers, command = sys.argv[1].encode(), sys.argv[2].split(","), sys.argv[3:]
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(command[0], command)
    seen, asked = b"", 0
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        if not ready:
            break
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the last one has closed it
            piece = b""
        if not piece:
            sys.stdout.write(seen.decode(errors="replace"))
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        seen += piece
        while seen.count(prompt) > asked:
            if asked == len(answers):
                break
            answer = answers[asked]
            asked += 1
            if answer.startswith("!"):
                os.makedirs("c", exist_ok=True)
                subprocess.run(answer[1:], shell=True, check=True)
                answer = ""
            os.write(terminal, answer.encode() + b"\n")
        if seen.count(prompt) > asked:
            break
    sys.stdout.write(seen.decode(errors="replace"))
    os.kill(child, 9)
    return 99


sys.exit(main())
