"""Match the values of the gradient with measured slopes: what equals ∂L/∂V of some value V of f is right so far."""

import numpy as np

PASSIVE = {"Constant", "Callee"}
ALIASES = {"Name", "Constant", "Callee", "After", "Attribute"}


class Matches:
    """What the values that the gradient computes are.

    exact, scaled : {(number, visit): (key of V, factor)}, where the value is ∂L/∂V, or a constant times that
    forward : the values, as bytes, that f computes as well
    right : the numbers of the sites whose values are slopes
    first_wrong : the first site that is made from a slope, is none, and leads to none; or None
    """

    def __init__(self, bench, points):
        self.bench, self.points, self.main = bench, points, points[0]
        in_f = {number for number, _ in self.main.forward}
        self.sites = [bench.sites[k] for k in dict.fromkeys(k for k, _ in self.main.backward) if k not in in_f]
        self.numbers = {site.number for site in self.sites}
        self.when = {}
        for time, (number, _) in enumerate(self.main.backward):
            self.when.setdefault(number, time)
        self.forward = {identity(value) for value in self.main.forward.values() if np.size(value) > 1 or is_float(value)}
        self.keys = self._forward_keys()
        self.exact, self.scaled = {}, {}
        self._match()
        self.right = {k for k, visit in self.exact if visit == 0}
        self.first_wrong = self._follow()

    # -- the forward values

    def _forward_keys(self):
        """Return the values of f that depend on x, and have the shape of a value in the gradient."""
        shapes = {np.shape(value) for (k, _), value in self.main.backward.items() if k in self.numbers and is_float(value)}
        keys = []
        for key, value in self.main.forward.items():
            if not is_float(value) or np.shape(value) not in shapes or self.bench.sites[key[0]].kind in ALIASES:
                continue
            if all(np.array_equal(point.forward.get(key), value) for point in self.points[1:]):
                continue
            if keys and identity(self.main.forward[keys[-1]]) == identity(
                value
            ):  # what a function returned is named by the call
                keys.pop()
            keys.append(key)
        return keys[-150:]

    def name(self, key):
        """Return what the learner calls a forward value."""
        site = self.bench.sites[key[0]]
        return site.name or site.text

    # -- the matches

    def _match(self):
        point, rng, tests = self.main, np.random.default_rng(5), {}
        for key in self.keys:
            shape = (2, *np.shape(point.forward[key]))
            steps = point.steps_of(key) * rng.choice((-1, 1), shape) * rng.uniform(0.5, 1, shape)
            changes = [point.slope_along(key, step) for step in steps]
            tests.setdefault(np.shape(point.forward[key]), []).append((key, steps.reshape(2, -1), np.array(changes)))
        own = point.directions.reshape(-1, *point.x.shape)
        seen = {}
        for key, value in point.backward.items():
            if key[0] not in self.numbers or not is_float(value) or self.bench.sites[key[0]].kind in PASSIVE:
                continue
            if identity(value) not in seen:
                seen[identity(value)] = self._best(value, tests.get(np.shape(value), ()), own)
            if seen[identity(value)]:
                found, factor = seen[identity(value)]
                (self.exact if factor == 1 else self.scaled)[key] = found, factor

    def _best(self, value, tests, own):
        """Return (key, factor) of the forward value whose slope this is; (None, factor) for x itself; None if there is none."""
        flat = np.ravel(value).astype(float)
        if not np.any(flat) or not np.all(np.isfinite(flat)):
            return None
        point, found = self.main, []
        if np.shape(value) == point.x.shape:
            tests = [*tests, (None, own.reshape(len(own), -1), point.slopes)]
        for key, steps, changes in tests:
            blur = 1e-6 * (np.abs(steps) @ np.abs(flat)) + 1e-15 * abs(point.value)
            expected = steps @ flat
            if np.all(np.abs(expected - changes) <= blur) and np.any(np.abs(changes) > 100 * blur):
                return key, 1
            factor = changes @ expected / (expected @ expected)
            if flat.size > 1 and np.all(np.abs(factor * expected - changes) <= abs(factor) * blur) and abs(factor) > 1e-9:
                found.append((key, 1 / factor))
        return found[-1] if found else None

    def is_true_elsewhere(self, key, found):
        """Tell whether a match holds at another point, too."""
        for point in self.points[1:2]:
            value = point.backward.get(key)
            if found not in point.forward or np.shape(value) != np.shape(point.forward[found]):
                return False
            step = point.steps_of(found) * np.random.default_rng(3).uniform(0.5, 1, np.shape(value))
            change = point.slope_along(found, step)
            if abs(change - np.sum(step * value)) > 1e-5 * np.sum(np.abs(step * value)) + 1e-14 * abs(point.value):
                return False
        return True

    def story(self, most=6):
        """Return pairs (expression of the gradient, forward value whose slope it is), each verified at two points."""
        pairs = {}
        for (number, visit), (found, _) in self.exact.items():
            site = self.bench.sites[number]
            text = site.name or site.text
            if found is None or visit or text in pairs or site.kind == "Name":
                continue
            if self.is_true_elsewhere((number, 0), found):
                pairs[text] = self.name(found)
        return tuple(list(pairs.items())[-most:])

    # -- the first that is no slope

    def _follow(self):
        """Follow each value to what is made from it: what leads to a slope is good. Return the first that does not."""
        point, made_from, current, named, order = self.main, {}, {}, {}, {}
        for (number, _), value in point.backward.items():
            site = self.bench.sites[number]
            if callable(value):
                continue
            kids = [current[kid.number] for kid in operands(site) if kid.number in current]
            if site.kind == "After":
                kids = [
                    current[other.number]
                    for other in self.sites
                    if other.statement is site.statement and other.number in current
                ]
                kids += [named[site.scope, site.name]] if (site.scope, site.name) in named else []
            current[number] = identity(value)
            if site.name:
                named[site.scope, site.name] = identity(value)
            made_from.setdefault(identity(value), set()).update(kids)
            if number in self.numbers and is_float(value):
                order.setdefault(identity(value), (site, kids))
        result = {identity(point.given)}
        self.result = order.get(identity(point.given), (None,))[0]
        exact = {identity(point.backward[key]) for key in self.exact} - result
        scaled = {identity(point.backward[key]) for key in self.scaled}
        self.good = _ancestors(exact, made_from)
        used = _ancestors(result, made_from)
        for value, (site, kids) in order.items():
            if value in used and value not in self.good and exact.union(scaled).intersection(kids):
                return site
        return None


def _ancestors(values, made_from):
    found, todo = set(values), list(values)
    while todo:
        new = made_from.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def is_float(value):
    return isinstance(value, float | np.floating) or isinstance(value, np.ndarray) and value.dtype.kind == "f"


def is_integer(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def identity(value):
    value = np.asarray(value)
    return value.shape, value.dtype.char, value.tobytes()


def operands(site):
    return [kid for child in site.kids for kid in (child.kids if child.kind == "Callee" else [child])]
