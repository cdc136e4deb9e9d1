"""Runs a command on a terminal of its own, as a person at a keyboard would.

Usage: terminal.py COMMAND...; on stdin a JSON list of pairs: what to wait for, what to type then. Prints all that the
terminal showed, and ends with the command's exit code.
"""

import json
import os
import pty
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
    while True:
        while steps and (at := shown.find(steps[0][0], looked_at)) >= 0:
            looked_at = at + len(steps[0][0])
            # A prompt for a secret turns the echo off after it was printed.
            time.sleep(0.1)
            os.write(terminal, steps.pop(0)[1].encode() + b"\n")
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
