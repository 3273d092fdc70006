"""Tell what in a gradient is right so far, and what is the first wrong expression.

An expression of the gradient whose value equals the measured slope ∂L/∂V of a forward value V is right so far. The first
expression that is made from such values, equals no slope, and leads to none, is the first wrong one.
"""

import numpy as np

from helpers.gradient_check.walk.values import identity, is_float, operands

MOST_KEYS, MOST_PAIRS = 150, 6


class Matches:
    """What the values that the gradient computes are. A value is known by its bytes, wherever it turns up again.

    sites_of_f, sites : the sites that f passes, and those that only the gradient passes, in this order
    moving : the values of f that depend on x
    keys : (number of the site, visit) of the forward values that a value of the gradient may be the slope of
    slopes : {value: key of V}, where a value is ∂L/∂V
    kept : the values that lead to a slope, so that they cannot be wrong
    used : the values that lead to the result
    first_wrong, certain : the site of the first wrong expression, or None; and whether all that it reads is right
    story : pairs (expression of the gradient, forward value whose slope it is)
    """

    def __init__(self, bench, points):
        self.bench, self.points, self.main = bench, points, points[0]
        in_f, passed = ([*dict.fromkeys(key[0] for key in notes)] for notes in (self.main.forward, self.main.backward))
        self.numbers = {*passed} - {*in_f}
        self.sites_of_f = [bench.sites[number] for number in in_f]
        self.sites = [bench.sites[number] for number in passed if number in self.numbers]
        forward = self.main.forward.items()
        self.moving = {identity(value) for key, value in forward if not self.is_constant("forward", key, value)}
        self.keys = self._forward_keys()
        self.slopes = self._slopes()
        self.story = self._story()
        self._follow()

    def in_gradient(self):
        """Yield (site, visit, value) of the numbers that only the gradient computes."""
        for (number, visit), value in self.main.backward.items():
            if number in self.numbers and is_float(value) and self.bench.sites[number].kind != "Constant":
                yield self.bench.sites[number], visit, value

    def value(self, site):
        """Return what a site of the gradient computes first, or None."""
        return self.main.backward.get((site.number, 0))

    def is_constant(self, field, key, value):
        """Tell whether a value in the notes "forward" or "backward" is the same at all points."""
        return all(np.array_equal(getattr(point, field).get(key), value) for point in self.points[1:])

    # -- the forward values

    def _forward_keys(self):
        """Return the values of f that depend on x and have the shape of a value in the gradient."""
        shapes, keys = {np.shape(value) for *_, value in self.in_gradient()}, []
        for key, value in self.main.forward.items():
            seen = self.bench.sites[key[0]].kind not in ("Constant", "Attribute", "Name")
            if seen and is_float(value) and np.shape(value) in shapes and identity(value) in self.moving:
                if keys and identity(self.main.forward[keys[-1]]) == identity(value):
                    keys.pop()  # what a function returned is named by its call
                keys.append(key)
        return keys[-MOST_KEYS:]

    def name(self, site):
        """Return what the learner calls a forward value."""
        is_read = site.kind in ("Name", "Attribute", "Subscript") and site.parent
        return f"{site.text} in {site.parent.text}" if is_read else site.name or site.text

    # -- right so far

    def _slopes(self):
        """Return {value: key of the forward value whose slope it is}. A value of f is a slope by chance only."""
        found = {}
        for site, visit, value in self.in_gradient():
            if np.ndim(value) == 0 and self.is_constant("backward", (site.number, visit), value):
                continue  # lam is the slope of a penalty that is multiplied by it, which tells nothing
            if identity(value) not in found and identity(value) not in self.moving and np.all(np.isfinite(value)):
                found[identity(value)] = next((key for key in self.keys if self.main.is_slope(value, key)), None)
        return {value: key for value, key in found.items() if key}

    def _story(self):
        """Return pairs (expression of the gradient, forward value whose slope it is), each verified at two points."""
        pairs, visits, named = {}, {}, set()
        for site, _, value in self.in_gradient():
            visits.setdefault(site, []).append(identity(value))
        for site, values in visits.items():
            key = self.slopes.get(values[0])
            if key and not self._is_x(key) and values[0] not in named and all(value in self.slopes for value in values):
                named.add(values[0])
                if all(point.is_slope(point.backward.get((site.number, 0)), key) for point in self.points[1:2]):
                    pairs.setdefault(site.name or site.text, self.name(self.bench.sites[key[0]]))
        return tuple([*pairs.items()][-MOST_PAIRS:])

    def _is_x(self, key):
        """Tell whether a forward value is x, or an array of a dict: where it is read, for it may be read elsewhere, too."""
        node = self.bench.sites[key[0]].node
        by_name = isinstance(getattr(getattr(node, "slice", None), "value", None), str)
        return by_name or np.array_equal(self.main.forward[key], self.main.x)

    # -- first wrong

    def _follow(self):
        """Follow each value to what is made from it: what leads to a slope is right, so the first that does not is wrong."""
        made_from, order = self._graph()
        results = [*map(identity, getattr(self.bench.gradient, "parts", lambda given: [given])(self.main.given))]
        self.used = _ancestors(results, made_from)
        self.kept = _ancestors([kid for value in self.slopes for kid in made_from.get(value, ())], made_from)
        right = self.slopes.keys() | self.kept
        wrong = (site for value, (site, kids) in order.items() if value in self.used - right and self.slopes.keys() & kids)
        alone = results[0] if len(results) == 1 and results[0] in self.slopes else None
        self.first_wrong = order[alone][0] if alone in order else next(wrong, None)
        self.certain = self.first_wrong and all(map(self._is_known, self.sites))

    def _is_known(self, site):
        """Tell whether a site is right if the first wrong expression reads it: a slope, a value of f, or a constant."""
        value, read = self.value(site), map(self.value, operands(site))
        if not site.is_inside(self.first_wrong) or not is_float(value) or any(map(is_float, read)):
            return True
        right = self.is_constant("backward", (site.number, 0), value)
        return right or identity(value) in self.slopes.keys() | self.moving

    def _graph(self):
        """Return from which values each value was made, and the site and the operands where each turned up first."""
        made_from, order, latest = {}, {}, {}
        for (number, _), value in self.main.backward.items():
            if not callable(value):
                site = self.bench.sites[number]
                kids = [latest[kid.number] for kid in operands(site) if kid.number in latest]
                known = latest[number] = identity(value)
                made_from.setdefault(known, set()).update(kids)
                if number in self.numbers and known[1] in "df":
                    order.setdefault(known, (site, kids))
        return made_from, order


def _ancestors(values, made_from):
    found, todo = set(values), list(values)
    while todo:
        new = made_from.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
