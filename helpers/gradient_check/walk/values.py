"""The values and the numbers that are at hand where an expression is computed, and how a learner would write them."""

import ast

import numpy as np

from helpers.gradient_check.walk.match import identity, is_float, is_integer


class Part:
    """A value to put into a row of the table.

    value : as it was noted in the first run
    get : function that returns it in the run that is being made
    written : how it may be written, as triples (scope, syntax tree, text). What is in scope is found out when it is compiled
    """

    def __init__(self, value, get, written, price=0.0, key=None):
        self.value, self.get, self.written, self.price, self.key = value, get, written, price, key

    def at(self, point):
        """Return the value as it was noted at a point."""
        field, number = self.key
        return getattr(point, field).get((number, 0))

    def spellings(self, site):
        """Return pairs (syntax tree, text), those from the same function as a site first."""
        ordered = sorted(self.written, key=lambda one: (one[0] is not site.scope, len(one[2])))
        return list({text: (tree, text) for _, tree, text in ordered}.values())[:5]


def operand(bench, site, value):
    return Part(value, lambda: bench.latest[site.number][1], [(site.scope, site.node, site.text)])


def _written(site):
    """Return how the value of a site may be written: by the variable to which it is assigned, and as it stands."""
    names = [(site.scope, ast.parse(site.name, mode="eval").body, site.name)] if site.name else []
    return names + ([(site.scope, site.node, site.text)] if site.kind != "After" else [])


class Values:
    """All values at hand in the gradient."""

    def __init__(self, bench, matches):
        self.bench, self.matches = bench, matches
        self.groups, self.variables, self.when = {}, {}, dict(matches.when)
        for time, (number, _) in enumerate(matches.main.forward):
            self.when.setdefault(number, time)
        in_f = {number for number, visit in matches.main.forward if visit}
        for notes, mine in ((matches.main.forward, False), (matches.main.backward, True)):
            for (number, visit), value in notes.items():
                site = bench.sites[number]
                if visit or site.kind in ("Constant", "Callee") or (not mine and number in in_f):
                    continue
                if mine and (site.name or site.kind == "Name"):
                    self.variables.setdefault((site.scope, site.name or site.text), []).append((site, value))
                if isinstance(value, np.ndarray) or is_float(value):
                    group = self.groups.setdefault(identity(value), (value, [], []))
                    group[1 + mine].append(site)
        self.numbers = self._numbers()

    def before(self, site):
        """Yield the arrays and floats that are at hand before a site is reached."""
        time = self.when[site.number]
        for value, in_f, in_gradient in self.groups.values():
            written = [one for other in (*in_gradient, *in_f) for one in _written(other)]
            if site in in_gradient or (not in_f and self.when[in_gradient[0].number] > time):
                continue
            price = min(
                (0 if text.isidentifier() else 0.2) + len(text) / 100 + 0.3 * (scope is not site.scope)
                for scope, _, text in written
            )
            first = (in_f or in_gradient)[0].number
            key = "forward" if in_f else "backward", first
            yield Part(value, lambda first=first, in_f=in_f: self._value(first, in_f), written, price, key)
        yield from self._of(site, lambda value: isinstance(value, np.ndarray) or is_float(value), 2)

    def integers(self, site):
        """Yield the whole numbers, such as the indices of loops, in the function that a site is in."""
        yield from self._of(site, is_integer, 1)

    def _of(self, site, wanted, least):
        """Yield the variables of a function that were assigned at least so often before a site is reached."""
        time = self.when[site.number]
        for (scope, name), sites in self.variables.items():
            before = [value for other, value in sites if self.when[other.number] < time]
            times = sum(other.name is not None for other, _ in sites) if least > 1 else 1
            if scope is site.scope and before and times >= least and wanted(before[-1]) and name != site.text:
                numbers = [other.number for other, _ in sites]

                def get(numbers=numbers):
                    return max(self.bench.latest[n] for n in numbers if n in self.bench.latest)[1]

                yield Part(before[-1], get, [(scope, ast.parse(name, mode="eval").body, name)])

    def _value(self, number, in_f):
        return self.bench.point.forward[number, 0] if in_f else self.bench.latest[number][1]

    def _numbers(self):
        """Return the numbers that are the same at all points: lengths, learning rates, weights of penalties."""
        found, points = {2.0: Part(2, lambda: 2, [], 0.2)}, self.matches.points

        def enter(value, site, text, price):
            part = found.setdefault(float(value), Part(value, lambda: value, [], price))
            part.written.append((site.scope, ast.parse(text, mode="eval").body, text))
            part.price = min(part.price, price)

        for field in ("backward", "forward"):
            for (number, visit), value in getattr(points[0], field).items():
                site = self.bench.sites[number]
                if visit or site.kind in ("Constant", "Callee"):
                    continue
                if isinstance(value, np.ndarray) and site.kind in ("Name", "Attribute") and value.size > 1:
                    for axis, length in enumerate(value.shape):
                        enter(length, site, f"{site.text}.shape[{axis}]" if axis else f"len({site.text})", 0.1 + 0.05 * axis)
                elif (is_float(value) or is_integer(value)) and np.ndim(value) == 0 and abs(value) not in (0, 1):
                    if any(getattr(point, field).get((number, 0)) != value for point in points):
                        continue
                    text = site.name if (site.name or "").isidentifier() else site.text
                    enter(value, site, text, 0.0 if site.kind == "Name" or site.name else 0.2)
        for value, part in found.items():
            text = f"{value:g}"
            part.written.append((None, ast.parse(text, mode="eval").body, text))
        return sorted(
            (part for value, part in found.items() if value not in (0, 1) and np.isfinite(value)),
            key=lambda part: part.price,
        )[:25]
