"""The exercises of notebook 05: gradient descent."""

import numpy as np

from helpers.check.engine import Case
from helpers.check.engine import Exercise, Mistake
from helpers.descent import gradient_descent

__all__ = ["descend", "largest_rate", "nesterov"]


def _curvatures(rng):
    for count in (2, 3, 5, 20):
        yield Case(curvatures=rng.integers(1, 100, count) / 4)


def _still_holds(curvatures):
    """Find by halving the largest rate for which no coordinate grows: |1 - rate · curvature| is at most 1."""
    low, high = 0.0, 1e3
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.all(np.abs(1 - middle * curvatures) <= 1) else (low, middle)
    return low


largest_rate = Exercise(
    "largest_rate",
    _curvatures,
    _still_holds,
    [
        Mistake(
            "half of it",
            "With this rate the steepest direction is done in one step. How far beyond can you go?",
            lambda c: 1 / np.max(c),
        ),
        Mistake("the flattest direction", "The steepest direction flies off first.", lambda c: 2 / np.min(c)),
        Mistake("the sum", "Each direction has its own limit, and the smallest of them counts.", lambda c: 2 / np.sum(c)),
        Mistake("the mean", "One direction that grows is enough: the mean hides it.", lambda c: 2 / np.mean(c)),
        Mistake("the last one", "The curvatures come in no order: this took the last one.", lambda c: 2 / c[-1]),
        Mistake("the first one", "The curvatures come in no order: this took the first one.", lambda c: 2 / c[0]),
        Mistake("all directions", "Asked for is one rate, for all directions together.", lambda c: 2 / c),
        Mistake("upside down", "The steeper the valley, the smaller the rate must be.", lambda c: np.max(c) / 2),
    ],
)


def _valley(curvatures):
    return lambda w: curvatures * w


def _descents(rng):
    def case(curvatures, start, lr, steps):
        say = f"gradient(w) = {curvatures.tolist()} * w, start = {start.tolist()}, lr = {lr}, steps = {steps}"
        return Case(say, gradient=_valley(curvatures), start=start, lr=lr, steps=steps)

    yield case(np.array([1.0, 4.0]), rng.integers(1, 9, 2) / 2, 0.1, 2)
    yield case(np.array([1.0, 2.0, 3.0]), rng.integers(-9, 9, 3) / 2, 0.25, 4)
    yield case(np.array([1.0, 4.0]), rng.integers(1, 9, (2, 2)) / 2, 0.1, 3)
    yield case(np.array([2.0]), rng.integers(1, 9, 1) / 2, 0.3, 0)
    yield case(np.array([1.0, 2.0]), rng.integers(1, 9, 2), 0.25, 3)


def _powers(gradient, start, lr, steps):
    factor = 1 - lr * gradient(np.ones(start.shape))
    return np.array([start * factor**k for k in range(steps + 1)])


def _walk(own_start, own_places, kind=None, first=True, sign=-1.0, last=False):  # noqa: PLR0913, PLR0917
    def walk(gradient, start, lr, steps):
        w = start.copy() if own_start else start
        w = w.astype(kind) if kind and own_start else w
        path = [w.copy() if own_places else w] if first else []
        for _ in range(steps):
            w += sign * lr * gradient(w)
            path.append(w.copy() if own_places else w)
        return path[-1] if last else np.array(path)

    return walk


_ONE_PLACE = "start is safe, but every row of the path is the last place."
descend = Exercise(
    "descend",
    _descents,
    _powers,
    [
        Mistake(
            "two labels too many",
            "Every row is the last place, and the caller's start went along: = hangs on a label. A copy is missing twice.",
            _walk(False, False),
        ),
        Mistake(
            "the caller's start",
            "The path is right, but start has moved: whose array does `w -= ...` write into?",
            _walk(False, True),
        ),
        Mistake("one place, many times", _ONE_PLACE, _walk(True, False, float)),
        Mistake("one place, many times", _ONE_PLACE, _walk(True, False)),
        Mistake(
            "whole numbers",
            "A start of whole numbers has no room for a step: make an array of floats from it.",
            _walk(True, True),
        ),
        Mistake("no start", "The path begins at the start, before the first step.", _walk(True, True, float, first=False)),
        Mistake("uphill", "The gradient points uphill: go the other way.", _walk(True, True, float, sign=1.0)),
        Mistake("only the end", "Asked for is the whole path, a row for each place.", _walk(True, True, float, last=True)),
    ],
    forbidden=[gradient_descent],
)


def _rolling(rng):
    def case(curvatures, start, lr, steps, momentum):
        say = (
            f"gradient(w) = {curvatures.tolist()} * w, start = {start.tolist()}, lr = {lr}, steps = {steps}, m = {momentum}"
        )
        return Case(say, gradient=_valley(curvatures), start=start, lr=lr, steps=steps, momentum=momentum)

    yield case(np.array([1.0, 4.0]), rng.integers(1, 9, 2) / 2, 0.1, 2, 0.5)
    yield case(np.array([1.0, 2.0, 10.0]), rng.integers(-9, 9, 3) / 2, 0.05, 6, 0.9)
    yield case(np.array([1.0, 4.0]), rng.integers(1, 9, 2) / 2, 0.2, 5, 0.0)


def _matrix_powers(gradient, start, lr, steps, momentum):
    """Each coordinate's place and velocity are multiplied by one matrix a step."""
    path = np.empty((steps + 1, *start.shape))
    for i, c in enumerate(gradient(np.ones(start.shape))):
        keep = 1 - lr * c
        step = np.array([[keep, momentum * keep], [-lr * c, momentum * keep]])
        for k in range(steps + 1):
            path[k, i] = (np.linalg.matrix_power(step, k) @ [start[i], 0.0])[0]
    return path


def _roll(look, friction=lambda momentum: momentum, sign=-1.0, again=0.0, aliased=False):
    def roll(gradient, start, lr, steps, momentum):
        w, v = start.copy(), np.zeros(start.shape)
        path = [w if aliased else w.copy()]
        for _ in range(steps):
            v = friction(momentum) * v + sign * lr * gradient(look(w, v, momentum))
            w += v + again * momentum * v
            path.append(w if aliased else w.copy())
        return np.array(path)

    return roll


def _ahead(w, v, momentum):
    return w + momentum * v


nesterov = Exercise(
    "nesterov",
    _rolling,
    _matrix_powers,
    [
        Mistake(
            "not ahead",
            "This is the momentum of the page: the slopes are measured where the ball is, not where it is going.",
            _roll(lambda w, v, m: w),
        ),
        Mistake(
            "a whole step ahead",
            "Only the share m of the last step is kept, so look that far ahead.",
            _roll(lambda w, v, m: w + v),
        ),
        Mistake("behind", "Look where the ball is going, not where it came from.", _roll(lambda w, v, m: w - m * v)),
        Mistake("uphill", "The gradient points uphill.", _roll(_ahead, sign=1.0)),
        Mistake("no friction", "The old step is kept whole: multiply it by m.", _roll(_ahead, lambda m: 1.0)),
        Mistake(
            "moved twice", "The look ahead is only a look: the ball moves once, by the new v.", _roll(_ahead, again=1.0)
        ),
        Mistake(
            "one place, many times", "Every row of the path is the last place: append copies.", _roll(_ahead, aliased=True)
        ),
        Mistake(
            "m applied twice",
            "Inside the slopes v was multiplied by m already, and then once more.",
            _roll(lambda w, v, m: w + m * m * v),
        ),
        Mistake("no start", "The path begins at the start, before the first step.", lambda *args: _roll(_ahead)(*args)[1:]),
        Mistake(
            "no memory",
            "v is 0 in every step: it must live on from one to the next.",
            _roll(lambda w, v, m: w, lambda m: 0.0),
        ),
    ],
    forbidden=[gradient_descent],
)
