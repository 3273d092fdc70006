"""Rebuild the learner's functions: with probes, or with other syntax trees in place of some.

A function that is called while another one runs with probes gets probes, too, if it is a learner's and has a source.
"""

import ast
import contextlib
import functools
import re
import types

from helpers.gradient_check.walk.probes import CALLED, PROBE, ROUND, Rewriter
from helpers.gradient_check.walk.source import NoSource, Source, build, is_learners, replaced

ROUNDS = {
    ast.For: ast.parse(f"({PROBE}({ROUND}, item_) for item_ in part_)", mode="eval").body,
    ast.While: ast.parse(f"{PROBE}({ROUND}, part_)", mode="eval").body,
}
AS_WRITTEN = ast.Constant | ast.Subscript | ast.Call | ast.Attribute


class Rebuilt:
    """The functions that were rebuilt, and the sites of their probes.

    site_of, source_of : {id of a syntax tree: its site, and the source it is in}
    shared : the variables of closures. An edit of f may name one that only the gradient has
    replaced : {code of a function: the code that runs in its place}; remade : {function: the one that runs in its place}
    watched : the numbers of the sites of calls, where functions are rebuilt, and of what may be endless or grow
    """

    def __init__(self, f, gradient):
        self.sites, self.codes, self.made, self.site_of, self.source_of, self.replaced = [], {}, set(), {}, {}, {}
        self.cells, self.watched, self.remade = {PROBE: types.CellType()}, {ROUND, CALLED}, {}
        self.shared = _closure(f) | _closure(gradient)
        self.asked = [function.__code__ for function in map(_innermost, (f, gradient)) if function]

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
        if function not in self.remade:
            self.remade[function] = self._remade(function)
        return self.remade[function]

    def _remade(self, function):
        code = function.__code__
        new = None if code in self.made else self.replaced.get(code) or self._code(function)
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
            self.codes[code] = None
            with self.silence(False), contextlib.suppress(NoSource, SyntaxError):
                if is_learners(code):
                    source = Source(code, code in self.asked)
                    first, tree = len(self.sites), Rewriter(source, self.sites, self.site_of, function.__globals__).tree
                    watched = (site for site in self.sites[first:] if site.kind == "Callee" or site.is_test or site.name)
                    self.watched |= {site.number for site in watched}
                    ast.fix_missing_locations(tree)
                    self.codes[code] = self._built(source, tree, (PROBE,))
                    self.shared = _closure(function) | self.shared
                    self.source_of |= {id(node): source for node in ast.walk(source.node)}
        return self.codes[code]

    def compiled(self, source, trees):
        """Return the code of a function with new syntax trees in place of old ones: {old: new}."""
        names = {node.id for new in trees.values() for node in ast.walk(new) if isinstance(node, ast.Name)}
        extra = [name for name in self.shared if name in names and name not in source.code.co_freevars]
        for tree in trees.values():
            ast.fix_missing_locations(tree)
        tree = replaced(source.node, trees)
        watched = {}
        for node in reversed([*ast.walk(tree)]):  # inner ones first
            watched |= _watched(node, getattr(source.node, "name", ""), watched)
        return self._built(source, replaced(tree, watched), (*extra, PROBE))

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


def _watched(node, own, inner):
    """Return {part: tree that does the same and is seen} of a loop, whose rounds are counted, of an assignment, whose value
    may grow, of a call of the function itself, which is to be edited, too, and of a call of LAPACK."""
    if isinstance(node, ast.For | ast.While):
        part, tree = node.iter if isinstance(node, ast.For) else node.test, ROUNDS[type(node)]
        name = next(name for name in ast.walk(tree) if getattr(name, "id", "") == "part_")
        return {part: replaced(tree, {name: replaced(part, inner)})}
    number, part = ROUND, node.value if isinstance(node, ast.Assign) else None
    if isinstance(node, ast.Call):
        owner, name = getattr(node.func, "value", None), getattr(node.func, "attr", getattr(node.func, "id", ""))
        number, part = CALLED, node.func if name == own or getattr(owner, "attr", "") == "linalg" else None
    if part is None:
        return {}
    seen = ast.Call(ast.Name(PROBE, ast.Load()), [ast.Constant(number), replaced(part, inner)], [])
    return {part: ast.fix_missing_locations(ast.copy_location(seen, part))}


def _closure(function):
    function = _innermost(function)
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)) if function else {}


def _innermost(function):
    """Return the Python function in a method, in a partial, or in a function of a dict; None if there is none."""
    while function is not None and not isinstance(function, types.FunctionType):
        function = next(
            (getattr(function, name) for name in ("__func__", "func", "function") if hasattr(function, name)), None
        )
    return function
