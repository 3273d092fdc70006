"""What check_gradient measures: `f` called again at the same point, and along lines through it.

A line is one entry of `x`, or a random direction when there are too many entries to look at each. On every
line `f` is evaluated two steps to either side, which gives the slope, how far it can be trusted, and whether
`f` has a kink there.
"""

import functools
import math

import numpy as np

from helpers.nudging import loss_value
from helpers.reaching import generator_states

__all__ = ["KINK", "TRUST", "Line", "Measured", "floats", "magnitude"]

EVERY_ENTRY = 256  # up to so many entries are looked at one by one
DIRECTIONS, SAMPLES = 8, 14  # else so many random directions, and so many entries
TRUST = 8  # standard deviations of rounding noise that a slope may be off
KINK = 3 * math.sqrt(70)  # times the noise: a fourth difference above it is no noise
AGAIN = 6  # lines with a kink are looked at again
SHORTER = [1000]  # by which a step with a kink in it is divided
SHORTER_SINGLE = [8, 64, 512]  # in float32, whose step is longer, and whose rounding allows less


class Line:
    """`f` at -2h, -h, 0, h and 2h along one line through x.

    where : the index of an entry, or a direction of the shape of x
    values, moves : (5,), f and the steps that were taken, after rounding
    slope : the central difference over ±h
    truncation : how far the one over ±2h is from it; if f is smooth, three times what the slope is off by
    sides : the slopes of the four pieces
    bend : the fourth difference; rounding noise times √70 where f is smooth, far more where it has a kink
    """

    def __init__(self, where, moves, values):
        self.where, self.moves, self.values = where, moves, values
        self.step = (moves[3] - moves[1]) / 2
        self.finite = bool(np.all(np.isfinite(values)))
        self.flat = bool(np.all(values == values[2]))
        with np.errstate(all="ignore"):
            self.slope = (values[3] - values[1]) / (moves[3] - moves[1])
            self.truncation = abs((values[4] - values[0]) / (moves[4] - moves[0]) - self.slope)
            self.sides = np.diff(values) / np.diff(moves)
            self.bend = abs((values - values[2] - self.slope * moves) @ [1, -4, 6, -4, 1])

    def of(self, array):
        """Return what the slope along this line would be if `array` were the gradient."""
        return float(array[self.where]) if isinstance(self.where, tuple) else float(np.vdot(array, self.where))


class Measured:
    """What was called and measured.

    `raw` is what the gradient returned, `a` the same as floats if it has the shape of `x`, otherwise None."""

    def __init__(self, f, gradient, x, h, seed):
        self.f, self.gradient, self.x, self.h = f, gradient, x, h
        self.rng = np.random.default_rng(seed)
        self.kept = np.asarray(x).copy()
        self.evaluations = 0
        self.lines, self.kinked = [], []
        self.a = None

    # -- called again at the same point -------------------------------------------------------

    def at(self, point, f=None):
        """Return f, or another function, with `x` at `point`."""
        self.evaluations += 1
        return float(loss_value(self.moved(point, f or self.f)))

    def try_at(self, point, f=None):
        """The same for a point that may be far off, where f need not make sense: NaN if it does not."""
        try:
            with np.errstate(all="ignore"):
                return self.at(point, f)
        except Exception:
            return math.nan

    def moved(self, point, function):
        """Return `function(x)`, called while `x` is at `point`."""
        cells = np.asarray(self.x)[...]
        np.copyto(cells, point)
        try:
            return function(self.x)
        finally:
            np.copyto(cells, self.kept)

    def call_repeatedly(self):
        """Call f three times at x, then the gradient twice; note what moved meanwhile. Two values of f could agree by
        chance, under dropout; a draw of random numbers moves the generator, whatever comes out of it."""
        from sys import getrefcount

        self.values, self.references, self.changed = [], [], None
        self.drew = set()
        for _ in range(3):
            before, held = generator_states(self.f), getrefcount(self.x)
            self.evaluations += 1
            value = self.f(self.x)
            self.references.append(getrefcount(self.x) - held)
            after = generator_states(self.f)
            self.drew = {name for name in before if after.get(name) != before[name]}  # after the last: f may seed itself
            self.values.append(value.copy() if isinstance(value, np.ndarray) else value)
            if not np.array_equal(self.x, self.kept):
                self.changed = "f"
                break
        else:
            self.ask_gradient()

    def ask_gradient(self):
        self.raw = self.again = self.gradient
        self.gradient_drew = set()
        if callable(self.gradient):
            self.raw = _copied(self.gradient(self.x))
            before = generator_states(self.gradient)
            self.again = _copied(self.gradient(self.x))
            after = generator_states(self.gradient)
            self.gradient_drew = {name for name in before if after.get(name) != before[name]}
            if not np.array_equal(self.x, self.kept):
                self.changed = "gradient"

    # -- measured along lines -------------------------------------------------------------------

    def measure(self):
        """Measure the slopes that are compared, and call f at x once more: it must not have learned anything from it."""
        self.f0 = float(self.values[0])
        self.raw = np.asarray(self.raw)
        self.a = self.raw.astype(np.float64) if self.raw.shape == self.x.shape else None
        self.scale = max(1.0, float(np.sqrt(np.mean(np.square(self.kept, dtype=np.float64)))))
        self.near_x = self.near(1e-3)
        nudge = self.near_value = self.try_at(self.near_x)
        kind = np.asarray(self.values[0]).dtype  # a fraction is an object
        self.single = (kind.kind == "f" and kind.itemsize < 8) or (nudge != self.f0 and nudge == float(np.float32(nudge)))
        self.eps = float(max(np.finfo(self.x.dtype).eps, np.finfo(np.float32 if self.single else np.float64).eps))
        self.tolerance = 10 * math.sqrt(self.eps)  # 1.5e-7 in float64: a + 1e-7 in a logarithm shows
        for where in self.chosen():
            self.lines.append(self.line(where))
        self.bends = [line.bend for line in self.lines]
        self.steepest = max((abs(line.slope) for line in self.lines), default=0.0)  # before any line is looked at again
        self.last = self.at(self.kept)
        if self.a is not None and all(line.finite for line in self.lines):
            self.compare()

    @property
    def double(self):
        """Whether x and f both have the precision of float64."""
        return self.eps < 1e-10

    def near(self, distance):
        """Return a point at a random distance of about `distance` (times the size of the entries of x) from x."""
        return (self.kept + distance * self.scale * self.rng.standard_normal(self.x.shape)).astype(self.x.dtype)

    def chosen(self):
        """Return the lines to look along: every entry, or random directions and some entries."""
        self.complete = self.x.size <= EVERY_ENTRY
        if self.complete:
            return list(np.ndindex(self.x.shape))
        largest = [] if self.a is None else np.argsort(np.abs(self.a), axis=None, kind="stable")[-4:].tolist()
        some = self.rng.choice(self.x.size, SAMPLES, replace=False).tolist()
        picked = list(dict.fromkeys([0, self.x.size - 1, *largest, *some]))[:SAMPLES]
        directions = [self.rng.standard_normal(self.x.shape) for _ in range(DIRECTIONS)]
        entries = [tuple(int(i) for i in np.unravel_index(k, self.x.shape)) for k in picked]
        return [v / np.linalg.norm(v) for v in directions] + entries

    def line(self, where, shorter=1):
        """Return f along a line, by the default step (in the coarser precision of x and f), or a shorter one."""
        if isinstance(where, tuple):
            along, size = np.zeros(self.x.shape), max(1.0, abs(float(self.kept[where])))
            along[where] = 1
        else:
            along, size = where, 1.0
        h = (self.h or np.cbrt(self.eps) * size) / shorter
        values, moves = [], []
        for k in (-2, -1, 0, 1, 2):
            point = (self.kept + k * h * along).astype(self.x.dtype)
            values.append(self.f0 if k == 0 else self.at(point))
            moves.append(float(np.vdot(along, point.astype(np.float64) - self.kept)))
        return Line(where, np.array(moves), np.array(values))

    def compare(self):
        """Where f bends inside the step and the gradient does not follow, look again with a shorter one."""
        largest = max(abs(line.slope) for line in self.lines)
        bent = []
        for line in self.lines:
            off = abs(line.of(self.a) - line.slope)
            if line.bend > KINK * self.rounding and off > 4 * TRUST * self.rounding / line.step + self.tolerance * largest:
                bent.append((off, line))
        for _, line in sorted(bent, key=lambda pair: -pair[0])[:AGAIN]:
            near = line
            for shorter in SHORTER if self.double else SHORTER_SINGLE:
                if TRUST * self.rounding * shorter / line.step > 0.5 * largest or not self.kink(near):
                    break
                near = self.line(line.where, shorter)
            if near is not line:
                self.kinked.append((line, near))
                self.lines = [near if other is line else other for other in self.lines]

    @functools.cached_property
    def noise(self):
        """The standard deviation of f's rounding: from the fourth differences (Moré and Wild 2011, "Estimating computational
        noise", SIAM J. Sci. Comput. 33), which a kink spoils on some lines only: a quarter of normal deviates lie below
        0.319 of the standard one. It is not below half an ulp."""
        if len(self.bends) < 5:
            return 4 * self.rounding
        return max(self.rounding, np.quantile(self.bends, 0.25) / 0.319 / math.sqrt(70))

    @functools.cached_property
    def rounding(self):
        """Half an ulp of f, and what half an ulp of x moves it by."""
        steepest = max(np.max(np.abs(line.sides)) for line in self.lines)
        largest = max(np.max(np.abs(line.values)) for line in self.lines)
        return float(0.5 * self.eps * (largest + steepest * np.max(np.abs(self.kept))))

    def kink(self, line):
        return bool(line.bend > KINK * min(self.noise, 4 * self.rounding))

    def noise_on(self, line):
        """The noise on one line: if kinks have made the other lines look noisy, its own fourth difference shows it."""
        return min(self.noise, max(4 * self.rounding, 3 * line.bend / math.sqrt(70)))

    def bar(self, line, array):
        """Return how far the slope of `line` and what `array` says of it may lie apart."""
        claim = line.of(array)
        usual = max(abs(claim), abs(line.slope))
        if not isinstance(line.where, tuple):
            usual = max(usual, float(np.linalg.norm(array)) / math.sqrt(array.size))
        return TRUST * self.noise_on(line) / line.step + line.truncation + self.tolerance * usual

    def off(self, line, array=None):
        """Return how far `array` (by default the gradient) is from what was measured along `line`."""
        claim, low, high = line.of(self.a if array is None else array), line.slope, line.slope
        if self.kink(line):  # any slope between those of the pieces may be the one at x, or beyond, between two kinks
            beyond = np.ptp(line.sides) * (1 if self.double else 2)
            low, high = min(line.sides) - beyond, max(line.sides) + beyond
        elif not self.double:  # the step of float32 has room for kinks that cancel in the fourth difference
            low, high = min(line.sides), max(line.sides)
        return max(low - claim, claim - high, 0.0)

    def agrees(self, line, array=None):
        array = self.a if array is None else array
        return bool(self.off(line, array) <= self.bar(line, array))

    def fits(self, array):
        """Return whether `array` is the gradient, as far as was measured; it may hold NaN for what is not known."""
        known = [line for line in self.lines if np.isfinite(line.of(array)) and not self.kink(line)]
        largest = max(abs(line.slope) for line in self.lines)
        if any(self.bar(line, 0.0 * self.kept) > 0.3 * largest for line in known):
            return False  # too coarse to tell one candidate from another
        return 2 * len(known) >= len(self.lines) and all(self.agrees(line, array) for line in known)

    @functools.cached_property
    def wrong(self):
        """The lines on which the gradient disagrees, and by how much, worst first."""
        lines = [line for line in self.lines if not self.agrees(line)] if self.a is not None else []
        if not self.double and all(self.kink(line) for line in lines) and len(lines) <= max(1, len(self.lines) // 10):
            lines = []  # in float32 a step is long enough for several kinks, and rounding forbids a shorter one
        return sorted(((self.off(line), line) for line in lines), key=lambda pair: -pair[0])

    @property
    def entries(self):
        return [line for line in self.lines if isinstance(line.where, tuple)]

    def find_a_wrong_entry(self):
        """Halve a direction that disagrees, keep the half that disagrees more, until one entry is left; look along it.

        What the other half is off by is what is left of the whole, so a halving costs two evaluations."""
        line = next(line for _, line in self.wrong if not isinstance(line.where, tuple))
        off, entries = line.slope - line.of(self.a), np.arange(self.x.size)
        while len(entries) > 1:
            first = entries[: len(entries) // 2]
            v = np.zeros(self.x.size)
            v[first] = line.where.flat[first]
            length = np.linalg.norm(v)
            v = (v / length).reshape(self.x.shape)
            h = self.h or np.cbrt(self.eps)
            rise = self.at((self.kept + h * v).astype(self.x.dtype)) - self.at((self.kept - h * v).astype(self.x.dtype))
            there = (rise / (2 * h) - np.vdot(self.a, v)) * length
            if abs(there) >= abs(off - there):
                entries, off = first, there
            else:
                entries, off = entries[len(entries) // 2 :], off - there
        self.lines.append(self.line(tuple(int(i) for i in np.unravel_index(entries[0], self.x.shape))))
        self.__dict__.pop("wrong", None)


def magnitude(array):
    """Return the largest absolute value, 0 of nothing."""
    return float(np.max(np.abs(array), initial=0))


def floats(answer):
    """Return what a gradient answered as an array of floats of its own."""
    return np.array(answer, dtype=float)


def _copied(answer):
    return answer.copy() if isinstance(answer, np.ndarray) else answer
