"""Run a reader's answer where it can do the page no harm, and return what it did.

The answer is copied by value (by cloudpickle, with what it uses of the notebook) to a process that was started beforehand
and has loaded the exercises; see `worker`. That process sends back plain values, so an answer has no say in how it is judged.
An answer that cannot be copied, or a system without processes such as a browser, is run right here, with a time limit.
"""

import atexit
import os
import sys
import threading
from typing import NamedTuple

import numpy as np

from helpers.check.engine.process import NO_WORKER, WorkerProcess
from helpers.check.engine.watching import OutOfTime, observe, time_limit
from helpers.check.engine.worker import NOT_COPIED

__all__ = ["LIMITS", "Limits", "run", "start"]


class Limits(NamedTuple):
    """What all cases of one check may use together. Time counts while the answer computes, so a busy machine does no harm."""

    cpu_seconds: int = 10
    wall_seconds: int = 60
    memory: int = 1 << 30  # bytes beyond what Python itself needs


LIMITS = Limits()
_current = []  # the worker, if there is one
_lock = threading.Lock()


def run(exercise, answer, seed):
    """Return what `answer` does in the cases of an exercise.

    Parameters
    ----------
    exercise : Exercise
    answer : callable
    seed : int
        Of the cases.

    Returns
    -------
    list of dict
        What `observe` yields for each case that was finished.
    str
        Empty if the answer came to its end; otherwise why it did not: "cpu", "wall", "memory" or "exit".
    """
    copy = _copied(answer)
    with _lock:
        worker = copy and start()
        if worker:
            where = {"path": [*map(str, sys.path)], "folder": os.path.abspath(os.curdir)}
            request = {"exercise": exercise.name, "seed": seed, "answer": copy, **where}
            try:
                observations, ended = worker.run(request | LIMITS._asdict())
            finally:
                start()  # if the worker had to be stopped, the next one is ready for the next check
            if ended not in (NO_WORKER, NOT_COPIED):
                return observations, ended
    return _run_here(exercise, answer, seed)


def start():
    """Start a worker in the background unless there is one, and return it; None where that is not possible."""
    if sys.platform == "emscripten" or WorkerProcess.MARK in os.environ:  # a worker starts no worker of its own
        return None
    if not _current or not _current[0].alive():
        try:
            _current[:] = [WorkerProcess()]
        except OSError:
            return None
    return _current[0]


@atexit.register
def _stop():
    for worker in _current:
        worker.close()


def _copied(answer):
    """Return an answer and NumPy's way of printing as bytes; None if the answer holds something that cannot be copied."""
    if sys.platform == "emscripten":
        return None
    import cloudpickle

    try:
        return cloudpickle.dumps((answer, np.get_printoptions()))
    except (Exception, SystemExit):  # the answer's own objects may have a say in how they are copied
        return None


def _run_here(exercise, answer, seed):
    observations, passing = [], (OutOfTime, KeyboardInterrupt)
    try:
        with time_limit(LIMITS.cpu_seconds):
            for seen in observe(answer, exercise.cases(seed), exercise.forbidden, passing):
                observations.append(seen)
    except OutOfTime:
        return observations, "cpu"
    return observations, ""
