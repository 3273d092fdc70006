"""What the worker process does, in which answers run. The module `process` holds the other end of its pipes.

On Linux the worker forks a child for each answer, and does so in advance, so that the answer need not wait. Forking is
safe because the worker has only one thread, and whatever an answer breaks ends with its child. Elsewhere a process that has
loaded NumPy cannot be forked safely, or not at all: there the worker runs the answers itself, one after another, and is
replaced when one of them misbehaves.

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

__all__ = ["NOT_COPIED", "OUT_OF_MEMORY", "OUT_OF_TIME", "main"]

NOT_COPIED = "not copied"
NO_REQUEST, OUT_OF_TIME, OUT_OF_MEMORY = 120, 121, 122  # exit codes


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
    serve = _serve_in_a_child if sys.argv[1] == "fork" else _serve_here
    while serve(requests, replies):
        pass


def _receive(requests, replies):
    """Return the next request and say who has received it; None if there will be no more."""
    size = requests.read(8)
    if not size:
        return None
    request = pickle.loads(requests.read(int.from_bytes(size)))
    _send(replies, request=request["number"], child=os.getpid())
    return request


def _send(replies, **message):
    rest = memoryview(json.dumps(message).encode() + b"\n")
    while rest:
        rest = rest[replies.write(rest) :]


def _serve_in_a_child(requests, replies):
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            request = _receive(requests, replies)
            if request is None:
                os._exit(NO_REQUEST)
            requests.close()
            _set_limits(request)
            _respond(request, replies)
        finally:
            os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # processes that the answer has started
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    _send(replies, child=child, exited=code)
    return code != NO_REQUEST


def _serve_here(requests, replies):
    request, done = _receive(requests, replies), threading.Event()
    if request is None:
        return False
    threading.Thread(target=_watch, args=(request, done), daemon=True).start()
    _respond(request, replies)
    done.set()
    return True


def _respond(request, replies):
    """Run one answer and send what it does."""
    from helpers.check import EXERCISES
    from helpers.check.engine.watching import observe

    number, exercise = request["number"], EXERCISES[request["exercise"]]
    sys.path[:] = request["path"]
    try:
        answer, printing = pickle.loads(request["answer"])
        np.set_printoptions(**printing)
    except BaseException:
        _send(replies, request=number, ended=NOT_COPIED)
        return
    for k, seen in enumerate(observe(answer, exercise.cases(request["seed"]), exercise.forbidden, passing=())):
        _send(replies, request=number, case=k, **seen)
    _send(replies, request=number, ended="")


def _set_limits(request):
    """Let Linux end this process when it computes or waits too long, and refuse it memory beyond its share."""
    import resource

    def limit(kind, amount):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_CPU, request["cpu_seconds"])
    signal.alarm(request["wall_seconds"])
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        limit(resource.RLIMIT_AS, int(file.read().split()[0]) * resource.getpagesize() + request["memory"])


def _watch(request, done):
    """End this process when it computes too long or takes too much memory, where the system has no such limits."""
    started, memory = time.process_time(), _memory()
    while not done.wait(0.1):
        if time.process_time() - started > request["cpu_seconds"]:
            os._exit(OUT_OF_TIME)
        if _memory() - memory > request["memory"]:
            os._exit(OUT_OF_MEMORY)


def _memory():
    """Return how many bytes this process holds, or 0 without psutil, which comes with Jupyter."""
    try:
        import psutil
    except ImportError:
        return 0
    return psutil.Process().memory_info().rss
