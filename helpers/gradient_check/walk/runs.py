"""Run f and its gradient with probes: note values down, change one of them, and leave no trace.

Every run starts from the same state. What an edited function prints is thrown away, it cannot open a file, and it is
stopped when it does not end.
"""

import contextlib
import functools
import io
import pathlib
import sys
import threading
import time
import types

import numpy as np

from helpers.gradient_check.walk.probes import PROBE, ROUND
from helpers.gradient_check.walk.rebuilt import Rebuilt
from helpers.gradient_check.walk.state import Snapshot
from helpers.time_limit import OutOfTime

try:
    import resource
except ImportError:  # on Windows and in a browser
    resource = None

OUTSIDE = {"open", "os", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "urllib", "webbrowser"}
SHOWN_BY = {"IPython", "matplotlib"}
PLAIN = {types.BuiltinFunctionType, np.ufunc, type}  # what is called most often, and is no learner's
MOST_NOTED = 30_000_000  # numbers in the notes of one run
MOST_MEMORY = 2**31  # bytes that a search may take
MOST_PASSED = 1_000_000  # probes in the learner's own functions
TIMES = 30  # as many, and as large, as in the learner's own functions may the probes and arrays of edited ones become
EACH = 256  # probes, after which the time is looked at
_here = threading.local()  # silent: whether nothing may be shown or opened in this thread


class NotAllowed(BaseException):
    """An edited function does not end, makes ever larger arrays, or wants to open or to show something."""


class Bench(Rebuilt):
    """What the experiments are made on: f, its gradient and the array x, at which both are called."""

    def __init__(self, f, gradient, x, seconds, progress=None):
        self.start, self.said, self.seconds, self.progress, self.runs = time.perf_counter(), 1.0, seconds, progress, 0
        self.x, self.f, self.gradient = x, f, gradient
        super().__init__(f, gradient)
        self.most, self.largest, self.idle = 0, 1000, None
        self.state = Snapshot(x, f, gradient)

    def __enter__(self):
        _forbid_opening()
        self.state.lock()
        self.limits = _limit_memory()
        return self

    def __exit__(self, *_):
        try:
            if self.limits:
                resource.setrlimit(resource.RLIMIT_AS, self.limits)
            self.state.restore()
        finally:  # again, if Ctrl-C was pressed meanwhile
            self.state.restore()
            self.state.unlock()

    # -- runs

    def run(self, function, edits=None, notes=None, code=None):
        """Return function(x), with `edits`, {number of a site: function of (value, visit)}, and some code replaced."""
        self.edits, self.notes, self.replaced = edits or {}, notes, code or {}
        self.visits, self.latest, self.remade, self.noted, self.passed = {}, {}, {}, 0, 0
        self.runs += 1
        self.cells[PROBE].cell_contents = self._quick_probe() if notes is None else self.probe
        result = self.plain(self.with_probes(function))
        if notes is not None:
            self.most = max(self.most, TIMES * (self.passed + EACH))
        return result

    def plain(self, function):
        """Return function(x), of a function as it is."""
        seconds = self.in_time()
        if self.progress and seconds > self.said + 1:
            self.said = seconds
            self.progress(f"looking for the line: {self.runs} experiments in {seconds:.0f} s")
        with self.silence():
            return function(self.x)

    @contextlib.contextmanager
    def silence(self, on=True):
        """Show nothing, and let nothing be opened; or let a source be read meanwhile."""
        before, _here.silent = getattr(_here, "silent", False), on
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                yield
        finally:
            _here.silent = before

    # -- called from the learner's code

    def _quick_probe(self):
        """Return what does the same as `probe` where no notes are taken. Most expressions are neither edited nor watched."""
        latest, edits, watched, probe = self.latest, self.edits, self.watched, self.probe

        def quick(number, value):
            latest[number] = value
            return probe(number, value) if number in edits or number in watched else value

        return quick

    def probe(self, number, value):
        self.passed += 1
        if self.passed % EACH == 0:
            self.in_time()
            if self.passed > (MOST_PASSED if self.notes is not None else self.most):
                raise NotAllowed
        if isinstance(value, np.ndarray) and value.size > self.largest and self.notes is None:
            raise NotAllowed
        if number in self.edits or self.notes is not None:
            visit = self.visits[number] = self.visits.get(number, -1) + 1
            value = self.edits[number](value, visit) if number in self.edits else value
            if self.notes is not None:
                self._note((number, visit), value)
        self.latest[number] = value
        return self._callee(value) if number in self.watched and number != ROUND and callable(value) else value

    def _callee(self, function):
        if type(function) in PLAIN:
            return function
        module = getattr(function, "__module__", None) or ""
        if module.partition(".")[0] in SHOWN_BY:
            raise NotAllowed
        return functools.partial(_of_finite, function) if module == "numpy.linalg" else self.with_probes(function)

    def in_time(self):
        """Return the seconds since the start; raise OutOfTime if none are left."""
        seconds = time.perf_counter() - self.start
        if seconds > self.seconds:
            raise OutOfTime
        return seconds

    def _note(self, key, value):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiubc":
            self.noted += value.size
            self.largest = max(self.largest, TIMES * value.size)
            if self.noted > MOST_NOTED:
                raise NotAllowed
            self.notes[key] = value.copy()
        elif isinstance(value, float | int | np.number | np.bool_) or callable(value):
            self.notes[key] = value


def _of_finite(function, *arrays, **options):
    """Call a function of LAPACK, which may never return from NaN, and no limit of time would stop it."""
    if not all(np.isfinite(array).all() for array in arrays if isinstance(array, np.ndarray) and array.dtype.kind == "f"):
        raise NotAllowed
    return function(*arrays, **options)


def _limit_memory():
    """Refuse arrays for which there may be no memory, where the system can: an edit may be the product of two long vectors.

    Return the limits that were set before, or None."""
    if resource is None:
        return None
    with contextlib.suppress(OSError, ValueError):
        used = int(pathlib.Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        soft, hard = limits = resource.getrlimit(resource.RLIMIT_AS)
        most = used + MOST_MEMORY
        if all(limit == resource.RLIM_INFINITY or most < limit for limit in (soft, hard)):
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
            return limits
    return None


@functools.cache
def _forbid_opening():
    """Install the audit hook, which Python cannot remove; between the runs it does nothing."""

    def hook(event, arguments):
        if event.partition(".")[0] in OUTSIDE and getattr(_here, "silent", False):
            raise NotAllowed(event)

    sys.addaudithook(hook)
