"""Run f and its gradient with probes: note values down, change one of them, and leave no trace.

Every run starts from the same state. What an edited function prints is thrown away, it cannot open a file, and it is
stopped when it does not end.
"""

import ast
import contextlib
import copy
import functools
import io
import re
import sys
import threading
import time
import types

import numpy as np

from helpers.gradient_check.walk.probes import CALLEE, PROBE, Rewriter
from helpers.gradient_check.walk.source import NoSource, Source, build, is_learners, replaced
from helpers.gradient_check.walk.state import Snapshot

OUTSIDE = {"open", "os", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "urllib", "webbrowser"}
SHOWN_BY = {"IPython", "matplotlib"}
MOST_NOTED = 30_000_000  # numbers in the notes of one run
MOST_PASSED = 1_000_000  # probes in the learner's own functions; edited ones may pass so many times as many as these:
TIMES = 30
AS_WRITTEN = ast.Constant | ast.Subscript | ast.Call | ast.Attribute
_here = threading.local()  # silent: whether nothing may be shown or opened in this thread


class OutOfTime(BaseException):
    """The walk has used its seconds. No `except Exception` in a learner's code may catch this."""


class NotAllowed(BaseException):
    """An edited function does not end, or wants to open or to show something."""


class Bench:
    """What the experiments are made on: f, its gradient and the array x, at which both are called."""

    def __init__(self, f, gradient, x, seconds, progress=None):
        self.start = time.perf_counter()
        self.deadline, self.said, self.progress, self.runs = self.start + seconds, self.start + 1, progress, 0
        self.x, self.f, self.gradient = x, f, gradient
        self.sites, self.codes, self.made = [], {}, set()
        self.site_of, self.source_of = {}, {}  # by the id of a syntax tree
        self.cells = {PROBE: types.CellType(self.probe), CALLEE: types.CellType(self.callee)}
        self.shared = _closure(f) | _closure(gradient)  # an edit of one may name a variable that only the other has
        self.most = 0
        self.state = Snapshot(x, f, gradient)

    def __enter__(self):
        _forbid_opening()
        self.state.lock()
        return self

    def __exit__(self, *_):
        try:
            self.state.restore()
        finally:  # again, if Ctrl-C was pressed meanwhile
            self.state.restore()
            self.state.unlock()

    # -- runs

    def run(self, function, edits=None, notes=None, code=None):
        """Return function(x), with `edits`, {number of a site: function of (value, visit)}, and some code replaced."""
        self.edits, self.notes, self.replaced = edits or {}, notes, code or {}
        self.visits, self.latest, self.noted, self.left, self.passed = {}, {}, 0, 0, 0
        self.runs += 1
        now = time.perf_counter()
        if self.progress and now > self.said + 1:
            self.said = now
            self.progress(f"looking for the line: {self.runs} experiments in {now - self.start:.0f} s")
        with _silence():
            result = self.with_probes(function)(self.x)
        self.most = max(self.most, TIMES * self.passed * (notes is not None))
        return result

    def plain(self, function):
        """Return function(x) as the learner wrote it."""
        self.in_time()
        with _silence():
            return function(self.x)

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
        self.latest[number] = value
        return value

    def callee(self, number, function):
        function = self.probe(number, function)
        if (getattr(function, "__module__", None) or "").partition(".")[0] in SHOWN_BY:
            raise NotAllowed
        return self.with_probes(function)

    def _count(self):
        self.left, self.passed = 256, self.passed + 256
        if self.passed > (MOST_PASSED if self.notes is not None else self.most):
            raise NotAllowed
        self.in_time()

    def in_time(self):
        """Raise OutOfTime if no time is left."""
        if time.perf_counter() > self.deadline:
            raise OutOfTime

    def _note(self, key, value):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            self.noted += value.size
            if self.noted > MOST_NOTED:
                raise NotAllowed
            self.notes[key] = value.copy()
        elif isinstance(value, float | int | np.number | np.bool_) or callable(value):
            self.notes[key] = value

    # -- functions with probes

    def with_probes(self, function):
        """Return a function with probes in it, if it is a learner's; anything else as it is."""
        if isinstance(function, types.FunctionType):
            return self._function(function)
        if isinstance(function, types.MethodType):
            return types.MethodType(self.with_probes(function.__func__), function.__self__)
        if isinstance(function, functools.partial):
            return functools.partial(self.with_probes(function.func), *function.args, **function.keywords)
        if isinstance(function, tuple) and hasattr(function, "function"):  # of a dict of arrays
            return function._replace(function=self.with_probes(function.function))
        call = getattr(type(function), "__call__", None)  # noqa: B004
        return types.MethodType(self._function(call), function) if isinstance(call, types.FunctionType) else function

    def _function(self, function):
        code = function.__code__
        if code in self.made:
            return function
        new = self.replaced.get(code) or self._code(function)
        if new is None:
            return function
        cells = self.shared | dict(zip(code.co_freevars, function.__closure__ or (), strict=True)) | self.cells
        closure = tuple(cells[name] for name in new.co_freevars)
        made = types.FunctionType(new, function.__globals__, function.__name__, function.__defaults__, closure)
        made.__kwdefaults__ = function.__kwdefaults__
        return made

    def _code(self, function):
        """Return the code of a function with probes; None for a function that is no learner's or has no source."""
        code = function.__code__
        if code not in self.codes:
            self.codes[code], before = None, len(self.sites)
            with _silence(False), contextlib.suppress(NoSource, SyntaxError):
                if is_learners(code):
                    source = Source(code)
                    tree = Rewriter(source, self.sites, self.site_of, function.__globals__).tree
                    self.codes[code] = self._built(source, tree, (PROBE, CALLEE))
                    self.shared = _closure(function) | self.shared
                    self.source_of |= {id(node): source for node in ast.walk(source.node)}
            if self.codes[code] is None:
                del self.sites[before:]
        return self.codes[code]

    def compiled(self, source, trees):
        """Return the code of a function with new syntax trees in place of old ones: {old: new}."""
        names = {node.id for new in trees.values() for node in ast.walk(new) if isinstance(node, ast.Name)}
        extra = [name for name in self.shared if name in names and name not in source.code.co_freevars]
        tree = replaced(source.node, trees)
        if any(isinstance(node, ast.For | ast.While) for node in ast.walk(tree)):
            tree = Counted().visit(copy.deepcopy(tree))
        return self._built(source, tree, (*extra, PROBE))

    def _built(self, source, tree, extra):
        code = build(tree, source.code, extra)
        self.made.add(code)
        return code

    def text(self, tree):
        """Return a syntax tree as text, with the parts that a learner wrote as they were written."""
        written = {
            node: ast.Name(self.source_of[id(node)].text(node))
            for node in ast.walk(tree)
            if isinstance(node, AS_WRITTEN) and id(node) in self.source_of
        }
        text = ast.unparse(ast.fix_missing_locations(replaced(tree, written)))
        return re.sub(r"\b(\w+) \*\* (\w+)\b", r"\1**\2", text)


class Counted(ast.NodeTransformer):
    """Count the rounds of each loop, in code without other probes, so that an endless one is noticed."""

    def visit_For(self, node):
        self.generic_visit(node)
        node.body.insert(0, ast.parse(f"{PROBE}(-1, None)").body[0])
        return node

    visit_While = visit_For


def _closure(function):
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        return {}
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


@contextlib.contextmanager
def _silence(on=True):
    """Show nothing, and let nothing be opened; or let a source be read meanwhile."""
    before, _here.silent = getattr(_here, "silent", False), on
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        _here.silent = before


@functools.cache
def _forbid_opening():
    """Install the audit hook, which Python cannot remove; between the runs it does nothing."""

    def hook(event, arguments):
        if event.partition(".")[0] in OUTSIDE and getattr(_here, "silent", False):
            raise NotAllowed(event)

    sys.addaudithook(hook)
