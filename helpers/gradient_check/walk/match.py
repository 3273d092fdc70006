"""Match the values of the gradient with measured slopes: what equals ∂L/∂V of some value V of f is right so far."""

import ast

import numpy as np

EXACT = 1.0


class Matches:
    """What the values that the gradient computes are. A value is known by its bytes, wherever it turns up again.

    sites : the sites that the gradient passes and f does not; `when` says in which order
    slopes : {value: (key of V, factor)}, where a value is ∂L/∂V times a factor; the key of x itself is None
    kept : the values that lead to a slope, so that they cannot be wrong
    first_wrong : the first site that is made from a slope, is none, and leads to none; or None
    result : the site that computes what the gradient returns, or None
    """

    def __init__(self, bench, points):
        self.bench, self.points, self.main = bench, points, points[0]
        in_f = {number for number, _ in self.main.forward}
        self.when = {}
        for time, (number, _) in enumerate(self.main.backward):
            self.when.setdefault(number, time)
        self.sites = [bench.sites[number] for number in self.when if number not in in_f]
        self.numbers = {site.number for site in self.sites}
        mine = {site.source for site in self.sites}  # the code that only f needs runs faster without probes
        bench.only_in_f = {source.code for source in bench.sources if source not in mine}
        self.moving = {identity(value) for key, value in self.main.forward.items() if self._depends_on_x(key, value)}
        self.keys, self.slopes, self.first_wrong, self.result, self.kept = self._forward_keys(), {}, None, None, set()
        self._match()
        self.wrong_later = []  # sites that are slopes at some visits only
        self.story = self._story()
        self._follow()

    # -- the forward values

    def _forward_keys(self):
        """Return the values of f that depend on x and have the shape of a value in the gradient.

        A name counts where it is used several times, because then each use has a slope of its own.
        """
        shapes = {
            np.shape(value)
            for (number, _), value in self.main.backward.items()
            if number in self.numbers and is_float(value)
        }
        uses, keys = {}, []
        for number, _ in self.main.forward:
            site = self.bench.sites[number]
            uses[site.scope, site.text] = uses.get((site.scope, site.text), 0) + (site.kind == "Name")
        for key, value in self.main.forward.items():
            site = self.bench.sites[key[0]]
            if site.kind in ("Constant", "After", "Attribute") or (site.kind == "Name" and uses[site.scope, site.text] == 1):
                continue
            if not is_float(value) or np.shape(value) not in shapes or not self._depends_on_x(key, value):
                continue
            if keys and identity(self.main.forward[keys[-1]]) == identity(
                value
            ):  # what a function returned is named by its call
                keys.pop()
            keys.append(key)
        return keys[-150:]

    def _depends_on_x(self, key, value):
        return not all(np.array_equal(point.forward.get(key), value) for point in self.points[1:])

    def name(self, key):
        """Return what the learner calls a forward value."""
        site = self.bench.sites[key[0]]
        return f"{site.text} in {site.parent.text}" if site.kind == "Name" and site.parent else site.name or site.text

    # -- the matches

    def _match(self):
        point, rng, seen = self.main, np.random.default_rng(5), set(self.moving)  # a value of f is a slope by chance only
        tests = {point.x.shape: [(None, point.directions, point.slopes)]}
        for key in self.keys:
            shape = (2, *np.shape(point.forward[key]))
            steps = point.steps_of(key) * rng.choice((-1, 1), shape) * rng.uniform(0.5, 1, shape)
            changes = np.array([point.slope_along(key, step) for step in steps])
            tests.setdefault(shape[1:], []).append((key, steps.reshape(2, -1), changes))
        for (number, _), value in point.backward.items():
            plain = self.bench.sites[number].kind == "Constant"
            if number in self.numbers and is_float(value) and not plain and identity(value) not in seen:
                seen.add(identity(value))
                found = self._best(np.ravel(value), tests.get(np.shape(value), ()))
                if found:
                    self.slopes[identity(value)] = found

    def _best(self, value, tests):
        found = None
        for key, steps, changes in tests if np.any(value) and np.all(np.isfinite(value)) else ():
            blur = 1e-6 * (np.abs(steps) @ np.abs(value)) + 1e-15 * abs(self.main.value)
            expected = steps @ value
            if np.all(np.abs(expected - changes) <= blur) and np.any(np.abs(changes) > 100 * blur):
                return key, EXACT
            factor = expected @ changes / max(changes @ changes, 1e-300)
            if value.size > 1 and np.all(np.abs(expected - factor * changes) <= blur) and abs(factor) > 1e-9:
                found = key, factor
        return found

    def is_exact(self, value):
        return self.slopes.get(value, (None, 0))[1] == EXACT

    def is_complete(self, value):
        """Tell whether a value is the whole slope of something, and not only the part by one of its uses."""
        key, factor = self.slopes.get(value, (None, 0))
        return factor == EXACT and key is not None and self.bench.sites[key[0]].kind != "Name"

    def _story(self, most=6):
        """Return pairs (expression of the gradient, forward value whose slope it is), each verified at two points."""
        pairs, visits = {}, {}
        for (number, _), value in self.main.backward.items():
            if number in self.numbers and self.bench.sites[number].kind != "Name":
                visits.setdefault(number, []).append(identity(value))
        for number, values in visits.items():
            site, key = self.bench.sites[number], self.slopes.get(values[0], (None, 0))[0]
            exact = [self.is_exact(value) for value in values]
            if any(exact) and not all(exact) and site.kind != "After":
                self.wrong_later.append(site)
            if key and all(exact) and self._is_true_elsewhere((number, 0), key):
                pairs.setdefault(site.name or site.text, self.name(key))
        return tuple(list(pairs.items())[-most:])

    def _is_true_elsewhere(self, key, of):
        for point in self.points[1:2]:
            value = point.backward.get(key)
            if of not in point.forward or np.shape(value) != np.shape(point.forward[of]):
                return False
            step = point.steps_of(of) * np.random.default_rng(3).uniform(0.5, 1, np.shape(value))
            blur = 1e-5 * np.sum(np.abs(step * value)) + 1e-14 * abs(point.value)
            if not abs(point.slope_along(of, step) - np.sum(step * value)) <= blur:
                return False
        return True

    # -- the first that is no slope

    def _follow(self):
        """Follow each value to what is made from it: what leads to a slope is right, so the first that does not is wrong."""
        made_from, order = self._graph()
        result = identity(self.main.given)
        self.result = order.get(result, (None,))[0]
        exact = {value for value in self.slopes if self.is_exact(value)}
        self.used = _ancestors([result], made_from)
        self.kept = _ancestors([kid for value in exact for kid in made_from.get(value, ())], made_from)
        factor = self.slopes.get(result, (None, None))[1]
        for value, (site, kids) in order.items():
            known, slopes = self.slopes.get(value), [kid for kid in kids if kid in self.slopes]
            if value not in self.used or value in self.kept or (value in exact and site not in self.wrong_later):
                continue
            if factor and known and abs(known[1] / factor - 1) < 1e-5:  # from here on all is so many times too large
                self.first_wrong = site
                return
            if site in self.wrong_later:
                self.first_wrong = site
                return
            if not factor and not known and slopes:
                scaled = [kid for kid in slopes if kid not in exact and kid in order]
                self.first_wrong = _whole_sum(order[scaled[0]][0] if scaled and exact.intersection(kids) else site)
                return
        if result in exact:
            self.first_wrong = self.result

    def _graph(self):
        """Return from which values each value was made, and the site and the operands where each turned up first."""
        made_from, order, current, named, beside, read = {}, {}, {}, {}, {}, set()
        for site in self.sites:
            beside.setdefault(site.statement, []).append(site.number)
        for (number, _), value in self.main.backward.items():
            site = self.bench.sites[number]
            if callable(value):
                continue
            kids = [current[kid.number] for kid in operands(site) if kid.number in current]
            if site.kind == "After":
                before = [named[site.scope, site.name]] if (site.scope, site.name) in named else []
                kids = before + [current[other] for other in beside.get(site.statement, ()) if other in current]
            value = current[number] = identity(value)
            if site.kind != "After":  # sums that are not complete are not read
                read.add(value)
            if site.name:
                named[site.scope, site.name] = value
            made_from.setdefault(value, set()).update(kids)
            if number in self.numbers:
                order.setdefault(value, (site, kids))
        return made_from, {value: place for value, place in order.items() if value[1] in "df" and value in read}


def _ancestors(values, made_from):
    found, todo = set(values), list(values)
    while todo:
        new = made_from.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _whole_sum(site):
    """Return the whole sum that a site is a term of."""
    while site.parent and all(isinstance(getattr(one.node, "op", None), ast.Add | ast.Sub) for one in (site, site.parent)):
        site = site.parent
    return site


def operands(site):
    """Return the sites of the operands of an expression; those of W.sum() include W."""
    return [kid for child in site.kids for kid in (child.kids if child.kind == "Callee" else [child])]


def is_float(value):
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def is_integer(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def identity(value):
    value = np.asarray(value)
    return value.shape, value.dtype.char, value.tobytes()
