"""What a check has asked and measured so far, and the questions that several of its rules ask."""

import functools
import math
import pickle
import random
import sys
from typing import NamedTuple

import numpy as np

from helpers.gradient_check.measurement import Comparison, magnitude
from helpers.perturbation import Function
from helpers.variables import reachable

__all__ = ["Answers", "Examination"]

EVERY_ENTRY = 256  # up to so many entries are looked at one by one
DIRECTIONS, SAMPLES = 6, 14  # else so many random directions, and so many entries where they disagree
ELSEWHERE, MORE = 2, 6  # random directions at the second point, and more of them where they disagree


class Answers(NamedTuple):
    """What f answered twice at x, then the gradient twice, and what moved meanwhile.

    Two values of f could agree by chance, under dropout; a draw of random numbers moves the generator in any case."""

    values: list
    references: list  # how many more references to x each call of f left
    changed: str | None  # who changed x
    drew: set = frozenset()  # names of the random generators that f moved
    gradient: object = None
    again: object = None
    gradient_drew: set = frozenset()
    stored: bool = False  # whether the gradient gave the same array twice, and did not compute it


class Examination:
    """One check: x, f and gradient; their answers at x; the comparisons here, at x, and there, at a random point.

    wrong : the comparison that speaks against the gradient, or None
    last : f at x after everything was measured
    """

    def __init__(self, f, gradient, x, h, seed):
        self.gradient, self.x, self.h, self.f = gradient, x, h, Function(f, x)
        self.rng = np.random.default_rng(seed)
        self.here = self.there = self.wrong = None

    # -- asked and measured -----------------------------------------------------------------------------

    def ask(self):
        """Call f twice at x, then the gradient twice."""
        f, x, values, references = self.f.f, self.x, [], []
        found = reachable(f, self.gradient)
        for _ in range(2):
            before = generator_states(found) if values else None  # the second call counts: f may seed its generator itself
            held = sys.getrefcount(x)
            values.append(_copied(f(x)))
            references.append(sys.getrefcount(x) - held)
            self.f.evaluations += 1
            if not np.array_equal(x, self.f.kept):
                self.answers = Answers(values, references, "f")
                return
        now = generator_states(found)
        self.answers = Answers(values, references, None, _differing(before, now), self.gradient, self.gradient)
        if callable(self.gradient):
            answer = self.gradient(x)
            first, again = _copied(answer), self.gradient(x)
            changed, drew = None if np.array_equal(x, self.f.kept) else "gradient", _differing(now, generator_states(found))
            same = {"gradient": first, "again": _copied(again), "stored": again is answer}
            self.answers = self.answers._replace(changed=changed, gradient_drew=drew, **same)

    def compare(self):
        """Compare slopes and gradient at x and, if the gradient is a function, at a random point."""
        f, x, value = self.f, self.f.kept, self.answers.values[0]
        raw = np.asarray(self.answers.gradient)
        a = raw.astype(float) if raw.shape == x.shape else None
        if x.size <= EVERY_ENTRY:
            places = list(np.ndindex(x.shape))
        else:
            places = [*self._directions(DIRECTIONS), self._index(0 if a is None else np.abs(a).argmax())]
        single = np.asarray(value).dtype in (np.float32, np.float16)
        for kind in [np.float32] if single else [np.float64, np.float32]:
            eps = float(max(np.finfo(x.dtype).eps, np.finfo(kind).eps))
            self.here = Comparison(f, x, float(value), a, eps, self.h).measure(places)
            if not self._in_single_precision():
                break
        if self.here.wrong and x.size > EVERY_ENTRY:
            self._look_at_entries()
        if self.here.finite and callable(self.gradient):
            self._look_elsewhere()
        self.last = f(x)  # and what f keeps of its forward pass is of x again
        if self.there and self.there.wrong and self._saturated(self.there):
            self.there = None
        if a is None or self.here.wrong:
            self.wrong = self.here
        elif self.there and self.there.wrong:
            self.wrong = self.there

    def _in_single_precision(self):
        """Return whether float64 is just the type of what f computed in float32."""
        values = np.concatenate([line.values for line in self.here.lines])
        with np.errstate(over="ignore"):
            if not self.here.double or np.any(values != values.astype(np.float32)):
                return False
            if self.here.all_flat:
                values = np.append(values, self.f.or_nan(self.near(1e-3)))
            return bool(np.any(values != values[0]) and np.all(values == values.astype(np.float32)))

    def _directions(self, count):
        return [v / np.linalg.norm(v) for v in self.rng.standard_normal((count, *self.x.shape))]

    def _index(self, k):
        return tuple(int(i) for i in np.unravel_index(k, self.x.shape))

    def _look_at_entries(self):
        """Add entries to random directions that disagree: some at random, and the one at which a halving ends."""
        here, size = self.here, self.x.size
        largest = np.argsort(np.abs(here.gradient), axis=None, kind="stable")[-4:].tolist()
        for k in [0, size - 1, *largest, *self.rng.choice(size, SAMPLES, replace=False).tolist()][:SAMPLES]:
            here.add(self._index(k))
        if not any(line.is_entry for line in here.wrong):
            here.add(self._index(here.a_wrong_entry()))

    def _look_elsewhere(self):
        """Compare at a random point of order one, unless f or the gradient makes no sense there.

        f is called there before the gradient, which may read what the last forward pass kept."""
        f, x, anywhere = self.f, self.f.kept, self.rng.standard_normal(self.x.shape)
        for point in (anywhere.astype(x.dtype), np.copysign(anywhere, x).astype(x.dtype)):  # f may be made for one sign
            with np.errstate(all="ignore"):
                value, answer = f.or_nan(point), self._gradient_or_nan()
                if self.answers.stored and np.array_equal(answer, self.answers.gradient):
                    return
                if math.isfinite(value) and answer.shape == x.shape and np.all(np.isfinite(answer)):
                    there = Comparison(f, point, value, answer, self.here.eps, self.h).measure(self._directions(ELSEWHERE))
                    if there.wrong:
                        there.measure(self._directions(MORE))
                    if there.finite:
                        self.there = there
                        return

    def _saturated(self, there):
        """Return whether what is wrong at a random point may be the rounding of a loss that saturates so far out."""
        return there.noise > 100 * there.rounding or (there.relative_error < 1e-3 and not self.blind)

    def _gradient_or_nan(self):
        try:
            return np.array(self.gradient(self.x), dtype=float)
        except Exception:
            return np.array(math.nan)

    # -- asked by several rules ------------------------------------------------------------------------------

    def near(self, distance):
        """Return a point at a random distance of about `distance` (times the size of the entries of x) from x."""
        return (self.f.kept + distance * self.scale * self.rng.standard_normal(self.x.shape)).astype(self.x.dtype)

    @property
    def scale(self):
        return max(1.0, float(np.sqrt(np.mean(np.square(self.f.kept, dtype=float)))))

    @functools.cached_property
    def words(self):
        """The names that the code of f, and of the functions that it can reach, uses."""
        codes = [getattr(thing, "__code__", None) for _, thing in reachable(self.f.f)]
        return set().union(*(code.co_names for code in codes if code))

    def twin(self):
        """Return the name of an array that holds the numbers of x in other memory, if f can reach one."""
        kept = self.f.kept.ravel()
        for name, array in reachable(self.f.f, self.gradient) if np.any(kept != kept[0]) else ():
            if (
                name
                and isinstance(array, np.ndarray)
                and not np.shares_memory(array, self.x)
                and np.array_equal(array.ravel(), kept)
            ):
                return name

    @functools.cached_property
    def unread(self):
        """The entries along which f is flat to the last bit and the gradient is not 0."""
        a, here = self.here.gradient, self.here
        return [line for line in here.entries if a is not None and line.flat and abs(line.of(a)) > here.bar(line, 0 * a)]

    @functools.cached_property
    def far_away(self):
        """How f reacts when what it did not react to is moved far, or is NaN: with "slopes", "steps" or "nothing"."""
        moving = np.zeros(self.x.shape)
        for line in self.unread:
            moving[line.where] = 1
        away = self.scale * (1 if self.here.all_flat else moving) * self.rng.uniform(0.5, 1.5, self.x.shape)
        away *= self.rng.choice([-1, 1], self.x.shape)

        def f(distance):
            return self.f.or_nan((self.f.kept + distance * away).astype(self.x.dtype))

        start, beside = self.here.value, 0.1 * np.sqrt(self.here.eps)
        for distance in (0.3, -0.3, 1, -1, 3, -3, 10, -10, 30, -30):
            if abs((end := f(distance)) - start) > 1000 * self.here.rounding:
                if f(distance + beside) != end:
                    return "slopes"
                near, far, below, above, gaps = 0.0, distance, start, end, []
                for _ in range(28):  # towards a jump, if there is one
                    middle = f((near + far) / 2)
                    if abs(middle - below) > abs(above - middle):
                        far, above = (near + far) / 2, middle
                    else:
                        near, below = (near + far) / 2, middle
                    gaps.append(abs(above - below))
                return "steps" if gaps[-1] > 0.5 * gaps[17] else "slopes"
        return "nothing" if f(np.where(away, np.nan, 0)) == start else "slopes"

    @property
    def blind(self):
        """Whether neither the measured slopes nor the gradient stand out from rounding noise."""
        here = self.here
        noise = max(here.rounding, here.noise if here.first else 0) / here.lines[0].step
        return bool(max(magnitude(here.slopes), magnitude(here.claims())) <= noise)

    def factor(self, array):
        """Return c if c times `array`, which has the shape of x, is the gradient where the given one is wrong, else None."""
        claims, slopes = self.wrong.claims(array), self.wrong.slopes
        c = float(claims @ slopes / (claims @ claims)) if np.any(claims) else 0.0
        usual = [s * u for s in (1, -1) for u in (1, 2, 0.5) if abs(c / (s * u) - 1) < 20 * np.cbrt(self.wrong.eps)]
        for candidate in [*usual, c] if len(slopes) > 2 else usual:  # any number is a factor of one
            if candidate and self._explains(slopes - candidate * claims) and self.wrong.fits(candidate * array):
                return candidate

    def share(self, array):
        """Return c if the gradient plus c times `array` fits where the gradient is wrong, else None."""
        claims, rest = self.wrong.claims(array), self.wrong.slopes - self.wrong.claims()
        c = float(claims @ rest / (claims @ claims)) if np.any(claims) else 0.0
        if c and len(rest) > 2 and self._explains(rest - c * claims) and self.wrong.fits(self.wrong.gradient + c * array):
            return c

    def _explains(self, left):
        """Return whether what is left is small beside what the gradient is off by, if it has the shape of x."""
        off = self.wrong.slopes - self.wrong.claims()
        return self.here.gradient is None or np.linalg.norm(left) < 0.2 * np.linalg.norm(off)


def generator_states(found):
    """Return the states of NumPy's and Python's global random generators, and of those among `found`, by name, as bytes."""
    states = {"np.random": np.random.get_state(), "random": random.getstate()}  # noqa: NPY002
    for name, thing in found:
        if isinstance(thing, np.random.Generator):
            states[name] = thing.bit_generator.state
        elif isinstance(thing, np.random.RandomState | random.Random):
            states[name] = (getattr(thing, "get_state", None) or thing.getstate)()
    return {name: pickle.dumps(state) for name, state in states.items()}


def _differing(before, after):
    return {name for name in before if after.get(name) != before[name]}


def _copied(answer):
    return answer.copy() if isinstance(answer, np.ndarray) else answer
