"""Call an answer and record everything that it does, as plain values."""

import contextlib
import io
import sys
import threading
import time
import warnings

import numpy as np

from helpers.check.engine.cases import Rejection
from helpers.check.engine.values import plain, same
from helpers.time_limit import OutOfTime, time_limit

MOST_LINES = 10_000  # that an answer may print in one call
KEPT_LINES = 3


def observe(answer, cases, forbidden=None, seconds=None, passing=(KeyboardInterrupt, OutOfTime)):
    """Yield what `answer` does in each case, as a dict that JSON can write.

    Parameters
    ----------
    answer : callable
    cases : iterable of Case
    forbidden : iterable of functions, optional
        What the answer must not call. Without it nothing is watched: that is for answers of the course's own.
    seconds : number, optional
        OutOfTime is raised in the answer when it has computed for so long in all cases together.
    passing : tuple of exception classes
        What ends the observation when the answer raises it.

    Yields
    ------
    dict
        "result" or "error": what the answer returned or raised. "changed": pairs of the name of an argument that the answer
        changed, and how. "called": the names of forbidden functions that it called. "printed": the first lines that it
        printed. "rejected": the name of a mistake, a hint, and whether they count even if the result is right; or None.
    """
    deadline = seconds and time.process_time() + seconds
    names = forbidden and {function.__code__: function.__name__ for function in forbidden}
    for case in cases:
        lent = {_code(value) for value in case.arguments.values() if callable(value)}
        before = {name: plain(value) for name, value in case.arguments.items()}
        seen, returned = {"printed": [], "called": [], "rejected": None}, []

        def noted(*arguments, returned=returned):
            returned.append(answer(*arguments))
            return returned[-1]

        watched = _watched(names, lent, seen) if names else contextlib.nullcontext()
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"), watched:
            try:
                with time_limit(deadline) if deadline else contextlib.nullcontext():
                    result = case.run(noted)
                seen["result"] = plain(result)
            except passing:
                raise
            except Rejection as rejection:
                seen["result"], seen["rejected"] = plain(rejection.result), [*rejection.problem, rejection.even_if_right]
            except BaseException as error:
                seen["error"] = _described(error, answer) | {"returned": bool(returned)}
        changes = [[name, _change(before[name], plain(value))] for name, value in case.arguments.items()]
        yield seen | {"changed": [change for change in changes if change[1]]}


@contextlib.contextmanager
def _watched(names, lent, seen):
    """Record calls of forbidden functions and what is printed.

    Of the functions in helpers.check the answer may call only those that are lent to it as arguments; these may call any."""

    def note(frame, event, _):
        if event != "call":
            return
        name = names.get(frame.f_code, "")
        of_the_check = _in_check(frame) and frame.f_globals["__name__"] != __name__
        if not name and of_the_check and not _in_check(frame.f_back) and frame.f_code not in lent:
            name = "_check"
        if name and name not in seen["called"]:
            seen["called"].append(name)

    usual, for_threads, printed = sys.getprofile(), threading.getprofile(), _Printed(seen["printed"])
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        threading.setprofile(note)  # for threads that the answer starts
        sys.setprofile(note)
        try:
            yield
        finally:
            sys.setprofile(usual)
            threading.setprofile(for_threads)


def _in_check(frame):
    return frame is not None and str(frame.f_globals.get("__name__")).startswith("helpers.check.")


def _code(function):
    return getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)


class _Printed(io.TextIOBase):
    """Keeps the first lines of what is printed, and stops an answer that prints without end."""

    def __init__(self, lines):
        self.lines, self.started, self.count = lines, "", 0

    def write(self, text):
        self.count += text.count("\n")
        if self.count > MOST_LINES:
            raise RuntimeError(f"more than {MOST_LINES:,} lines were printed")
        if len(self.lines) < KEPT_LINES:
            *whole, self.started = (self.started + text).split("\n")
            self.lines.extend(line[:100] for line in whole[: KEPT_LINES - len(self.lines)])
            self.started = self.started[:100]
        return len(text)


def _change(before, after):
    """Return how an argument was changed: "" for not at all, "rounding" if only its last digits differ, else "written"."""
    return "" if str(before) == str(after) else "rounding" if same(after, before, 1e-12) else "written"


def _described(error, answer):
    """Return what an error is and in which line of the reader's own code it was raised."""
    try:
        text = " ".join(str(error).split())[:200]
    except BaseException:
        text = "its message cannot be read"
    file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    seen = {"type": type.__dict__["__name__"].__get__(type(error))[:40], "text": text, "file": "", "line": 0}
    seen["inside"] = False  # whether the answer had begun to run
    trace = error.__traceback__
    while trace is not None:
        frame, inside = trace.tb_frame, not _in_check(trace.tb_frame)
        seen["inside"] |= inside
        if inside and (frame.f_code.co_filename == file or frame.f_globals.get("__name__") == "__main__"):
            seen |= {"file": frame.f_code.co_filename, "line": trace.tb_lineno}
        trace = trace.tb_next
    return seen
