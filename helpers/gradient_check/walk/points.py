"""Compare f and its gradient at several points, and measure the slopes of the forward values, which f computes on its way.

A probe can add a small step to any value V inside f. The change of the loss is then ∂L/∂V along that step, by the same
central difference that measures ∂L/∂x.
"""

import numpy as np

from helpers.gradient_check.walk.runs import NotAllowed
from helpers.gradient_check.walk.state import CannotRestore, Snapshot
from helpers.gradient_check.walk.values import is_float

STEP = 6e-6
DIRECTIONS, POINTS = 8, 4


class Point:
    """One x: f and its gradient there, the values that both compute on the way, and slopes along some directions.

    value, given : f and its gradient
    directions, slopes : steps of x, and the slopes of f along them
    forward, backward : what the probes noted in f and in the gradient, by (number of the site, visit); not what f computes
        for the gradient only
    error, noise : the largest relative difference of gradient and slope, and of two measurements of one slope
    usable, wrong : whether the slopes can judge a gradient, and whether the learner's is wrong here
    """

    def __init__(self, bench, x, rng):
        self.bench, self.x, self.rng = bench, x.copy(), np.random.default_rng((5, 1847))
        bench.state.restore()
        bench.x[...] = x
        bench.plain(bench.f)  # a gradient may need what f keeps for it
        self.state = Snapshot(bench.x, bench.f, bench.gradient)
        self.forward, self.backward, self.measured, self.changes = {}, {}, {}, {}
        self.value, self.given = self.run_f(notes=self.forward), self.run_gradient(notes=self.backward)
        for function, result in ((bench.f, self.value), (bench.gradient, self.given)):
            self.state.restore()
            if not np.array_equal(bench.plain(function), result, equal_nan=True):
                raise CannotRestore("with probes a function gives another result")
        if bench.idle is None:
            bench.idle = self._idle()
        self.forward = {key: value for key, value in self.forward.items() if key[0] not in bench.idle}
        self.directions = np.eye(x.size) if x.size <= DIRECTIONS else rng.standard_normal((DIRECTIONS, x.size))
        self.directions *= STEP * np.maximum(1, np.abs(x.ravel()))
        once, twice = (np.array([self.change(size * step) / size for step in self.directions]) for size in (1, 2))
        self.slopes, self.scale = once, max(float(np.max(np.abs([once, twice]))), 1e-300)
        self.noise = float(np.max(np.abs(once - twice))) / self.scale
        self.error = self.error_of(self.given)
        self.wrong = self.error > 1e-7
        self.tolerance = max(3 * self.noise, min(3e-7, self.error / 50) if self.wrong else 3e-7)
        sharp = self.scale > 1e-200 and 3 * self.noise < max(self.error / 15, 1e-7)  # enough to judge a repair
        self.usable = sharp and bool(np.isfinite([self.value, self.noise]).all())

    def run_f(self, edits=None, notes=None, step=None, code=None):
        self.state.restore()
        self.bench.point = self
        if step is not None:
            self.bench.x[...] = self.x + step.reshape(self.x.shape)
        return float(self.bench.run(self.bench.f, edits, notes, code))

    def run_gradient(self, edits=None, notes=None, code=None, afresh=True):
        if afresh:
            self.state.restore()
        self.bench.point = self
        return np.array(self.bench.run(self.bench.gradient, edits, notes, code), float)

    def attempt(self, run, *arguments, **keywords):
        """Return what a run of edited code gives; None if it fails."""
        try:
            return run(*arguments, **keywords)
        except (Exception, NotAllowed):
            return None

    def change(self, step, edits=None, code=None):
        """Return half of what f gains from x - step to x + step."""
        return (self.run_f(edits, step=step, code=code) - self.run_f(edits, step=-step, code=code)) / 2

    def error_of(self, given):
        """Return how far a gradient is from the slopes, relative to the largest slope."""
        if np.shape(given) != self.x.shape or not np.all(np.isfinite(given)):
            return np.inf
        return float(np.max(np.abs(self.directions @ given.ravel() - self.slopes))) / self.scale

    def agrees(self, given):
        return self.error_of(given) <= self.tolerance

    # -- code that f and its gradient share

    def _idle(self):
        """Return the numbers of the sites that the gradient passes and f passes, too, though they do not matter to f.

        Many write one function that returns both the loss and the gradient. Which expressions are whose is found out by an
        experiment: if f stays the same whatever the value of an expression is, it is none of f's."""
        shared, statements, idle = {number for number, _ in self.backward}, {}, set()
        for (number, visit), value in self.forward.items():
            site = self.bench.sites[number]
            if number in shared and visit == 0 and site.statement is not None:
                statements.setdefault(site.statement, {})[site] = value
        for sites in statements.values():
            largest = [site for site in sites if site.parent not in sites]
            tried = {site: self._is_idle(site) for site in largest if site.kind == "Constant" or _is_a_number(sites[site])}
            if tried and all(tried.values()):
                tried = dict.fromkeys(largest, True)  # indices are of the same statement
            idle |= {site.number for site in sites if any(map(tried.get, site.around()))}
        return idle

    def _is_idle(self, site):
        def change(value, visit):
            return 1.37 * value + 0.5 if is_float(value) or site.kind == "Constant" else ~value

        return self.attempt(self.run_f, {site.number: change}) == self.value

    # -- slopes of a forward value V, given by its key (number of the site, visit)

    def is_slope(self, value, key):
        """Tell whether a value is ∂L/∂V: whether it predicts what f gains along two random steps of V."""
        if key not in self.forward or np.shape(value) != np.shape(self.forward[key]):
            return False
        if key not in self.changes:
            sizes, shape = self._steps(key), (2, *np.shape(self.forward[key]))
            steps = sizes * self.rng.choice((-1, 1), shape) * self.rng.uniform(0.5, 1, shape)
            self.changes[key] = steps.reshape(2, -1), np.array([self._change_along(key, step) for step in steps])
        steps, changes = self.changes[key]
        blur = 1e-6 * (np.abs(steps) @ np.abs(np.ravel(value))) + 1e-15 * abs(self.value)
        return np.all(np.abs(steps @ np.ravel(value) - changes) <= blur) and np.any(np.abs(changes) > 100 * blur)

    def slopes_of(self, key):
        """Return ∂L/∂V, entry by entry."""
        if key not in self.measured:
            steps = self._steps(key)
            units = (np.reshape(unit, steps.shape) for unit in np.eye(steps.size))
            slopes = [self._change_along(key, steps * unit) / np.sum(steps * unit) for unit in units]
            self.measured[key] = np.reshape(slopes, steps.shape)
        return self.measured[key]

    def _change_along(self, key, step):
        """Return half of the change of f when V moves from V - step to V + step."""
        number, visit = key
        ends = [{number: lambda value, n, by=by: value + by if n == visit else value} for by in (step, -step)]
        return (self.run_f(ends[0]) - self.run_f(ends[1])) / 2

    def _steps(self, key):
        """Return a small step for every entry of V, in proportion to it, so that it does not cross 0."""
        size = np.abs(np.asarray(self.forward[key], float))
        return STEP * np.maximum(size, 1e-3 * max(float(np.max(size)), 1e-3))


def _is_a_number(value):
    return is_float(value) or getattr(value, "dtype", None) == np.dtype(bool)


def points_around(bench, x):
    """Return up to four points, x first if it can be judged: its neighbourhood, and random points of order one."""
    rng = np.random.default_rng((7, 1847))
    size = float(np.sqrt(np.mean(x**2))) or 1.0
    first = Point(bench, x, rng)
    points = [first] if first.usable else []
    for move in (0.3 * size, size, 0.7, 0.1 * size, 0.02 * size):
        if len(points) < POINTS:
            point = first.attempt(Point, bench, x + move * rng.standard_normal(x.shape), rng)  # f may not be defined there
            if point and point.usable and (np.isfinite(point.error) or not np.isfinite(first.error)):
                points.append(point)
    return sorted(points, key=lambda point: not point.wrong)
