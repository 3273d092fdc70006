"""Where a reader's answer is run: apart, with a time limit, so that it can do the page no harm.

On Linux that is a process of its own. Whatever the answer does there, loop, crash, eat memory or change things that are not
its own, ends with that process. Elsewhere, where a kernel cannot safely be forked, it is a thread that is told to stop.
This guards a page against mistakes and mischief; it is no wall against somebody who means harm.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import threading
import time
import warnings

__all__ = ["SECONDS", "Stop", "collected"]

SECONDS = 10  # for all that one check tries
END = b'"the end"\n'
MEMORY = 1 << 30  # bytes more than the kernel has


def collected(items, seconds=None):
    """Return what the iterator `items` yields, run apart, and whether it came to its end in time.

    Parameters
    ----------
    items : iterator of what JSON can say
    seconds : number, optional
        The time limit; SECONDS if not given.

    Returns
    -------
    list, str
        The items that came; and "" if those are all, else what became of the rest, in one sentence.
    """
    seconds = SECONDS if seconds is None else seconds
    return (_in_a_process if sys.platform == "linux" else _in_a_thread)(items, seconds)


def _in_a_process(items, seconds):
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the kernel has other threads; the child needs none of them
        child = os.fork()
    if child == 0:
        _be_the_child(items, reading, writing)
    os.close(writing)
    try:
        text, ended = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        for kill in (os.killpg, os.kill):  # with all that it started, and if it has not come so far, itself
            with contextlib.suppress(ProcessLookupError):
                kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    came = list(_items(text))
    if text.endswith(END):
        return came, ""
    if not ended:
        return came, f"It did not end within {seconds} s: does a loop run for ever?"
    return came, "It ended Python itself, by a call such as os._exit or by a crash."


def _be_the_child(items, reading, writing):
    """Send the items as lines, and vanish without a trace: nothing of the kernel's may be closed or said twice."""
    try:
        os.setsid()
        os.close(reading)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        _limit_memory()
        for item in items:
            _write(writing, json.dumps(item).encode() + b"\n")
        _write(writing, END)
    finally:
        os._exit(0)


def _write(writing, data):
    data = memoryview(data)
    while data:
        data = data[os.write(writing, data) :]


def _read(reading, deadline):
    """Return what comes through the pipe, and whether its end was reached before the deadline."""
    parts = []
    while select.select([reading], [], [], max(0, deadline - time.monotonic()))[0]:
        part = os.read(reading, 1 << 16)
        if not part:
            return b"".join(parts), True
        parts.append(part)
        if b"".join(parts[-2:]).endswith(END):  # children of the answer's own may keep the pipe open
            return b"".join(parts), True
    return b"".join(parts), False


def _items(text):
    """Yield the items of the whole lines that came; an answer that forks may have spoilt some."""
    for line in text.split(b"\n")[:-1]:
        with contextlib.suppress(ValueError):
            item = json.loads(line)
            if isinstance(item, dict):
                yield item


def _limit_memory():
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


class Stop(BaseException):
    """Raised from outside in a thread that has run out of time."""


def _in_a_thread(items, seconds):
    came, ended = [], []

    def work():
        with contextlib.suppress(Stop):
            came.extend(json.loads(json.dumps(item)) for item in items)
            ended.append(True)

    thread, usual = threading.Thread(target=work, daemon=True), threading.getprofile()
    # What a lost thread leaves behind is put right when this ends.
    with contextlib.redirect_stdout(sys.stdout), contextlib.redirect_stderr(sys.stderr), warnings.catch_warnings():
        thread.start()
        thread.join(seconds)
        for _ in range(20):  # an `except:` in the answer may catch the first ones
            if ended or not thread.is_alive():
                break
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
            thread.join(0.05)
    threading.setprofile(usual)
    if ended:
        return came, ""
    rest = " It cannot be stopped: restart the kernel." if thread.is_alive() else ""
    return came, f"It did not end within {seconds} s: does a loop run for ever?{rest}"
