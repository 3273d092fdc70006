"""Slopes of f along lines through a point, how far each can be trusted, and how far a gradient is from them.

A line is one entry of x, or a random direction where x has too many entries to look at each. On every line f is evaluated
one step to either side, which gives its slope. Where the gradient does not agree with that at once, f is evaluated two
steps to either side as well: this shows rounding noise, truncation, and kinks.
"""

import functools
import math

import numpy as np

from helpers.perturbation import default_step

__all__ = ["TRUST", "Comparison", "Line", "magnitude"]

TRUST = 8  # standard deviations of rounding noise that a slope may be off
BEND = math.sqrt(70)  # of rounding noise: its standard deviation in a fourth difference
KINK = 3 * BEND  # times the noise: a fourth difference above it is no noise
AGAIN = 6  # lines with a kink are looked at again
SHORTER, SHORTER_SINGLE = [1000], [8, 64, 512]  # by which a step with a kink in it is divided: float64, float32


class Line:
    """f at the steps `moves` along one line through a point, in order: three of them, or five with those two steps away.

    where : the index of an entry, or a direction of the shape of x
    slope : the central difference over the inner steps
    truncation : how far the one over the outer steps is from it; if f is smooth, three times what the slope is off by
    sides : the slopes of the pieces
    bend : the fourth difference: rounding noise times √70 where f is smooth, far more where it has a kink
    """

    def __init__(self, where, moves, values):
        self.where, self.moves, self.values = where, moves, values
        self.is_entry, self.complete = isinstance(where, tuple), len(moves) == 5
        middle = len(moves) // 2
        before, after = middle - 1, middle + 1
        self.step = (moves[after] - moves[before]) / 2
        self.finite, self.flat = bool(np.isfinite(values).all()), bool((values == values[middle]).all())
        self.truncation = self.bend = 0.0
        with np.errstate(all="ignore"):
            self.slope = float((values[after] - values[before]) / (moves[after] - moves[before]))
            self.sides = (values[1:] - values[:-1]) / (moves[1:] - moves[:-1])
            if self.complete:
                self.truncation = abs((values[4] - values[0]) / (moves[4] - moves[0]) - self.slope)
                self.bend = abs((values - values[2] - self.slope * moves) @ [1, -4, 6, -4, 1])

    def of(self, array):
        """Return what the slope along this line would be if `array` were the gradient."""
        return float(array[self.where]) if self.is_entry else float(np.vdot(array, self.where))


class Comparison:
    """The gradient at one point beside the slopes of f along lines through it.

    f : a Function; point, value : where, and f there
    gradient : array of floats, or None if there is none of the shape of x
    eps : the coarser of the precisions of x and f; h : the step that the caller chose, or None
    at_once : whether the gradient agreed with all lines without a second look
    kinks : pairs of a line, and the same with a shorter step; first : the lines before any was looked at again
    """

    def __init__(self, f, point, value, gradient, eps, h=None):  # noqa: PLR0913, PLR0917
        self.f, self.point, self.value, self.gradient, self.h = f, point, value, gradient, h
        self.eps, self.double = eps, eps < 1e-10
        self.tolerance = 10 * math.sqrt(eps)  # 1.5e-7 in float64: a + 1e-7 in a logarithm shows
        self.lines, self.kinks, self.first = [], [], []

    # -- measured ------------------------------------------------------------------------------------

    def measure(self, places):
        """Measure the slopes along lines, and more of each line unless the gradient agrees with all of them at once."""
        self._set([self.line(where, (-1, 1)) for where in places])
        self.at_once = self.finite and self.gradient is not None and not self.wrong
        if not self.at_once or self.all_flat:
            self.first = [self._completed(line) for line in self.lines]
            self._set(list(self.first))
            if self.gradient is not None and self.finite:
                self._look_again_at_kinks()
        return self

    def add(self, where):
        """Look along one more entry."""
        if where not in [line.where for line in self.lines if line.is_entry]:
            self._set([*self.lines, self.line(where, (-2, -1, 1, 2))])

    def _set(self, lines):
        self.lines = lines
        for name in ("rounding", "noise", "wrong"):
            self.__dict__.pop(name, None)

    def line(self, where, multiples, shorter=1):
        """Return f at multiples of the step along a line, and at the point itself."""
        along, size = where, 1.0
        if isinstance(where, tuple):
            along, size = np.zeros(self.point.shape), self.point[where]
            along[where] = 1
        h = self.h or float(default_step(np.asarray(size, np.float64 if self.double else np.float32)))
        points = (self.point + np.multiply.outer(np.array(multiples) * (h / shorter), along)).astype(self.point.dtype)
        moves = list((points.astype(float) - self.point).reshape(len(points), -1) @ along.ravel())
        values, middle = [self.f(point) for point in points], len(points) // 2
        return Line(where, *(np.array([*a[:middle], m, *a[middle:]]) for a, m in ((moves, 0.0), (values, self.value))))

    def _completed(self, line):
        outer = self.line(line.where, (-2, 2))
        pairs = ((line.moves, outer.moves), (line.values, outer.values))
        return Line(line.where, *(np.array([far[0], *near, far[2]]) for near, far in pairs))

    def _look_again_at_kinks(self):
        """Where f bends inside the step and the gradient does not follow, look again with a shorter one."""
        largest, bar = magnitude(self.slopes), self.tolerance * magnitude(self.slopes)
        off = {k: abs(line.of(self.gradient) - line.slope) for k, line in enumerate(self.lines)}
        for k in sorted(off, key=lambda k: -off[k]):
            near = line = self.lines[k]
            noise = TRUST * self.rounding / line.step
            if line.bend <= KINK * self.rounding or off[k] <= 4 * noise + bar or len(self.kinks) == AGAIN:
                continue
            for shorter in SHORTER if self.double else SHORTER_SINGLE:
                if noise * shorter <= 0.5 * largest and self.kink(near):
                    near = self.line(line.where, (-2, -1, 1, 2), shorter)
            if near is not line:
                self.kinks.append((line, near))
        for line, near in self.kinks:
            self._set([near if other is line else other for other in self.lines])

    def a_wrong_entry(self):
        """Halve a direction that disagrees, keep the half that disagrees more, until one entry is left; return its number.

        What the other half is off by is what is left of the whole, so a halving costs two evaluations."""
        line, entries = self.wrong[0], np.arange(self.point.size)
        off = line.slope - line.of(self.gradient)
        while len(entries) > 1:
            first, v = entries[: len(entries) // 2], np.zeros(self.point.shape)
            v.flat[first] = line.where.flat[first]
            half = self.line(v / np.linalg.norm(v), (-1, 1))
            there = (half.slope - half.of(self.gradient)) * np.linalg.norm(v)
            entries, off = (first, there) if abs(there) >= abs(off - there) else (entries[len(first) :], off - there)
        return entries[0]

    # -- how far a slope can be trusted ---------------------------------------------------------

    @property
    def finite(self):
        return all(line.finite for line in self.lines)

    @property
    def all_flat(self):
        return all(line.flat for line in self.lines)

    @property
    def entries(self):
        return [line for line in self.lines if line.is_entry]

    @property
    def slopes(self):
        return np.array([line.slope for line in self.lines])

    def claims(self, array=None):
        """Return the slopes along the lines if `array` (by default the gradient) were the gradient."""
        array = self.gradient if array is None else array
        return np.array([0.0 if array is None else line.of(array) for line in self.lines])

    @functools.cached_property
    def rounding(self):
        """Half an ulp of f, and what half an ulp of x moves it by."""
        steepest = max(magnitude(line.sides) for line in self.first or self.lines)
        return 0.5 * self.eps * (max(magnitude(line.values) for line in self.lines) + steepest * magnitude(self.point))

    @functools.cached_property
    def noise(self):
        """The standard deviation of f's rounding: from the fourth differences (Moré and Wild 2011, "Estimating computational
        noise", SIAM J. Sci. Comput. 33), which a kink spoils on some lines only: a quarter of normal deviates are below
        0.319 of the standard one. It is not below half an ulp."""
        if len(self.first) < 5:
            return 4 * self.rounding
        return max(self.rounding, float(np.quantile([line.bend for line in self.first], 0.25)) / 0.319 / BEND)

    def kink(self, line):
        return bool(line.bend > KINK * min(self.noise, 4 * self.rounding))

    def bar(self, line, array):
        """Return how far the slope of `line` and what `array` says of it may differ."""
        usual = max(abs(line.of(array)), abs(line.slope))
        if not line.is_entry:
            usual = max(usual, float(np.linalg.norm(array)) / math.sqrt(array.size))
        noise = self.rounding  # if kinks have made the other lines look noisy, the line's own fourth difference tells
        if line.complete:
            noise = min(self.noise, max(4 * self.rounding, 3 * line.bend / BEND))
        return TRUST * noise / line.step + line.truncation + self.tolerance * usual

    # -- whether a gradient agrees -----------------------------------------------------------------

    def off(self, line, array=None):
        """Return how far `array` (by default the gradient) is from what was measured along `line`."""
        claim, low, high = line.of(self.gradient if array is None else array), line.slope, line.slope
        if line.complete and self.kink(line):  # any slope between those of the pieces may be the one at the point, or beyond
            beyond = np.ptp(line.sides) * (1 if self.double else 2)
            low, high = min(line.sides) - beyond, max(line.sides) + beyond
        elif line.complete and not self.double:  # the step of float32 has room for kinks that cancel in the bend
            low, high = min(line.sides), max(line.sides)
        return float(max(low - claim, claim - high, 0.0))

    def fits(self, array):
        """Return whether `array` is the gradient, as far as was measured."""
        known = [line for line in self.lines if not self.kink(line)]
        coarse = 0.3 * magnitude(self.slopes)  # too coarse to tell one candidate from another
        sharp = all(self.bar(line, np.zeros(array.shape)) <= coarse for line in known)
        return (
            sharp
            and 2 * len(known) >= len(self.lines)
            and all(self.off(line, array) <= self.bar(line, array) for line in known)
        )

    @functools.cached_property
    def wrong(self):
        """The lines on which the gradient disagrees, worst first."""
        lines = [line for line in self.lines if self.gradient is not None and self.off(line) > self.bar(line, self.gradient)]
        if not self.double and all(self.kink(line) for line in lines) and len(lines) <= max(1, len(self.lines) // 10):
            return []  # in float32 a step is long enough for several kinks, and rounding forbids a shorter one
        return sorted(lines, key=lambda line: -self.off(line))

    @property
    def relative_error(self):
        return max(map(self.off, self.lines)) / max(1e-300, magnitude(self.slopes), magnitude(self.claims()))


def magnitude(array):
    """Return the largest absolute value, 0 of nothing."""
    return float(np.max(np.abs(array), initial=0))
