"""Call an answer, and write down in plain form all that it does."""

import contextlib
import io
import linecache
import sys
import threading
import warnings

import numpy as np

from helpers.check.apart import Stop
from helpers.check.values import plain, shown

__all__ = ["Case", "observed", "tried_by_us"]

MOST_LINES = 10_000  # that an answer may print in one call
KEPT_LINES = 3


class Case:
    """One call of an answer.

    arguments : what it is called with, by name and in this order
    say : str, what is tried; by default the arguments are shown
    after : function of nothing; None, or (name of a slip, hint) for what the result does not show, such as too many calls
    """

    def __init__(self, say="", after=None, **arguments):
        self.say, self.after, self.arguments = say, after or (lambda: None), arguments

    def tried(self):
        """Return what is tried, as a line."""
        return self.say or ", ".join(f"{name} = {shown(plain(value))}" for name, value in self.arguments.items())


def observed(answer, cases, not_to_call=()):
    """Yield for each case what `answer` does with it, a dict of what JSON can say.

    "result" or "error", what came of it; "changed", the arguments that it wrote to, and how; "called", the names of the
    functions `not_to_call` that it called, and of the check's own; "printed", the first lines of what it printed;
    "complaint", see Case.
    """
    forbidden = {function.__code__: function.__name__ for function in not_to_call}
    for case in cases:
        lent = {_code(value) for value in case.arguments.values() if callable(value)}
        before = {name: _arrays(value) for name, value in case.arguments.items()}
        seen = {"printed": [], "called": []}
        with _watched(forbidden, lent, seen):
            try:
                seen["result"] = plain(answer(*case.arguments.values()))
            except Stop:
                raise
            except BaseException as error:
                seen["error"] = _described(error, answer)
        yield seen | _afterwards(case, before)


def tried_by_us(answer, cases):
    """Yield what `observed` yields, for an answer of the course's own: nothing is watched or caught."""
    for case in cases:
        before, seen = {name: _arrays(value) for name, value in case.arguments.items()}, {}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                seen["result"] = plain(answer(*case.arguments.values()))
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                seen["error"] = {"type": type(error).__name__}
        yield seen | _afterwards(case, before)


def _afterwards(case, before):
    changes = [[name, _change(before[name], _arrays(value))] for name, value in case.arguments.items()]
    return {"changed": [change for change in changes if change[1]], "complaint": case.after()}


@contextlib.contextmanager
def _watched(forbidden, lent, seen):
    """Note calls of forbidden functions and what is printed; keep warnings off the page.

    Of the check's own functions the answer may call those that are `lent` to it as arguments, and they any other."""

    def note(frame, event, _):
        if event != "call":
            return
        name = forbidden.get(frame.f_code, "")
        of_an_exercise = _ours(frame) and frame.f_globals["__name__"] != __name__
        if not name and of_an_exercise and not _ours(frame.f_back) and frame.f_code not in lent:
            name = "_check"
        if name and name not in seen["called"]:
            seen["called"].append(name)

    usual, for_threads, printed = sys.getprofile(), threading.getprofile(), _Printed(seen["printed"])
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("ignore")
        threading.setprofile(note)  # for threads that the answer starts
        sys.setprofile(note)
        try:
            yield
        finally:
            sys.setprofile(usual)
            threading.setprofile(for_threads)


def _ours(frame):
    return frame is not None and str(frame.f_globals.get("__name__")).startswith("helpers.check.")


def _code(function):
    return getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)


class _Printed(io.TextIOBase):
    """Keeps the first lines of what is printed, and stops what prints without end."""

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


def _arrays(value):
    """Return copies of all arrays in an argument."""
    if isinstance(value, np.ndarray):
        return [value.copy()]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return [array for part in parts for array in _arrays(part)]


def _change(before, after):
    """Return how arrays were written to: "" if not at all, "rounding" if only their last digits differ, else "written"."""
    if [(array.shape, array.dtype) for array in before] != [(array.shape, array.dtype) for array in after]:
        return "written"
    if all(a.tobytes() == b.tobytes() for a, b in zip(before, after, strict=True)):
        return ""
    near = all(np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True) for a, b in zip(before, after, strict=True))
    return "rounding" if near else "written"


def _described(error, answer):
    """Return what an error is and where in the reader's own code it came from."""
    try:
        text = " ".join(str(error).split())[:200]
    except BaseException:
        text = "its message cannot be read"
    seen = {"type": str(type.__dict__["__name__"].__get__(type(error)))[:40], "text": text, "line": 0, "code": ""}
    file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    trace = error.__traceback__ and error.__traceback__.tb_next  # the first frame is ours
    seen["theirs"] = trace is not None
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_filename == file or frame.f_globals.get("__name__") == "__main__":
            seen |= {
                "line": trace.tb_lineno,
                "code": linecache.getline(frame.f_code.co_filename, trace.tb_lineno).strip()[:100],
            }
        trace = trace.tb_next
    return seen
