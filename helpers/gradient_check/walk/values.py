"""The values and the numbers that are at hand where an expression is computed, and how a learner would write them."""

import ast
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

ATOMS = {"Constant", "Callee"}  # sites whose value is no result of the learner's


class Part(NamedTuple):
    """A value to put into a row of the table.

    value : as it was noted in the first run
    get : function that returns it in the run that is being made
    written : how it may be written, as pairs (scope, syntax tree). What is in scope is found out when it is compiled
    """

    value: object
    get: Callable
    written: list
    cost: float = 0.0

    def spellings(self, site):
        """Return syntax trees, those from the same function as a site first, and short ones."""
        ordered = sorted(self.written, key=lambda one: (one[0] is not site.scope, len(ast.unparse(one[1]))))
        return [tree for _, tree in ordered[:5]]


class Values:
    """All values at hand in the gradient, f's among them, and the numbers that are the same at all points."""

    def __init__(self, bench, matches):
        self.bench, self.matches, self.groups, self.when, self.numbers = bench, matches, {}, {}, {}
        self.numbers[2.0] = Part(2, lambda: 2, [(None, ast.Constant(2))], 0.2)
        for field in ("forward", "backward"):
            for (number, visit), value in getattr(matches.main, field).items():
                site = bench.sites[number]
                if visit == 0 and (field == "forward" or number in matches.numbers):
                    self.when.setdefault(number, len(self.when))
                    if is_array(value) and site.kind not in ATOMS:
                        self.groups.setdefault(identity(value), []).append((field, site, value))
                if visit == 0 and site.kind not in ATOMS:
                    self._enter_numbers(field, site, value)
        likely = (part for value, part in self.numbers.items() if value not in (0, 1) and np.isfinite(value))
        self.numbers = sorted(likely, key=lambda part: part.cost)[:25]

    def before(self, site):
        """Yield the arrays and floats that are at hand before a site is reached."""
        running = "backward" if site.number in self.matches.numbers else "forward"
        for group in self.groups.values():
            known = [one for one in group if self.when[one[1].number] <= self.when[site.number]]
            if not known or any(other is site for _, other, _ in group):
                continue
            this = [one for one in known if one[0] == running]  # the latest one is of this round of a loop
            field, at, value = (
                max(this, key=lambda one: (one[1].scope is site.scope, self.when[one[1].number])) if this else known[0]
            )
            written = [one for _, other, _ in group for one in _written(other)]
            cost = min(_cost(tree) + 0.3 * (scope is not site.scope) for scope, tree in written)

            def get(field=field, number=at.number):
                return self.bench.latest[number] if field == running else self.bench.point.forward[number, 0]

            yield Part(value, get, written, cost)

    def _enter_numbers(self, field, site, value):
        """Note a number that is the same at all points, such as a learning rate; and of an array its lengths."""
        if isinstance(value, np.ndarray) and site.kind in ("Name", "Attribute") and value.size > 1:
            for axis, length in enumerate(value.shape):
                text = f"{site.text}.shape[{axis}]" if axis else f"len({site.text})"
                self._enter(length, site, ast.parse(text, mode="eval").body, 0.1 + 0.05 * axis)
                if value.ndim > 2:
                    text = f"{site.text}.size // {site.text}.shape[{axis}]"
                    self._enter(value.size // length, site, ast.parse(text, mode="eval").body, 0.3)
        number = np.ndim(value) == 0 and (is_float(value) or is_integer(value))
        if number and self.matches.is_constant(field, (site.number, 0), value):
            value = value.item() if isinstance(value, np.ndarray) else value
            self._enter(value, site, _written(site)[0][1], 0.0 if site.kind == "Name" or site.name else 0.2)

    def _enter(self, value, site, tree, cost):
        plain = (None, ast.parse(f"{value:g}", mode="eval").body)
        part = self.numbers.get(value) or Part(value, lambda: value, [plain], cost)
        self.numbers[value] = part._replace(written=[*part.written, (site.scope, tree)], cost=min(part.cost, cost))


def _written(site):
    """Return how the value of a site may be written: by the variable to which it is assigned, and as it is written there."""
    names = [(site.scope, ast.parse(site.name, mode="eval").body)] if site.name else []
    return [*names, (site.scope, site.node)]


def _cost(tree):
    return 0.2 * (not isinstance(tree, ast.Name)) + len(ast.unparse(tree)) / 100


def operands(site):
    """Return the sites of the operands of an expression; those of W.sum() include W."""
    return [kid for child in site.kids for kid in (child.kids if child.kind == "Callee" else [child])]


def is_float(value):
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def is_array(value):
    return isinstance(value, np.ndarray) or is_float(value)


def is_integer(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def identity(value):
    """Return what is the same for two values exactly if they are the same to the last bit."""
    value = np.asarray(value)
    return value.shape, value.dtype.char, value.tobytes()
