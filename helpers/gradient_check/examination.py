"""What a check has asked and measured so far, and the questions that several of its rules ask."""

import functools
import math
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

    Two values of f could agree by chance, under dropout; a draw of random numbers moves the generator, whatever comes of it."""

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
        self.gradient, self.x, self.h = gradient, x, h
        self.f = Function(f, x)
        self.rng = np.random.default_rng(seed)
        self.here = self.there = self.wrong = None

    def ask(self):
        """Call f twice at x, then the gradient twice."""
        f, x, values, references, states = self.f.f, self.x, [], [], []
        found = reachable(f, self.gradient)
        for _ in range(2):  # the states before and after the second call count: f may seed its generator itself
            states.append(generator_states(found) if values else None)
            held = sys.getrefcount(x)
            values.append(_copied(f(x)))
            references.append(sys.getrefcount(x) - held)
            self.f.evaluations += 1
            if not np.array_equal(x, self.f.kept):
                self.answers = Answers(values, references, "f")
                return
        states.append(generator_states(found))
        drew = _differing(states[1], states[2])
        self.answers = Answers(values, references, None, drew, self.gradient, self.gradient)
        if callable(self.gradient):
            answer = self.gradient(x)
            first, again = _copied(answer), self.gradient(x)
            changed = None if np.array_equal(x, self.f.kept) else "gradient"
            drew_too = _differing(states[2], generator_states(found))
            self.answers = Answers(values, references, changed, drew, first, _copied(again), drew_too, again is answer)

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
        self.last = f(x)  # and what f keeps is of x again
        elsewhere = self.there if self.there is not None and self.there.wrong else None
        self.wrong = self.here if a is None or self.here.wrong else elsewhere

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

    @functools.cached_property
    def arrays(self):
        """[(name, array)] of the arrays of numbers that f and the gradient can reach, without x itself."""
        found = [
            (name, value) for name, value in reachable(self.f.f, self.gradient) if name and isinstance(value, np.ndarray)
        ]
        return [(name, value) for name, value in found if value.dtype.kind in "biuf" and not np.shares_memory(value, self.x)]

    def twin(self):
        """Return the name of an array that holds the numbers of x in other memory, if f can reach one."""
        kept = self.f.kept.ravel()
        if np.all(kept == kept[0]):
            return None
        return next((name for name, array in self.arrays if np.array_equal(array.ravel(), kept)), None)

    @functools.cached_property
    def unread(self):
        """The entries along which f is flat to the last bit and the gradient is not 0."""
        here = self.here
        if here.gradient is None:
            return []
        return [
            line for line in here.entries if line.flat and abs(line.of(here.gradient)) > here.bar(line, 0 * here.gradient)
        ]

    @functools.cached_property
    def far_away(self):
        """How f reacts when what it did not react to is moved far, or is no number at all: with "slopes", "steps", "nothing"."""
        f, kept, value = self.f, self.f.kept, self.here.value
        moving = np.zeros(self.x.shape)
        for line in self.here.lines if self.here.all_flat else self.unread:
            moving[line.where if line.is_entry else ...] = 1
        away = self.scale * moving * self.rng.choice([-1, 1], self.x.shape) * (0.5 + self.rng.random(self.x.shape))
        for distance in (0.3, -0.3, 1, -1, 3, -3, 10, -10, 30, -30):
            near, far, below, above = 0.0, distance, value, f.or_nan((kept + distance * away).astype(self.x.dtype))
            if not abs(above - value) > 1000 * self.here.rounding:
                continue
            halfway = 0.0
            for k in range(28):  # towards a jump, if there is one
                middle = (near + far) / 2
                there = f.or_nan((kept + middle * away).astype(self.x.dtype))
                if abs(there - below) > abs(above - there):
                    far, above = middle, there
                else:
                    near, below = middle, there
                halfway = abs(above - below) if k == 17 else halfway
            beside = f.or_nan((kept + (distance + 0.1 * np.sqrt(self.here.eps)) * away).astype(self.x.dtype))
            flat = beside == f.or_nan((kept + distance * away).astype(self.x.dtype))
            return "steps" if flat and abs(above - below) > 0.5 * halfway else "slopes"
        return "nothing" if f.or_nan(np.where(moving, np.nan, kept).astype(self.x.dtype)) == value else "slopes"

    @property
    def blind(self):
        """Whether neither the measured slopes nor the gradient stand out from rounding noise."""
        here = self.here
        noise = max(here.rounding, here.noise if here.first else 0) / here.lines[0].step
        return bool(max(magnitude(here.slopes), magnitude(here.claims())) <= noise)

    def factor(self, array):
        """Return c if c times `array`, which has the shape of x, is the gradient where the given one is wrong, else None."""
        comparison = self.wrong
        claims, slopes = comparison.claims(array), comparison.slopes
        c = float(claims @ slopes / (claims @ claims)) if np.any(claims) else 0.0
        usual = [s * u for s in (1, -1) for u in (1, 2, 0.5) if abs(c / (s * u) - 1) < 20 * np.cbrt(comparison.eps)]
        for candidate in [*usual, c] if len(comparison.lines) > 2 else usual:  # any number is a factor of one
            left = np.linalg.norm(slopes - candidate * claims)
            explained = self.here.gradient is None or left < 0.2 * np.linalg.norm(slopes - comparison.claims())
            if candidate and explained and comparison.fits(candidate * array):
                return candidate
        return None

    def share(self, array):
        """Return c if the gradient plus c times `array` fits where the gradient is wrong, else None."""
        comparison = self.wrong
        claims, rest = comparison.claims(array), comparison.slopes - comparison.claims()
        if len(comparison.lines) < 3 or not np.any(claims):
            return None
        c = float(claims @ rest / (claims @ claims))
        explained = np.linalg.norm(rest - c * claims) < 0.2 * np.linalg.norm(rest)
        return c if explained and comparison.fits(comparison.gradient + c * array) else None


def generator_states(found):
    """Return the states of NumPy's and Python's global random generators, and of those among `found`, by name."""
    states = {"np.random": _comparable(np.random.get_state(legacy=False)), "random": random.getstate()}  # noqa: NPY002
    for name, thing in found:
        if isinstance(thing, np.random.Generator):
            states[name] = _comparable(thing.bit_generator.state)
        elif isinstance(thing, np.random.RandomState):
            states[name] = _comparable(thing.get_state(legacy=False))
        elif isinstance(thing, random.Random):
            states[name] = thing.getstate()
    return states


def _comparable(state):
    if isinstance(state, dict):
        return {name: _comparable(part) for name, part in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


def _copied(answer):
    return answer.copy() if isinstance(answer, np.ndarray) else answer


def _differing(before, after):
    return {name for name in before if after.get(name) != before[name]}
