"""Run f and its gradient with probes: note values down, change one of them, and leave no trace.

Every run starts from the same state. What an edited function prints is thrown away, it cannot open a file, and it is
stopped when it does not end.
"""

import ast
import contextlib
import functools
import io
import sys
import threading
import time
import types

import numpy as np

from helpers.gradient_check.walk.probes import CALLEE, PROBE, Rewriter
from helpers.gradient_check.walk.source import NoSource, Source, build, is_learners
from helpers.gradient_check.walk.state import Snapshot

OUTSIDE = {"open", "os", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "urllib", "webbrowser"}
SHOWN_BY = {"IPython", "matplotlib"}
MOST_NOTED = 30_000_000  # numbers in the notes of one run
_silent = set()  # the threads in which nothing may be opened


class OutOfTime(BaseException):
    """The walk has used its seconds. No `except Exception` in a learner's code may catch this."""


class Endless(BaseException):
    """An edited function does not end."""


class Forbidden(BaseException):
    """A function wants to open or to show something."""


class Bench:
    """What the experiments are made on: f, its gradient and the array x, at which both are called."""

    def __init__(self, f, gradient, x, seconds, progress=None):
        self.start, self.deadline, self.progress, self.runs = time.perf_counter(), time.perf_counter() + seconds, progress, 0
        self.x, self.f, self.gradient, self.said = x, f, gradient, self.start + 1
        self.sites, self.site_of, self.codes, self.made, self.sources, self.replaced = [], {}, {}, set(), {}, {}
        self.source_by_node = {}
        self.cells = {PROBE: types.CellType(self.probe), CALLEE: types.CellType(self.callee)}
        self.shared = _closure(f) | _closure(gradient)  # an edit of one may name a variable that only the other has
        self.longest, self.only_in_f = 1_000_000, frozenset()
        self.state = Snapshot(x, f, gradient)

    def __enter__(self):
        _forbid_opening()
        self.state.lock()
        return self

    def __exit__(self, *_):
        """Put everything back, even if Ctrl-C is pressed meanwhile."""
        interrupted = None
        while True:
            try:
                self.state.restore()
                self.state.unlock()
                break
            except KeyboardInterrupt as interrupt:
                interrupted = interrupt
        if interrupted:
            raise interrupted

    # -- runs

    def run(self, function, edits=None, notes=None, replaced=None, untouched=frozenset()):
        """Return function(x), with `edits`, {number of a site: function of (value, visit)}, and some code replaced."""
        self.edits, self.notes, self.replaced, self.untouched = edits or {}, notes, replaced or {}, untouched
        self.visits, self.latest, self.noted, self.left, self.total = {}, {}, 0, 0, 0
        self.runs += 1
        self._say()
        with _silence(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return self.with_probes(function)(self.x)

    def plain(self, function):
        """Return function(x) as the learner wrote it."""
        self.in_time()
        with _silence(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return function(self.x)

    def _say(self):
        now = time.perf_counter()
        if self.progress and now > self.said + 1:
            self.said = now
            self.progress(f"looking for the line: {self.runs} experiments in {now - self.start:.0f} s")

    # -- called from the learner's code

    def probe(self, number, value):
        self.left -= 1
        if self.left < 0:
            self._count()
        visit = self.visits[number] = self.visits.get(number, -1) + 1
        if number in self.edits:
            value = self.edits[number](value, visit)
        if self.notes is not None:
            self._note((number, visit), value)
        self.latest[number] = self.total - self.left, value
        return value

    def callee(self, number, function):
        visit = self.visits[number] = self.visits.get(number, -1) + 1
        if number in self.edits:
            function = self.edits[number](function, visit)
        if self.notes is not None:
            self.notes[number, visit] = function
        if (getattr(function, "__module__", None) or "").partition(".")[0] in SHOWN_BY:
            raise Forbidden
        function = self.with_probes(function)
        self.latest[number] = self.total - self.left, function
        return function

    def _count(self):
        self.left, self.total = 256, self.total + 256
        if self.total > self.longest:
            raise Endless
        self.in_time()

    def in_time(self):
        """Raise OutOfTime if no time is left."""
        if time.perf_counter() > self.deadline:
            raise OutOfTime

    def _note(self, key, value):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            self.noted += value.size
            if self.noted > MOST_NOTED:
                raise Forbidden
            self.notes[key] = value.copy()
        elif isinstance(value, float | int | np.number | np.bool_):
            self.notes[key] = value

    # -- functions with probes

    def with_probes(self, function):
        """Return a function with probes in it, if it is a learner's; anything else as it is."""
        if isinstance(function, types.FunctionType):
            return self._function(function)
        if isinstance(function, types.MethodType):
            inner = self.with_probes(function.__func__)
            return function if inner is function.__func__ else types.MethodType(inner, function.__self__)
        if isinstance(function, functools.partial):
            return functools.partial(self.with_probes(function.func), *function.args, **function.keywords)
        if isinstance(function, tuple) and hasattr(function, "function"):  # of a dict of arrays
            return function._replace(function=self.with_probes(function.function))
        call = getattr(type(function), "__call__", None)
        if isinstance(call, types.FunctionType) and is_learners(call.__code__):
            return types.MethodType(self._function(call), function)
        return function

    def _function(self, function):
        code = function.__code__
        if code in self.made or (self.notes is None and code in self.untouched):
            return function
        new = self.replaced.get(code) or self._code(function)
        if new is None:
            return function
        cells = self.shared | dict(zip(code.co_freevars, function.__closure__ or (), strict=True)) | self.cells
        return self.rebuilt(function, new, [cells[name] for name in new.co_freevars])

    def rebuilt(self, function, code, cells):
        new = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__, tuple(cells))
        new.__kwdefaults__ = function.__kwdefaults__
        return new

    def _code(self, function):
        """Return the code of a function with probes; None for a function that is no learner's or has no source."""
        code = function.__code__
        if code not in self.codes:
            silent, before = threading.get_ident() in _silent, len(self.sites)
            _silent.discard(threading.get_ident())  # the source has to be read
            self.codes[code] = None
            try:
                if is_learners(code):
                    source = Source(code)
                    self.codes[code] = self.compiled(
                        source, Rewriter(source, self.sites, self.site_of, function.__globals__).rewritten()
                    )
                    self.sources[source] = function
                    self.shared = _closure(function) | self.shared
                    self.source_by_node |= {id(node): source for node in ast.walk(source.node)}
            except (NoSource, SyntaxError):
                del self.sites[before:]
            finally:
                _silent.update([threading.get_ident()] * silent)
        return self.codes[code]

    def compiled(self, source, tree, extra=(PROBE, CALLEE)):
        code = build(tree, source.code, extra)
        self.made.add(code)
        return code


def _closure(function):
    function = getattr(function, "__func__", function)
    return (
        dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
        if isinstance(function, types.FunctionType)
        else {}
    )


@contextlib.contextmanager
def _silence():
    _silent.add(threading.get_ident())
    try:
        yield
    finally:
        _silent.discard(threading.get_ident())


@functools.cache
def _forbid_opening():
    """Install the audit hook, which Python cannot remove; between the runs it does nothing."""

    def hook(event, arguments):
        if _silent and event.partition(".")[0] in OUTSIDE and threading.get_ident() in _silent:
            raise Forbidden(event)

    sys.addaudithook(hook)
