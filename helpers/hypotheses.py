"""What the rules of helpers.diagnosis ask of the evidence: would another gradient fit, does f react further away, ..."""

import dis
import functools
import itertools
import math

import numpy as np

from helpers.evidence import KINK, Measured, floats, magnitude
from helpers.nudging import loss_value
from helpers.reaching import reachable, with_variable

__all__ = ["Evidence"]


class Evidence(Measured):
    """The measurements of helpers.evidence, and the questions that a cause answers differently."""

    # -- would another gradient fit? -------------------------------------------------------------

    def slopes(self):
        """Return what was measured, one slope a line."""
        return np.array([line.slope for line in self.lines])

    def claims(self, array=None):
        """Return the slopes along the lines if `array` (by default the gradient) were the gradient."""
        array = self.a if array is None else array
        return np.zeros(len(self.lines)) if array is None else np.array([line.of(array) for line in self.lines])

    def as_array(self, slopes):
        array = np.zeros(self.x.shape)
        for slope, line in zip(slopes, self.lines, strict=True):
            array[line.where] = slope
        return array

    def factor(self, array, named_only=False, only=None):
        """Return c if c times `array` fits, otherwise None; with `named_only` a c that a usual slip explains; with `only`
        some lines, c is for those and the gradient stands on the others."""
        keep = np.ones(len(self.lines), dtype=bool) if only is None else np.array([line in only for line in self.lines])
        claims, slopes = self.claims(array) * keep, self.slopes() * keep
        rest = 0 if only is None else np.where(self.wrong_mask, 0, self.a)
        if not np.any(claims):
            return None
        c = float(claims @ slopes / (claims @ claims))
        usual = [1, 2, 0.5, *self.lengths, *(1 / n for n in self.lengths)]
        usual += [math.log(10), 1 / math.log(10), math.log(2), 1 / math.log(2)]
        near = [s * u for s in (1, -1) for u in usual if abs(c - s * u) <= 20 * np.cbrt(self.eps) * abs(c)]
        for candidate in near or ([] if named_only or len(self.lines) < 3 else [c]):
            explained = np.linalg.norm(slopes - candidate * claims) < 0.2 * np.linalg.norm((slopes - self.claims()) * keep)
            if (explained or self.a is None) and self.fits(candidate * array + rest):
                return candidate
        return None

    def share(self, array):
        """Return c if the gradient plus c times `array` fits, otherwise None."""
        claims, rest = self.claims(array), self.slopes() - self.claims()
        c = float(claims @ rest / (claims @ claims)) if np.any(claims) else 0.0
        explained = np.linalg.norm(rest - c * claims) < 0.2 * np.linalg.norm(rest)
        return c if explained and self.fits(self.a + c * array) else None

    def explains(self, array):
        return len(self.lines) > 1 and self.share(array) is not None

    def proportional(self, array, slopes):
        """Return whether `array` would have these slopes along the lines, up to a positive factor."""
        claims = self.claims(array)
        lengths = np.linalg.norm(claims) * np.linalg.norm(slopes)
        return len(slopes) > 1 and lengths > 0 and claims @ slopes > (1 - 10 * np.cbrt(self.eps) ** 2 - 1e-9) * lengths

    # -- what f can reach -------------------------------------------------------------------------

    @functools.cached_property
    def arrays(self):
        """[(name, array)] of the arrays that f and the gradient can reach, without x itself."""
        found = [(name, value) for name, value in reachable(self.f, self.gradient) if isinstance(value, np.ndarray)]
        return [(name, value) for name, value in found if value.dtype.kind in "biuf" and not np.shares_memory(value, self.x)]

    def twin(self):
        """Return the name of an array that holds the numbers of x in other memory, if f can reach one."""
        if self.x.size < 2 or np.all(self.kept == self.kept.flat[0]):
            return None
        for name, array in self.arrays:
            if array.size == self.x.size and name and np.array_equal(np.ravel(array), np.ravel(self.kept)):
                return name
        return None

    @functools.cached_property
    def lengths(self):
        """{n: what is n long}: the lengths of x and of the arrays that f and the gradient can reach."""
        found = {}
        for name, array in self.arrays:
            if array.ndim and name:
                found.setdefault(len(array), f"the length of {name}")
        for axis, n in enumerate(self.x.shape):
            found.setdefault(n, f"the length of axis {axis} of x")
        found.setdefault(self.x.size, "the number of entries of x")
        for name, array in self.arrays:
            if array.ndim > 1 and name:
                found.setdefault(array.shape[-1], f"the length of the last axis of {name}")
                found.setdefault(array.size, f"the number of entries of {name}")
        return {n: what for n, what in found.items() if n > 1}

    def logits(self):
        """Yield (z, pull): logits that f may compute from x, and how a slope along z becomes one along x."""
        x = self.kept.astype(float)
        if x.ndim in (1, 2) and x.shape[-1] > 1:
            yield x, lambda dz: dz
        floats = [array.astype(float) for _, array in self.arrays if array.ndim in (1, 2)]
        if x.ndim == 2:
            for inputs in (array for array in floats if array.shape[-1] == x.shape[0]):
                biases = [0.0, *(array for array in floats if array.shape == x.shape[1:])]
                for b in biases[:4]:
                    yield inputs @ x + b, lambda dz, inputs=inputs: np.atleast_2d(inputs).T @ np.atleast_2d(dz)
        if x.ndim == 1:
            for inputs, weights in itertools.product(floats, floats):
                if weights.ndim == 2 and weights.shape[1:] == x.shape and inputs.shape[-1] == len(weights):
                    yield inputs @ weights + x, lambda dz: np.atleast_2d(dz).sum(axis=0)

    def sums(self):
        """Yield (inputs, z): the numbers z = inputs @ x that f may compute from an x of one axis."""
        for _, array in self.arrays:
            if self.x.ndim == 1 and array.ndim == 2 and array.shape[1] == self.x.size:
                yield array, array @ self.kept

    @functools.cached_property
    def words(self):
        """The names that the code of f, and of the functions that it can reach, uses."""
        codes = [getattr(thing, "__code__", None) for _, thing in reachable(self.f)]
        return set().union(*(code.co_names for code in codes if code))

    @property
    def may_have_kinks(self):
        """Whether the code that f can reach compares, or takes a maximum or an absolute value; true if none can be read."""
        codes = [thing.__code__ for _, thing in reachable(self.f) if hasattr(thing, "__code__")]
        compares = any(step.opname == "COMPARE_OP" for code in codes for step in dis.get_instructions(code))
        return (
            compares
            or not codes
            or any(part in w for w in self.words for part in ("max", "min", "abs", "relu", "clip", "sign"))
        )

    @property
    def takes_a_softmax(self):
        return any(part in word for word in self.words for part in ("exp", "softmax", "log", "entropy"))

    def index_arrays(self):
        """Yield (name, indices) of the whole numbers, some of them repeated, that could index the first axis of x."""
        for name, value in reachable(self.f, self.gradient):
            numbers = _whole_numbers(value)
            if numbers is not None and numbers.size > 1:
                repeated = len(np.unique(numbers)) < numbers.size
                if repeated and -len(self.x) <= numbers.min() and numbers.max() < len(self.x):
                    yield name, numbers

    # -- how f reacts ---------------------------------------------------------------------------------

    @property
    def kinks_at_x(self):
        """Whether there are kinks that stay in the step when it is shortened: their fourth difference shrinks with it, as
        neither that of noise nor that of a kink further away does."""
        return any(1e-4 * line.bend < near.bend < 1e-2 * line.bend for line, near in self.kinked)

    @property
    def coarse(self):
        """The error, relative to the largest slope, from which on a check proves little."""
        return 1e-3 if self.double else 2.0

    @property
    def bent(self):
        return [line for line in self.lines if line.bend > KINK * self.rounding]

    @property
    def all_flat(self):
        return all(line.flat for line in self.lines)

    @property
    def unread(self):
        """The entries along which f is flat to the last bit and the gradient is not 0."""
        if self.a is None:
            return []
        return [line for line in self.entries if line.flat and abs(line.of(self.a)) > self.bar(line, np.zeros_like(self.a))]

    @property
    def others_wrong(self):
        return any(isinstance(line.where, tuple) and not line.flat for _, line in self.wrong)

    @property
    def blind(self):
        """Whether neither the measured slopes nor the gradient stand out from rounding noise."""
        for line in self.lines:
            even = abs(line.values[1] + line.values[3] - 2 * line.values[2])  # what a slope of 0 leaves
            claim = 0 if self.a is None else line.of(self.a)
            if max(abs(line.slope), abs(claim)) > max(self.noise, 1e-3 * even) / line.step:
                return False
        return True

    @functools.cached_property
    def far_steps(self):
        """How f reacts when what it did not react to is moved far, or is no number at all: not ("unread"), with a
        jump ("staircase"), or else ("slopes")."""
        moving = np.ones(self.x.shape) if self.all_flat else np.zeros(self.x.shape)
        for line in self.unread:
            moving[line.where] = 1
        away = self.scale * moving * self.rng.choice([-1, 1], self.x.shape) * (0.5 + self.rng.random(self.x.shape))
        for distance in (0.3, -0.3, 1, -1, 3, -3, 10, -10, 30, -30):
            near, far = 0.0, float(distance)
            at_near, at_far = self.f0, self.along(away, far)
            if not abs(at_far - self.f0) > 1000 * self.rounding:
                continue
            if self.along(away, far * (1 + 0.1 * np.cbrt(self.eps))) != at_far:
                return "slopes"
            for k in range(28):  # towards a jump, if there is one
                middle = (near + far) / 2
                value = self.along(away, middle)
                if abs(value - at_near) > abs(at_far - value):
                    far, at_far = middle, value
                else:
                    near, at_near = middle, value
                if k == 17:
                    before = abs(at_far - at_near)
            return "staircase" if abs(at_far - at_near) > 0.5 * before else "slopes"
        unknown = self.try_at(np.where(moving, np.nan, self.kept).astype(self.x.dtype))
        return "unread" if unknown == self.f0 else "slopes"

    def along(self, direction, distance):
        return self.try_at((self.kept + distance * direction).astype(self.x.dtype))

    def quantum(self):
        """Return the number that all differences of values of f are multiples of, if there is one."""
        if not (self.wrong or self.a is None or self.blind or self.noise > 1000 * self.rounding):
            return None
        values = np.unique(np.concatenate([line.values for line in self.lines])) - self.f0
        gaps = np.diff(values)
        if len(values) < 3 or not np.all(np.isfinite(values)) or gaps.min() < 1e3 * self.eps * abs(self.f0):
            return None
        span = values[-1] - values[0]
        unit = float(span / np.round(span / gaps.min()))
        values = np.append(values, [self.try_at(self.near(1e-3)) - self.f0 for _ in range(3)])
        off = np.abs(values / unit - np.round(values / unit))
        return unit if np.all(off < 0.01) and np.any(values[-3:]) else None

    @property
    def wrong_lines(self):
        return [line for _, line in self.wrong if isinstance(line.where, tuple)]

    @property
    def wrong_mask(self):
        """True at the entries that disagree."""
        mask = np.zeros(self.x.shape, dtype=bool)
        for line in self.wrong_lines:
            mask[line.where] = True
        return mask

    def flat_on_the_negative_side(self, line, alive=False):
        """Return whether f is the same with an entry nearer to 0 or further below it, but not above it."""
        points = np.repeat(self.kept[np.newaxis], 4, axis=0)
        for point, factor in zip(points, (0, 0.5, 10, -1), strict=True):
            point[line.where] = factor * (-abs(self.kept[line.where]) or -1)
        values = [self.try_at(point) for point in points]
        return values[0] == values[1] == values[2] != values[3] and (alive or values[0] == self.f0)

    def gradient_changes(self, point, name, value):
        """Return whether the gradient changes if its code finds another value under a name."""
        try:
            now, then = (self.moved(point, g) for g in (self.gradient, with_variable(self.gradient, name, value)))
            return not np.array_equal(now, then)
        except Exception:
            return False

    def remembers_the_object(self):
        """Return whether f gives for a nudged copy of x another value than for x itself, nudged or not."""
        copied = self.try_call(self.near_x.copy())
        return not math.isnan(copied) and copied not in (self.near_value, self.f0)

    def try_call(self, x):
        self.evaluations += 1
        try:
            with np.errstate(all="ignore"):
                return float(loss_value(self.f(x)))
        except Exception:
            return math.nan

    def moved_copy_reacts(self):
        """Return whether f reacts to a nudge of a copy of x, though not to the same nudge of x itself."""
        return self.near_value == self.f0 and self.try_call(self.near_x.copy()) not in (self.f0, math.nan)

    @functools.cached_property
    def saturated(self):
        """What f comes to with x moved far out, to either side: inf if it does not settle."""
        if not np.any(self.kept):
            return [math.inf]
        far = self.kept / np.sqrt(np.mean(np.square(self.kept, dtype=float)))
        values = [[self.try_at((distance * far).astype(self.x.dtype)) for distance in (s * 1e4, s * 2e4)] for s in (1, -1)]
        return [a if math.isclose(a, b, rel_tol=1e-9) else math.inf for a, b in values]

    def jump(self):
        """Look for a kink of f that the gradient does not follow, along the entry that is most wrong.

        Return the entry, f's slopes on either side, and by how much the gradient changes there (None if it is no function);
        or None if there is no such kink."""
        wrong = [line.where for _, line in self.wrong if isinstance(line.where, tuple)]
        if not wrong:
            return None
        where, difference = wrong[0], np.array([1, -1])
        places = np.linspace(-2, 2, 7) * self.scale
        off = [self.slope_and_claim(where, s) @ difference for s in places]
        k = int(np.argmax(np.abs(np.diff(off))))
        (left, right), (before, after) = places[k : k + 2], off[k : k + 2]
        for _ in range(9 if self.double else 5):
            middle = (left + right) / 2
            there = self.slope_and_claim(where, middle) @ difference
            if abs(there - before) > abs(after - there):
                right, after = middle, there
            else:
                left, before = middle, there
        h = 2 * np.cbrt(self.eps)
        low, given_low = self.slope_and_claim(where, left - h)
        high, given_high = self.slope_and_claim(where, right + h)
        if abs(high - low) > 0.02 * magnitude(off) and abs(given_high - given_low) < 0.1 * abs(high - low):
            return where, low, high, given_high - given_low if callable(self.gradient) else None
        return None

    def slope_and_claim(self, where, s):
        """Return the slope of f along an entry that was moved by s, and what the gradient says of it."""
        h = 2 * np.cbrt(self.eps)
        there, high, low = self.kept.copy(), self.kept.copy(), self.kept.copy()
        there[where] += s
        high[where] += s + h
        low[where] += s - h
        claim = self.moved(there, lambda x: floats(self.gradient(x))) if callable(self.gradient) else self.a
        return np.array([(self.try_at(high) - self.try_at(low)) / (2 * h), claim[where]])

    # -- what the check proves ----------------------------------------------------------------------------

    @property
    def symmetric(self):
        return bool(self.describe_symmetry())

    def describe_symmetry(self):
        x = self.kept
        if not np.any(x):
            return "x is all zeros"
        if x.size > 1 and np.all(x == x.flat[0]):
            return "all entries of x are equal"
        if x.ndim == 2 and min(x.shape) > 1:
            if np.all(x == x[:1]) or np.all(x == x[:, :1]):
                return "the rows or columns of x are all alike"
            if x.shape[0] == x.shape[1] and np.array_equal(x, x.T):
                return "x is its own transpose"
        return ""

    def describe_point(self):
        symmetry = self.describe_symmetry()
        return " and ".join([symmetry] * bool(symmetry) + ["every slope at x is 0"] * self.blind)

    def off_elsewhere(self, point, gradient):
        """Return the relative error of `gradient` at another point, along two random directions, 0 if it agrees."""
        worst = 0.0
        for _ in range(2):
            v = self.rng.standard_normal(self.x.shape)
            v /= np.linalg.norm(v) or 1
            h = np.cbrt(self.eps) * self.scale
            high, low = self.try_at((point + h * v).astype(self.x.dtype)), self.try_at((point - h * v).astype(self.x.dtype))
            slope, claim = (high - low) / (2 * h), float(np.vdot(gradient, v)) if gradient.shape == v.shape else math.inf
            usual = max(abs(slope), abs(claim), np.linalg.norm(gradient) / math.sqrt(v.size))
            off = abs(slope - claim)
            if off > 100 * np.cbrt(self.eps) * usual + 32 * self.eps * abs(high) / h:
                worst = max(worst, off / usual)
        return worst


def _whole_numbers(value):
    """Return `value` as an array if it is an array, list or tuple of integers, of one or two axes, otherwise None."""
    try:
        numbers = np.asarray(value) if isinstance(value, np.ndarray | list | tuple) else None
    except ValueError:  # its rows differ in length
        return None
    return numbers if numbers is not None and numbers.ndim in (1, 2) and numbers.dtype.kind in "iu" else None
