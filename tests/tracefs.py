"""Tracepoints have their numbers and texts in tracefs: where nobody mounted it, a test sees one of its own."""
import os
import sys

PREFIX = () if os.path.exists("/sys/kernel/tracing/events") else (
    "unshare", "--mount", "--propagation", "slave", "sh", "-c",
    "mount -t tracefs none /sys/kernel/tracing && exec \"$@\"", "sh")


def provide():
    """Begins this test anew where there is one."""
    if PREFIX and os.geteuid() == 0:
        os.execvp(PREFIX[0], [*PREFIX, sys.executable, *sys.argv])
