"""Starts verbs on a terminal: `bars.py PROGRAM FOLDER`, where `long.h5` is; those that take their time say what they do."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time

PROGRAM, FOLDER = sys.argv[1:]
VERBS = {
    "verify long.h5": "verifying",
    "verify long.h5 --rerun 1 --rerun-seed 1": "verifying",
    "export long.h5 --to csv": "exporting",
    "merge joined.h5 long.h5": "joining",
    "compact long.h5": "compacting",
    "repair long.h5": "reading",
    "status long.h5 --content": "reading",
    "find long.h5 x>0.5": "searching",
    "diff long.h5 joined.h5": "comparing",
    "plot long.h5": "drawing",
}


def on_terminal(arguments):
    """What a terminal saw on standard error, and after how many seconds the program had ended."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    begun = time.monotonic()
    child = subprocess.Popen([PROGRAM, *arguments.split()], cwd=FOLDER, env={**os.environ, "TERM": "xterm"},
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:
            break
        if not read:
            break
        seen += read
    os.close(ours)
    assert child.wait() == 0, f"{arguments}: {seen}"
    return seen.decode(errors="replace"), time.monotonic() - begun


for arguments, word in VERBS.items():
    seen, seconds = on_terminal(arguments)
    # A bar comes after a second, and a busy machine may be late.
    if seconds > 2:
        assert word in seen, f"{arguments} took {seconds:.1f} s and said {seen!r}"
    print(f"{arguments}: {seconds:.1f} s")
