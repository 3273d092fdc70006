"""Measured slopes of f beside the gradient, along single entries of x or along random directions.

Each slope is a central difference, as on page 03. Where the gradient does not agree with it at once, f is evaluated two
steps away as well. The four values together show how noisy f is, and whether it has a kink within the step.
"""

import math

import numpy as np

from helpers.perturbation import default_step

TRUST = 8  # standard deviations of rounding noise that a slope may be off
BEND = math.sqrt(70)  # of rounding noise: its standard deviation in a fourth difference
KINK = 3 * BEND  # times the noise: a larger fourth difference is no noise
AGAIN = 6  # lines with a kink that are looked at again
SHORTER, SHORTER_SINGLE = [1000], [8, 64, 512]  # by which a step with a kink in it is divided: float64, float32


class Line:
    """f at three or five points along one line through x, in order; the middle one is x.

    where : the index of an entry, or a direction of the shape of x
    slope : the central difference over the inner steps
    truncation : how far the one over the outer steps is from it; if f is smooth, three times what the slope is off by
    sides : the slopes between neighbouring points
    bend : the fourth difference: rounding noise times √70 where f is smooth, far more where it has a kink
    """

    def __init__(self, where, moves, values):
        self.where, self.moves, self.values = where, moves, values
        self.is_entry, self.complete = isinstance(where, tuple), len(moves) == 5
        middle = len(moves) // 2
        self.step = (moves[middle + 1] - moves[middle - 1]) / 2
        self.finite, self.flat = bool(np.isfinite(values).all()), bool((values == values[middle]).all())
        self.truncation = self.bend = 0.0
        with np.errstate(all="ignore"):
            self.sides = (values[1:] - values[:-1]) / (moves[1:] - moves[:-1])
            self.slope = float((values[middle + 1] - values[middle - 1]) / (2 * self.step))
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
    wrong : the lines on which the gradient disagrees, worst first
    kinks : pairs of a line, and the same with a shorter step; first : the lines before any was looked at again
    """

    def __init__(self, f, point, value, gradient, eps, h=None):  # noqa: PLR0913, PLR0917
        self.f, self.point, self.value, self.gradient, self.h = f, point, value, gradient, h
        self.eps, self.double = eps, eps < 1e-10
        self.tolerance = 10 * math.sqrt(eps)  # 1.5e-7 in float64: a + 1e-7 in a logarithm shows
        self.kinks, self.first = [], []

    def measure(self, places):
        """Measure the slopes along lines, and more of each line unless the gradient agrees with all of them at once."""
        self._judge([self.line(where, (-1, 1)) for where in places])
        self.at_once = self.finite and self.gradient is not None and not self.wrong
        if not self.at_once or self.all_flat:
            self.first = [self._completed(line) for line in self.lines]
            self._judge(self.first)
            if self.gradient is not None and self.finite:
                self._look_again_at_kinks()
        return self

    def add(self, where):
        """Look along one more entry."""
        if where not in [line.where for line in self.entries]:
            self._judge([*self.lines, self.line(where)])

    def line(self, where, multiples=(-2, -1, 1, 2), shorter=1):
        """Return f at multiples of the step along a line, and at the point itself."""
        along, size = where, 1.0
        if isinstance(where, tuple):
            along, size = np.zeros(self.point.shape), self.point[where]
            along[where] = 1
        h = self.h or float(default_step(np.asarray(size, np.float64 if self.double else np.float32)))
        points = (self.point + np.multiply.outer(np.array(multiples) * (h / shorter), along)).astype(self.point.dtype)
        moves = (points.astype(float) - self.point).reshape(len(points), -1) @ along.ravel()
        middle, values = len(points) // 2, [self.f(point) for point in points]
        return Line(where, *(np.array([*a[:middle], b, *a[middle:]]) for a, b in ((moves, 0.0), (values, self.value))))

    def _completed(self, line):
        outer = self.line(line.where, (-2, 2))
        pairs = ((line.moves, outer.moves), (line.values, outer.values))
        return Line(line.where, *(np.array([far[0], *near, far[2]]) for near, far in pairs))

    def _judge(self, lines):
        """Go on with these lines: estimate the noise of f, and compare the gradient with them."""
        self.lines, seen = list(lines), self.first or lines
        steepest = magnitude(np.concatenate([line.sides for line in seen]))
        size = magnitude(np.concatenate([line.values for line in lines]))
        self.rounding = self.noise = 0.5 * self.eps * (size + steepest * magnitude(self.point))  # half an ulp of f and of x
        if len(self.first) >= 5:
            # From fourth differences (Moré and Wild 2011, "Estimating computational noise", SIAM J. Sci. Comput. 33). A kink
            # spoils them on some lines only: a quarter of normal deviates are below 0.319 of the standard one.
            self.noise = max(self.noise, float(np.quantile([line.bend for line in self.first], 0.25)) / 0.319 / BEND)
        else:
            self.noise *= 4
        off = [] if self.gradient is None else [(self.off(line), line) for line in lines]
        off = [(far, line) for far, line in off if far > self.bar(line, self.gradient)]
        if not self.double and len(off) <= max(1, len(lines) // 10) and all(self.kink(line) for _, line in off):
            off = []  # in float32 a step is long enough for several kinks, and rounding forbids a shorter one
        self.wrong = [line for _, line in sorted(off, key=lambda pair: -pair[0])]

    def _look_again_at_kinks(self):
        """Where f bends inside the step and the gradient does not follow, look again with a shorter one."""
        largest = magnitude(self.slopes)
        for line in sorted(self.lines, key=lambda line: -abs(line.of(self.gradient) - line.slope)):
            noise, near = TRUST * self.rounding / line.step, line
            off = abs(line.of(self.gradient) - line.slope) - 4 * noise - self.tolerance * largest
            if len(self.kinks) == AGAIN or off <= 0 or line.bend <= KINK * self.rounding:
                continue
            for shorter in SHORTER if self.double else SHORTER_SINGLE:
                if noise * shorter <= 0.5 * largest and self.kink(near):
                    near = self.line(line.where, shorter=shorter)
            if near is not line:
                self.kinks.append((line, near))
        nearer = {id(line): near for line, near in self.kinks}
        self._judge([nearer.get(id(line), line) for line in self.lines])

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

    finite = property(lambda self: all(line.finite for line in self.lines))
    all_flat = property(lambda self: all(line.flat for line in self.lines))
    entries = property(lambda self: [line for line in self.lines if line.is_entry])
    slopes = property(lambda self: np.array([line.slope for line in self.lines]))

    def claims(self, array=None):
        """Return the slopes along the lines if `array` (by default the gradient) were the gradient."""
        array = self.gradient if array is None else array
        return np.array([0.0 if array is None else line.of(array) for line in self.lines])

    def kink(self, line):
        return bool(line.bend > KINK * min(self.noise, 4 * self.rounding))

    def bar(self, line, array):
        """Return how far the slope of `line` and what `array` says of it may differ."""
        usual, noise = max(abs(line.of(array)), abs(line.slope)), self.rounding
        if not line.is_entry:
            usual = max(usual, math.sqrt(np.vdot(array, array) / array.size))
        if line.complete:  # if kinks have made the other lines look noisy, the line's own fourth difference tells
            noise = min(self.noise, max(4 * self.rounding, 3 * line.bend / BEND))
        return TRUST * noise / line.step + line.truncation + self.tolerance * usual

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
        return (
            2 * len(known) >= len(self.lines)
            and all(self.bar(line, 0 * array) <= coarse for line in known)
            and all(self.off(line, array) <= self.bar(line, array) for line in known)
        )

    @property
    def relative_error(self):
        return max(map(self.off, self.lines)) / max(1e-300, magnitude(self.slopes), magnitude(self.claims()))


def magnitude(array):
    """Return the largest absolute value, 0 of nothing."""
    return float(np.abs(array).max(initial=0))
