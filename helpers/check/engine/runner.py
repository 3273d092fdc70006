"""Run a reader's answer where it can do the page no harm, and return what it did.

The answer is copied by value, with whatever it uses of the notebook, to a process that has been started beforehand; see
`worker`. What comes back are plain values, so an answer has no say in how it is judged. An answer that cannot be copied runs
right here, and so does every answer on a system without processes, such as a browser. Then only its time is limited.
"""

import atexit
import io
import marshal
import os
import sys
import threading
import types
from collections import ChainMap
from typing import NamedTuple

import numpy as np

from helpers.check.engine.process import NO_WORKER, WorkerProcess
from helpers.check.engine.watching import observe
from helpers.check.engine.worker import NOT_COPIED
from helpers.time_limit import OutOfTime


class Limits(NamedTuple):
    """What all cases of one check may use together. On a busy machine an answer waits, and that is not held against it."""

    cpu_seconds: float = 10
    wall_seconds: float = 60
    memory: int = 1 << 30  # bytes, in addition to what Python itself needs


LIMITS = Limits()
_current = []  # the worker, if there is one
_lock = threading.Lock()


def run(exercise, answer, seed):
    """Return what `answer` does in the cases of an exercise that are drawn from `seed`, and how it ended.

    The first is a list of what `observe` yields, for each case that the answer has finished. The second is "" if it has
    finished all, and otherwise "cpu", "wall", "memory" or "exit".
    """
    copy = _copied(answer)
    for _ in range(2 if copy else 0):  # twice, in case the worker has died in the meantime
        observations, ended = _run_in_worker(exercise, copy, seed)
        if ended == NOT_COPIED:
            break
        if ended != NO_WORKER:
            return observations, ended
    return _run_here(exercise, answer, seed)


def start():
    """Start a worker in the background if there is none. Return it, or None where that is not possible."""
    if sys.platform == "emscripten" or WorkerProcess.MARK in os.environ:  # a worker starts no worker of its own
        return None
    if not _current or not _current[0].alive():
        try:
            _current[:] = [WorkerProcess()]
        except OSError:
            return None
    return _current[0]


@atexit.register
def stop():
    """End the worker. The next check starts another one."""
    for worker in _current:
        worker.close()


def _copied(answer):
    """Return an answer and how NumPy prints here, as bytes; None if the answer holds something that cannot be copied."""
    if sys.platform == "emscripten":
        return None
    import cloudpickle

    class Pickler(cloudpickle.Pickler):
        """Keeps the names of the files that code is from, by which an error's line is found."""

        dispatch_table = ChainMap({types.CodeType: _marshalled}, cloudpickle.Pickler.dispatch_table)  # noqa: RUF012

    copy = io.BytesIO()
    try:
        Pickler(copy).dump((answer, np.get_printoptions()))
        return copy.getvalue()
    except (Exception, SystemExit):  # the answer's own objects can have a say in how they are copied
        return None


def _marshalled(code):
    return marshal.loads, (marshal.dumps(code),)


def _run_in_worker(exercise, copy, seed):
    request = {"exercise": exercise.name, "answer": copy, "seed": seed, "path": [*map(str, sys.path)]}
    with _lock:
        worker = start()
        try:
            return worker.run(request | LIMITS._asdict()) if worker else ([], NO_WORKER)
        finally:
            start()  # if this worker had to be ended, the next one is ready for the next check


def _run_here(exercise, answer, seed):
    observations = []
    try:
        for seen in observe(answer, exercise.cases(seed), exercise.forbidden, LIMITS.cpu_seconds):
            observations.append(seen)
    except OutOfTime:
        return observations, "cpu"
    return observations, ""
