"""What the worker process does, in which answers run. `process` is the other end of its pipes.

On Linux the process waits, warm and with a single thread, and forks a child for each answer: forking is quick, and safe
because no other thread can hold a lock. The child has limits, and everything that it breaks ends with it. Elsewhere forking is
not safe or does not exist: the process runs the answers itself, one after another, and is replaced when one misbehaves.

This protects a page against mistakes and mischief. It is no wall against somebody who means harm.
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
OUT_OF_TIME, OUT_OF_MEMORY = 121, 122  # exit codes
LARGEST_REPLY = 1 << 20  # bytes


def main():
    """Read requests from the standard input, and write what the answers do to the standard output, a line for each case."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # nothing that an answer reads or prints may reach the pipes
        os.dup2(nowhere, stream)
    import cloudpickle  # noqa: F401

    from helpers.check import EXERCISES

    for exercise in EXERCISES.values():  # load all that an answer will need, so that no child has to
        exercise.cases(0)
    _send(replies, ready=True)
    while size := requests.read(8):
        request = pickle.loads(requests.read(int.from_bytes(size)))
        (_respond_in_a_child if request["fork"] else _respond_here)(request, requests, replies)


def _send(replies, **message):
    text = json.dumps(message).encode()
    if len(text) > LARGEST_REPLY:
        message["result"] = {"kind": "object", "says": "more numbers than a check compares"}
        text = json.dumps(message).encode()
    text = memoryview(text + b"\n")
    while text:
        text = text[replies.write(text) :]


def _respond_in_a_child(request, requests, replies):
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            requests.close()
            _set_limits(request)
            _respond(request, replies)
        finally:
            os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # whatever the answer has started
    _, status = os.waitpid(child, 0)
    _send(replies, request=request["number"], exited=os.waitstatus_to_exitcode(status))


def _respond_here(request, _, replies):
    done = threading.Event()
    threading.Thread(target=_watch, args=(request, done), daemon=True).start()
    _respond(request, replies)
    done.set()


def _respond(request, replies):
    """Run one answer and send what it does."""
    from helpers.check import EXERCISES
    from helpers.check.engine.watching import observe

    number, exercise = request["number"], EXERCISES[request["exercise"]]
    _send(replies, request=number, process=os.getpid())
    sys.path[:] = request["path"]
    with contextlib.suppress(OSError):
        os.chdir(request["folder"])
    try:
        answer, printing = pickle.loads(request["answer"])
        np.set_printoptions(**printing)
    except BaseException:
        _send(replies, request=number, ended=NOT_COPIED)
        return
    for k, seen in enumerate(observe(answer, exercise.cases(request["seed"]), exercise.forbidden)):
        _send(replies, request=number, case=k, **seen)
    _send(replies, request=number, ended="")


def _set_limits(request):
    """Let the system end this process when it computes, waits or grows too much."""
    import resource

    seconds = request["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    signal.alarm(request["wall_seconds"] + 1)
    with open("/proc/self/statm", encoding="ascii") as file:
        memory = int(file.read().split()[0]) * resource.getpagesize() + request["memory"]
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))


def _watch(request, done):
    """End this process when it computes or grows too much, on systems without such limits of their own."""
    started, memory = time.process_time(), _memory()
    while not done.wait(0.1):
        if time.process_time() - started > request["cpu_seconds"]:
            os._exit(OUT_OF_TIME)
        if _memory() - memory > request["memory"]:
            os._exit(OUT_OF_MEMORY)


def _memory():
    """Return how many bytes this process holds; 0 where psutil, which comes with Jupyter, is missing."""
    try:
        import psutil
    except ImportError:
        return 0
    return psutil.Process().memory_info().rss
