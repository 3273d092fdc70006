"""Compare f and its gradient at several points, and measure the slopes of the forward values, which f computes on its way.

A probe can add a small step to any value V inside f. The change of the loss is then ∂L/∂V along that step, by the same
central difference that measures ∂L/∂x.
"""

import numpy as np

from helpers.gradient_check.walk.runs import NotTheSame
from helpers.gradient_check.walk.state import Snapshot

STEP = 6e-6
DIRECTIONS = 8


class Point:
    """One x: f and its gradient there, the values that both compute on the way, and slopes along some directions.

    value, given : f and its gradient
    directions, slopes : steps of x, and the slopes of f along them
    forward, backward : what the probes noted in f and in the gradient, by (number of the site, visit)
    error, noise : the largest relative difference of gradient and slope, and of two measurements of one slope
    """

    def __init__(self, bench, x, rng):
        self.bench, self.x = bench, x.copy()
        bench.state.restore()
        bench.x[...] = x
        self.value = float(bench.plain(bench.f))  # a gradient may need what f keeps for it
        self.state = Snapshot(bench.x, bench.f, bench.gradient)
        self.directions = np.eye(x.size) if x.size <= DIRECTIONS else rng.standard_normal((DIRECTIONS, x.size))
        self.directions *= STEP * np.maximum(1, np.abs(x.ravel()))
        twice = np.array([[self._change(size * step) / size for size in (1, 2)] for step in self.directions])
        self.slopes, self.scale = twice[:, 0], max(float(np.max(np.abs(twice))), 1e-300)
        self.noise = float(np.max(np.abs(twice[:, 0] - twice[:, 1]))) / self.scale
        self.forward, self.backward, self.measured = {}, {}, {}
        self.run_f(notes=self.forward)
        self.given = self.run_gradient(notes=self.backward)
        self.error = self.error_of(self.given)

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
        untouched = self.bench.only_in_f if afresh else ()
        return np.array(self.bench.run(self.bench.gradient, edits, notes, code, untouched), float)

    def ensure_the_same(self):
        """Raise NotTheSame unless f and its gradient give bit by bit the same with probes as without."""
        for function in (self.bench.f, self.bench.gradient):
            results = []
            for run in (self.bench.plain, self.bench.run):
                self.state.restore()
                result = np.asarray(run(function))
                results.append((result.dtype, result.shape, result.tobytes()))
            if results[0] != results[1]:
                raise NotTheSame

    def _change(self, step):
        """Return half of what f gains from x - step to x + step, by the learner's own function."""
        values = []
        for sign in (1, -1):
            self.state.restore()
            self.bench.x[...] = self.x + sign * step.reshape(self.x.shape)
            values.append(float(self.bench.plain(self.bench.f)))
        return (values[0] - values[1]) / 2

    def error_of(self, given):
        """Return how far a gradient is from the slopes, relative to the largest slope."""
        if np.shape(given) != self.x.shape or not np.all(np.isfinite(given)):
            return np.inf
        return float(np.max(np.abs(self.directions @ given.ravel() - self.slopes))) / self.scale

    @property
    def usable(self):
        """Whether the slopes are finite, not all 0, and sharp enough to judge a repair."""
        return self.scale > 1e-200 and np.isfinite(self.noise) and 3 * self.noise < max(self.error / 15, 1e-7)

    @property
    def wrong(self):
        return self.error > 1e-7

    @property
    def tolerance(self):
        return max(3 * self.noise, min(3e-7, self.error / 50) if self.wrong else 3e-7)

    def agrees(self, given):
        return self.error_of(given) <= self.tolerance

    # -- slopes of a forward value, given by its key (number of the site, visit), or of x, whose key is None

    def slope_along(self, key, step):
        """Return half of the change of f when a forward value V moves from V - step to V + step."""
        if key is None:
            return self._change(step)
        number, visit = key
        moved = [{number: lambda value, n, sign=sign: value + sign * step if n == visit else value} for sign in (1, -1)]
        return (self.run_f(moved[0]) - self.run_f(moved[1])) / 2

    def steps_of(self, key):
        """Return a small step for every entry of a forward value, in proportion to it, so that it does not cross 0."""
        if key is None:
            return STEP * np.maximum(1, np.abs(self.x))
        size = np.abs(np.asarray(self.forward[key], float))
        return STEP * np.maximum(size, 1e-3 * max(float(np.max(size)), 1e-3))

    def slopes_of(self, key):
        """Return ∂L/∂V of a forward value, entry by entry."""
        if key not in self.measured:
            steps = self.steps_of(key)
            slopes = self.measured[key] = np.zeros(steps.shape)
            for i in np.ndindex(steps.shape):
                step = np.zeros(steps.shape)
                step[i] = steps[i]
                slopes[i] = self.slope_along(key, step) / steps[i]
        return self.measured[key]


def points_around(bench, x):
    """Return up to four points: x, its neighbourhood, and random points of order one, without those that cannot be judged."""
    rng = np.random.default_rng(7)
    size = float(np.sqrt(np.mean(x**2))) or 1.0
    first = Point(bench, x, rng)
    first.ensure_the_same()
    points = [first] if first.usable else []
    for move in (0.3 * size, size, 0.7, 0.1 * size, 0.02 * size):
        if len(points) == 4:
            break
        try:
            point = Point(bench, x + move * rng.standard_normal(x.shape), rng)
        except Exception:  # f may not be defined there
            continue
        if point.usable and np.isfinite(point.value) and (np.isfinite(point.error) or not np.isfinite(first.error)):
            points.append(point)
    return sorted(points, key=lambda point: not point.wrong)
