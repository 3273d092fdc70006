"""Start processes, and end them together with everything that they have started."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

import psutil

__all__ = ["adopt_orphans", "end", "start"]

BECOME_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_lock = threading.Lock()
_known = set()  # the processes of submissions that are being marked, and what was there before
_adopting = []  # is not empty if orphans become children of this process


def start(command, **options):
    """Return a process whose input and output are pipes, in a session of its own."""
    with _lock:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, **pipes, start_new_session=True, **options)
        _known.add(process.pid)
    return process


def adopt_orphans():
    """Let processes whose parents have ended become children of this one, so that they can be ended. Linux only."""
    if sys.platform == "linux" and not ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0):
        _known.update(child.pid for child in psutil.Process().children())
        _adopting.append(True)


def end(process):
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    with _lock:
        _known.discard(process.pid)
        for _ in range(50 if _adopting else 0):  # what is ended may have started something in the meantime
            orphans = [child for child in psutil.Process().children() if child.pid not in _known]
            for orphan in orphans:
                with contextlib.suppress(psutil.Error):
                    orphan.kill()
            if not orphans:
                break
            psutil.wait_procs(orphans, timeout=1)
