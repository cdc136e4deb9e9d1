"""Runs a command on a terminal of its own, as a person at a keyboard would.

Usage: terminal.py COMMAND...; on stdin a JSON list of pairs: what to wait for, as a regular expression, and what to type then. What
a group `(?P<name>…)` found is typed for `<name>` from then on. Prints all that the terminal showed, and ends with the command's
exit code.
"""

import json
import os
import pty
import re
import select
import sys
import time

TIMEOUT_SECONDS = 30


def main():
    steps = json.load(sys.stdin)
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    shown, looked_at, until = "", 0, time.monotonic() + TIMEOUT_SECONDS
    known = {}
    while True:
        while steps and (found := re.compile(steps[0][0]).search(shown, looked_at)):
            looked_at = found.end()
            # A prompt for a secret turns the echo off after it was printed.
            time.sleep(0.1)
            known.update(found.groupdict())
            typed = re.sub("<([a-z]+)>", lambda name: known.get(name[1], name[0]), steps.pop(0)[1])
            os.write(terminal, typed.encode() + b"\n")
        if not select.select([terminal], [], [], max(0, until - time.monotonic()))[0]:
            os.kill(child, 9)
            sys.exit(f"nothing more came; waited for {steps[:1]}, and this was shown:\n{shown}")
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece.decode(errors="replace")
    status = os.waitpid(child, 0)[1]
    print(shown)
    if steps:
        sys.exit(f"it ended before {steps[0][0]!r} was shown")
    sys.exit(os.waitstatus_to_exitcode(status))


main()
