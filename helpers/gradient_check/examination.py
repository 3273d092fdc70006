"""One check: what f and the gradient answer at x, and how the gradient compares with measured slopes there and elsewhere."""

import contextlib
import functools
import gc
import math
import pickle
import random
import statistics
import sys
from typing import NamedTuple

import numpy as np

from helpers.gradient_check.measurement import Comparison, magnitude
from helpers.perturbation import Function, restored
from helpers.variables import reachable

EVERY_ENTRY = 256  # up to so many entries are looked at one by one
DIRECTIONS, SAMPLES = 6, 14  # else so many random directions, and so many entries where they disagree
ELSEWHERE, MORE = 2, 6  # random directions at the second point, and more of them where they disagree


class Asked(NamedTuple):
    """The two answers of a function that was called twice at x, and what the calls did besides.

    references : how many more references to x each call left
    drew : the names of the random generators that one more call moved
    changed_x, same : whether the calls changed x, and whether both gave the same object"""

    answers: list
    references: tuple = ()
    drew: tuple = ()
    changed_x: bool = False
    same: bool = False


class Examination:
    """x, f and gradient, what they answered, and the comparisons here, at x, and there, at a random point.

    wrong : the comparison that speaks against the gradient, or None
    last : f at x after everything was measured
    """

    def __init__(self, f, gradient, x, h, seed):
        self.gradient, self.x, self.h, self.f = gradient, x, h, Function(f, x)
        self.rng = np.random.default_rng((seed, 1847))  # x itself may have been drawn from default_rng(seed)
        self.here = self.there = self.wrong = None
        self.others = ()

    def let_others_move(self, arrays):
        """Let the other arrays of a dict be random at the random point: a scale that is 1 hides that it is forgotten."""
        others = (array for array in arrays if array is not self.x and array.dtype.kind == "f" and array.flags.writeable)
        self.others = [(array, self.rng.standard_normal(array.shape)) for array in others]

    @contextlib.contextmanager
    def elsewhere(self):
        """Put the other arrays where they are random, until the block ends."""
        with contextlib.ExitStack() as stack:
            for array, values in self.others:
                stack.enter_context(restored(array))
                array[...] = values
            yield

    def where_it_is_wrong(self):
        return self.elsewhere() if self.wrong and self.wrong is self.there else contextlib.nullcontext()

    def ask(self):
        """Call f twice at x, then the gradient twice; and each once more if a random generator has moved meanwhile."""
        found = reachable(self.f.f, self.gradient)
        before = _generator_states(found)
        self.asked_f, self.asked_gradient = _ask_twice(self.f.f, self.x), Asked([self.gradient] * 2)
        asks_both = callable(self.gradient) and not self.asked_f.changed_x
        if asks_both:
            self.asked_gradient = _ask_twice(self.gradient, self.x)
        if not self.asked_f.changed_x and _generator_states(found) != before:
            self.asked_f = self.asked_f._replace(drew=_drawn_by(self.f.f, self.x, found))
            if asks_both:
                self.asked_gradient = self.asked_gradient._replace(drew=_drawn_by(self.gradient, self.x, found))
        self.f.evaluations += len(self.asked_f.answers) + bool(self.asked_f.drew)
        self.given = self.asked_gradient.answers[0]

    def compare(self):
        """Compare slopes and gradient at x and, if the gradient is a function, at a random point."""
        f, x, value, raw = self.f, self.f.kept, self.asked_f.answers[0], np.asarray(self.given)
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
        self.wrong = next((at for at in (self.here, self.there) if at and (at.gradient is None or at.wrong)), None)

    def _in_single_precision(self):
        """Return whether float64 is just the type of what f computed in float32."""
        values = np.concatenate([line.values for line in self.here.lines])
        if self.here.all_flat:
            values = np.append(values, self.f.or_nan(self.near(1e-3)))
        with np.errstate(over="ignore"):
            return self.here.double and bool(np.any(values != values[0]) and np.all(values == values.astype(np.float32)))

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
        """Compare at a random point of order one, unless f or the gradient makes no sense there."""
        with self.elsewhere():
            done = self._compare_elsewhere()
        if self.others and not done:  # with the others as they are
            self.others = ()
            self._compare_elsewhere()

    def _compare_elsewhere(self):
        """Compare at a random point, and return whether that made sense.

        f is called there before the gradient, which may read what the last forward pass kept."""
        f, x, anywhere = self.f, self.f.kept, self.rng.standard_normal(self.x.shape)
        if np.array_equal(anywhere > 0, x > 0):
            anywhere.flat[::2] *= -1  # so that not all units of a ReLU that are on at x are on again
        for point in (anywhere.astype(x.dtype), np.copysign(anywhere, x).astype(x.dtype)):  # f may be made for one sign
            value = f.or_nan(point)
            if not np.array_equal(self.x, point):
                self.asked_f = self.asked_f._replace(changed_x=True)
                return True
            answer = f.gradient_or_nan(self.gradient)
            if not np.array_equal(self.x, point):
                self.asked_gradient = self.asked_gradient._replace(changed_x=True)
                return True
            if self.asked_gradient.same and np.array_equal(answer, self.given):
                return True  # it gives a stored array
            if math.isfinite(value) and answer.shape == x.shape and np.all(np.isfinite(answer)):
                there = Comparison(f, point, value, answer, self.here.eps, self.h).measure(self._directions(ELSEWHERE))
                if there.wrong:
                    there.measure(self._directions(MORE))
                if there.finite:
                    # So far out, a loss may saturate: then what looks wrong is rounding.
                    saturated = there.noise > 100 * there.rounding or (there.relative_error < 1e-3 and not self.blind)
                    self.there = None if there.wrong and saturated else there
                    return True
        return False

    def errors(self):
        """Return what a report says of the comparisons: how far the gradient is off, and what an agreement proves."""
        here = self.here
        if here is None:
            return {}
        entries, directions = here.entries, [line for line in here.lines if not line.is_entry]
        numbers = {"entries": len(entries), "directions": len(directions)}
        if self.there:
            numbers["elsewhere"] = self.there.relative_error if self.there.wrong else 0.0
        if here.gradient is None or not here.finite:
            return numbers
        usual = max(1e-300, magnitude(here.slopes), magnitude(here.claims()))
        off = np.array([here.off(line) for line in entries])
        worst = entries[int(np.argmax(off >= (1 - 1e-6) * off.max()))]  # of equals the first, on every machine
        stretch = math.sqrt(here.gradient.size) / max(np.linalg.norm(here.gradient), 1e-300)  # direction to vector
        length = math.sqrt(np.mean([here.off(line) ** 2 for line in directions] or [0.0])) * stretch
        numbers |= {"worst": worst.where, "given": worst.of(here.gradient), "measured": worst.slope}
        numbers["relative_error"] = float(max(off.max() / usual, length))
        if usual > 1e-300:  # not all is 0
            numbers["bound"] = float(max(here.bar(line, here.gradient) for line in entries) / usual)
        if usual > 1e-300 and directions:
            blur = max(here.bar(line, here.gradient) for line in directions) * stretch
            missed = (1 + 1e-4 ** (1 / len(directions))) / 2
            numbers |= {"bound": max(numbers["bound"], blur), "detectable": blur / statistics.NormalDist().inv_cdf(missed)}
        return numbers

    def near(self, distance):
        """Return a point at a random distance of about `distance` (times the size of the entries of x) from x."""
        return (self.f.kept + distance * self.scale * self.rng.standard_normal(self.x.shape)).astype(self.x.dtype)

    @property
    def scale(self):
        return max(1.0, float(np.sqrt(np.mean(np.square(self.f.kept, dtype=float)))))

    @functools.cached_property
    def unread(self):
        """The entries along which f is flat to the last bit and the gradient is not 0."""
        a, here = self.here.gradient, self.here
        return [line for line in here.entries if a is not None and line.flat and abs(line.of(a)) > here.bar(line, 0 * a)]

    @property
    def blind(self):
        """Whether neither the measured slopes nor the gradient stand out from rounding noise."""
        noise = (self.here.noise if self.here.first else self.here.rounding) / self.here.lines[0].step
        return bool(max(magnitude(self.here.slopes), magnitude(self.here.claims())) <= noise)


def _ask_twice(function, x):
    """Call a function twice at x, or once if that changes x."""
    before, answers, copies, references = x.copy(), [], [], []
    for _ in range(2):
        held = sys.getrefcount(x)
        answers.append(answer := function(x))
        copies.append(answer.copy() if isinstance(answer, np.ndarray) else answer)
        held += 2 * (answer is x) + (getattr(answer, "base", None) is x)
        if sys.getrefcount(x) > held:
            gc.collect()  # what refers to itself, as the nodes of a graph do, is not kept
        references.append(sys.getrefcount(x) - held)
        if not np.array_equal(x, before):
            return Asked(copies, changed_x=True)
    return Asked(copies, tuple(references), same=answers[0] is answers[1])


def _drawn_by(function, x, found):
    """Return the names of the random generators that a call moves. The calls before it may have seeded them."""
    before = _generator_states(found)
    function(x)
    now = _generator_states(found)
    return tuple(sorted(name for name in before if now.get(name) != before[name]))


def _generator_states(found):
    """Return the states of NumPy's and Python's global random generators, and of those among `found`, by name."""
    states = {"np.random": np.random.get_state()}  # noqa: NPY002
    for name, thing in found:
        if isinstance(thing, np.random.Generator):
            states[name] = thing.bit_generator.state
        elif isinstance(thing, np.random.RandomState | random.Random):
            states[name] = (getattr(thing, "get_state", None) or thing.getstate)()
    return {name: pickle.dumps(state) for name, state in states.items()} | {"random": random.getstate()}
