"""What the worker process does, in which answers run. The module `process` holds the other end of its pipes.

On Linux the worker forks a child for each answer. Forking is safe because the worker has only one thread, and whatever an
answer breaks ends with its child. Elsewhere a process that has loaded NumPy cannot be forked safely, or not at all. There
the worker runs the answers itself, one after another, and is replaced when one of them misbehaves.

This protects a page against mistakes and mischief. It does not stop somebody who means harm.
"""

import contextlib
import json
import os
import pickle
import signal
import sys
import threading
import time

import numpy as np

NOT_COPIED = "not copied"
REASONS = {0: "", 120: NOT_COPIED, 121: "cpu", 122: "memory"}  # how an answer ended, by the exit code of its process
if sys.platform != "win32":
    REASONS |= {-signal.SIGPROF: "cpu", -signal.SIGALRM: "wall"}
CODES = {why: code for code, why in REASONS.items() if code >= 0}


def reason(code):
    """Return how an answer ended, from the exit code of its process: "", "cpu", "wall", "memory", NOT_COPIED, or "exit"."""
    return REASONS.get(code, "exit")


def main():
    """Read requests from standard input, and write what the answers do to standard output, a line of JSON for each case."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what an answer reads or prints must not touch the pipes
        os.dup2(nowhere, stream)
    import cloudpickle  # noqa: F401

    from helpers.check import EXERCISES

    for exercise in EXERCISES.values():  # loads everything that answers will need
        exercise.cases(0)
    _send(replies, ready=True)
    run = _run_in_a_child if sys.argv[1] == "fork" else _run_here
    while size := requests.read(8):
        request = pickle.loads(requests.read(int.from_bytes(size)))
        _send(replies, request=request["number"], ended=reason(run(request, replies, requests)))


def _send(replies, **message):
    rest = memoryview(json.dumps(message).encode() + b"\n")
    while rest:
        rest = rest[replies.write(rest) :]


def _run_in_a_child(request, replies, requests):
    """Run an answer in a process of its own, and return the exit code of that."""
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            requests.close()
            _set_limits(request)
            _send(replies, request=request["number"], child=os.getpid())
            os._exit(_run(request, replies))
        finally:
            os._exit(1)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # processes that the answer has started
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_here(request, replies, _):
    done = threading.Event()
    threading.Thread(target=_watch, args=(request, done), daemon=True).start()
    code = _run(request, replies)
    done.set()
    return code


def _run(request, replies):
    """Run one answer, send what it does, and return the code with which its process should end."""
    from helpers.check import EXERCISES
    from helpers.check.engine.watching import observe

    exercise = EXERCISES[request["exercise"]]
    sys.path[:] = request["path"]
    try:
        answer, printing = pickle.loads(request["answer"])
        np.set_printoptions(**printing)
    except BaseException:
        return CODES[NOT_COPIED]
    for k, seen in enumerate(observe(answer, exercise.cases(request["seed"]), exercise.forbidden, passing=())):
        _send(replies, request=request["number"], case=k, **seen)
    return CODES[""]


def _set_limits(request):
    """Let Linux end this process when it computes or waits too long, and refuse it memory beyond its share."""
    import resource

    def limit(kind, amount):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_CPU, int(request["cpu_seconds"]) + 1)  # this holds for processes that the answer starts, too
    signal.setitimer(signal.ITIMER_PROF, request["cpu_seconds"])
    signal.setitimer(signal.ITIMER_REAL, request["wall_seconds"])
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        limit(resource.RLIMIT_AS, int(file.read().split()[0]) * resource.getpagesize() + request["memory"])


def _watch(request, done):
    """End this process when it computes too long or takes too much memory, where the system has no such limits."""
    started, memory = time.process_time(), _memory()
    while not done.wait(0.1):
        if time.process_time() - started > request["cpu_seconds"]:
            os._exit(CODES["cpu"])
        if _memory() - memory > request["memory"]:
            os._exit(CODES["memory"])


def _memory():
    """Return how many bytes this process holds, or 0 without psutil, which comes with Jupyter."""
    try:
        import psutil
    except ImportError:
        return 0
    return psutil.Process().memory_info().rss
